/**
 * A table of registers in a storage with true put-if-absent: another folder or bucket than that of the repository. It can
 * hold the registers of any number of repositories. Nothing there is ever overwritten:
 *
 *     <id>/<generation>/claimed     this generation was taken, by the first of all or by a repair; they are dense
 *     <id>/<generation>/open        its rows can be used, unless it is
 *     <id>/<generation>/closed      for good, by a repair
 *     <id>/<generation>/<name>      a row: <name> is such as sessions/0000000012; the generation has ten digits
 *
 * A row is read first, then that its generation is not closed: what is true then was true of both at one moment, since
 * neither ever ends.
 */
import { BcatError, isBcatError, StorageError } from "@bcat/errors";
import { equalBytes } from "../equal-bytes.js";
import type { PutOptions, Storage } from "../storage.js";
import {
  type RegisterRow,
  type RegisterTable,
  registersIdSize,
  repairOvertaken,
  requireOpen,
  type TableState,
} from "./register-table.js";

/** Rows of a repair that are put at once. */
const putsAtOnce = 16;

/** The table of the registers `id` in `storage`, which is not closed with it. @throws {RangeError} */
export function openStorageTable(storage: Storage, id: Uint8Array): RegisterTable {
  if (id.length !== registersIdSize) throw new RangeError(`Cannot open registers of an id of ${id.length} bytes`);
  return new StorageTable(storage, Buffer.from(id).toString("hex"));
}

class StorageTable implements RegisterTable {
  readonly kind = "storage";
  readonly #storage: Storage;
  readonly #id: string;

  constructor(storage: Storage, id: string) {
    this.#storage = storage;
    this.#id = id;
  }

  get location(): string {
    return this.#storage.location;
  }

  async state(): Promise<TableState | undefined> {
    const generation = await this.#highest();
    if (generation === 0) return undefined;
    const isOpen = (await this.#has(generation, "open")) && !(await this.#has(generation, "closed"));
    return { generation, isOpen };
  }

  async create(): Promise<void> {
    const mark = Buffer.from("first");
    await this.#putUnlessThere(this.#name(1, "claimed"), mark);
    if (await this.#putUnlessThere(this.#name(1, "claimed"), mark)) {
      const found = "it takes the same name twice and cannot decide between writers";
      throw new BcatError("refused", `Cannot keep registers in ${this.location}: ${found}; name another place`);
    }
    await this.#putUnlessThere(this.#name(1, "open"), mark);
    requireOpen(await this.state(), 1, this.location);
  }

  async get(generation: number, name: string, options?: PutOptions): Promise<Uint8Array | undefined> {
    const value = await this.#storage.get(this.#name(generation, name), options);
    await this.#requireOpen(generation, options);
    return value;
  }

  async insert(generation: number, name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    await this.#storage.putIfAbsent(this.#name(generation, name), bytes, options);
    await this.#requireOpen(generation, options);
  }

  async close(token: string): Promise<number> {
    const highest = await this.#highest();
    for (let generation = 1; generation <= highest; generation++)
      await this.#putUnlessThere(this.#name(generation, "closed"), Buffer.from(token));
    // Claimed meanwhile: it is open for nobody who has read it before it is closed, too.
    return (await this.#highest()) === highest ? highest : await this.close(token);
  }

  async claim(token: string, generation: number, closed: number): Promise<void> {
    const mark = Buffer.from(token);
    for (let below = closed + 1; below < generation; below++) {
      await this.#claimOne(token, below);
      await this.#putUnlessThere(this.#name(below, "closed"), mark);
    }
    await this.#claimOne(token, generation);
    await this.#requireClaimed(token, generation);
  }

  /** @throws {BcatError} identity-changed when another repair has it */
  async #claimOne(token: string, generation: number): Promise<void> {
    if (await this.#putUnlessThere(this.#name(generation, "claimed"), Buffer.from(token))) return;
    if (!(await this.#isClaimedBy(token, generation))) throw repairOvertaken(this.location);
  }

  async fill(token: string, generation: number, rows: readonly RegisterRow[]): Promise<void> {
    await this.#requireClaimed(token, generation);
    for (let at = 0; at < rows.length; at += putsAtOnce) {
      const some = rows.slice(at, at + putsAtOnce);
      await Promise.all(some.map(({ name, bytes }) => this.#putUnlessThere(this.#name(generation, name), bytes)));
    }
  }

  async open(token: string, generation: number): Promise<void> {
    await this.#requireClaimed(token, generation);
    await this.#putUnlessThere(this.#name(generation, "open"), Buffer.from(token));
    await this.#requireClaimed(token, generation);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #isClaimedBy(token: string, generation: number): Promise<boolean> {
    const claimed = await this.#storage.get(this.#name(generation, "claimed"));
    return claimed !== undefined && equalBytes(claimed, Buffer.from(token));
  }

  async #requireClaimed(token: string, generation: number): Promise<void> {
    const isOurs = await this.#isClaimedBy(token, generation);
    if (!isOurs || (await this.#has(generation, "closed"))) throw repairOvertaken(this.location);
  }

  async #requireOpen(generation: number, options?: PutOptions): Promise<void> {
    const has = (mark: string) => this.#has(generation, mark, options);
    const [isClosed, isOpen] = await Promise.all([has("closed"), has("open")]);
    if (isOpen && !isClosed) return;
    requireOpen(await this.state(), generation, this.location);
    throw new StorageError(`Cannot read the registers in ${this.location}: "open" of generation ${generation} is gone`);
  }

  /** The highest generation that was claimed, 0 for none. */
  async #highest(): Promise<number> {
    let generation = 0;
    while (await this.#has(generation + 1, "claimed")) generation++;
    return generation;
  }

  async #has(generation: number, name: string, options?: PutOptions): Promise<boolean> {
    return (await this.#storage.get(this.#name(generation, name), options)) !== undefined;
  }

  /** False when the name is taken. */
  async #putUnlessThere(name: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#storage.putIfAbsent(name, bytes);
      return true;
    } catch (error) {
      if (!isBcatError(error, "exists")) throw error;
      return false;
    }
  }

  #name(generation: number, name: string): string {
    return `${this.#id}/${String(generation).padStart(10, "0")}/${name}`;
  }
}
