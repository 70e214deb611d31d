/**
 * A repository whose objects are here and whose registers are in a table elsewhere. Whatever a row says is copied into
 * the repository before anyone here acts on it, in two steps:
 *
 *     1. under a name of its own, that holds key and hash; then the other copies of this key are looked for, and the
 *        row is read again
 *     2. under its final name; then the row is read once more
 *
 * In one step, a table that goes back in time lets a row be decided twice, and a late copy of the first value overwrites
 * the acknowledged second, where the storage cannot refuse it. Each read names the generation that was open when this
 * began; a newer one, a row that is missing though its copy exists, or that is not what it was, ends the run.
 */
import { isBcatError, StorageError } from "@bcat/errors";
import { type GetOptions, type PutOptions, type RegisterTable, registersChanged, type Storage } from "@bcat/storage";
import {
  announce,
  copyName,
  findUnannounced,
  isAnnounced,
  isNumbered,
  listWithRegisters,
  ownCopyName,
  passOn,
} from "./copies.js";

export interface RegistersElsewhereParts {
  readonly objects: Storage;
  /** Its lifetime is the caller's. */
  readonly table: RegisterTable;
  /** Of the registers. */
  readonly id: Uint8Array;
  readonly hash: (bytes: Uint8Array) => Uint8Array;
}

/** Times a copy that is not what it should be is read before that is believed. */
const LOOKS_MAX = 5;

/**
 * @throws {BcatError} identity-changed when the table is lost, closed, another, or behind what was announced here;
 *   refused where the storage cannot list
 */
export async function openRegistersElsewhere(
  parts: RegistersElsewhereParts,
): Promise<Storage & { readonly generation: number }> {
  const { objects, table, id } = parts;
  const state = await table.state();
  if (state === undefined) throw changed(parts, "they are not there: lost, or in another place");
  if (!state.isOpen) throw changed(parts, "they are closed by a bcat repair registers, which runs or did not finish");
  const { generation } = state;
  const [isNewer, missing] = await Promise.all([
    isAnnounced(objects, generation + 1, id),
    findUnannounced(objects, generation, id),
  ]);
  if (isNewer) throw changed(parts, isBehind(generation));
  const registers = new RegistersElsewhere(parts, generation);
  if (missing.length > 0) {
    // A repair that died may have opened it without saying so, or half said so; all copies were here before.
    await requireCopies(parts, { before: missing.at(-1)! - 1, generation });
    // It may have gone back meanwhile, and what is announced lasts.
    await registers.requireOpen();
    await announce(objects, missing, id);
  }
  await registers.requireOpen();
  return {
    generation,
    ...passOn(objects),
    get: (name, options) => (isNumbered(name) ? registers.get(name, options) : objects.get(name, options)),
    putIfAbsent: (name, bytes, options) =>
      isNumbered(name) ? registers.decide(name, bytes, options) : objects.putIfAbsent(name, bytes, options),
    ...(objects.list && { list: (prefix: string) => listWithRegisters(objects, generation, prefix) }),
  };
}

/** A repair from a copy of the repository leaves none of its copies here: announced, they would be all that is seen here. */
async function requireCopies(
  parts: RegistersElsewhereParts,
  { before, generation }: { readonly before: number; readonly generation: number },
): Promise<void> {
  const { objects } = parts;
  const first = FIRST_REGISTER;
  if (before === 0 || (await objects.get(copyName(before, first))) === undefined) return;
  if ((await objects.get(copyName(generation, first))) !== undefined) return;
  throw changed(
    parts,
    `generation ${generation} was made from another copy of the repository than ${objects.location}`,
  );
}

const FIRST_REGISTER = "sessions/0000000001";

class RegistersElsewhere {
  readonly #parts: RegistersElsewhereParts;
  readonly #generation: number;
  /** Rows known to be copied, and what they say: a hash in hexadecimal by name, about 150 bytes for each row read. */
  readonly #copied = new Map<string, string>();

  constructor(parts: RegistersElsewhereParts, generation: number) {
    this.#parts = parts;
    this.#generation = generation;
  }

  /** @throws {BcatError} identity-changed when another generation is open now, or none */
  async requireOpen(): Promise<void> {
    await this.#row(FIRST_REGISTER);
  }

  async get(name: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    const value = await this.#decided(name, options);
    if (value === undefined || options?.range === undefined) return value;
    const { offset, length } = options.range;
    return value.slice(offset, offset + length);
  }

  async decide(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    const { table, objects } = this.#parts;
    let refusal: unknown;
    try {
      await table.insert(this.#generation, name, bytes, options);
    } catch (error) {
      if (!isBcatError(error, "exists")) throw error;
      refusal = error;
    }
    const value = await this.#decided(name, options);
    if (value === undefined) throw this.#changed(`"${name}" was decided and is missing`);
    if (refusal !== undefined) throw refusal;
    if (Buffer.compare(value, bytes) === 0) return;
    throw this.#changed(`"${name}" was decided, and is now another in ${objects.location}`);
  }

  /** What a register was decided to be, once that is copied. */
  async #decided(name: string, options?: PutOptions): Promise<Uint8Array | undefined> {
    const value = (await this.#row(name, options)) ?? (await this.#rowOfCopy(name, options));
    if (value === undefined) return undefined;
    const hash = Buffer.from(this.#parts.hash(value)).toString("hex");
    const known = this.#copied.get(name);
    if (known === hash) return value;
    if (known !== undefined) throw this.#changed(`"${name}" is not what it was a moment ago`);
    await this.#copy(name, value, options);
    this.#copied.set(name, hash);
    return value;
  }

  /** A row that was missing: if there is a copy of it, it was decided meanwhile, or is lost. */
  async #rowOfCopy(name: string, options?: PutOptions): Promise<Uint8Array | undefined> {
    if ((await this.#copyOf(name, options)) === undefined) return undefined;
    const value = await this.#row(name, options);
    if (value !== undefined) return value;
    throw this.#changed(`"${name}" is missing, though the repository has a copy of it`);
  }

  async #copy(name: string, value: Uint8Array, options?: PutOptions): Promise<void> {
    const { objects, id } = this.#parts;
    if ((await this.#copyOf(name, options)) === undefined) {
      await this.#announceCopy(name, value, options);
      await this.#requireRow(name, value, options);
      await this.#put(copyName(this.#generation, name), value, options);
    }
    let copy = await this.#copyOf(name, options);
    // Others put the same bytes: a server that replaces nothing in one step shows a part of them meanwhile.
    for (let look = 1; look < LOOKS_MAX && copy !== undefined && Buffer.compare(copy, value) !== 0; look++)
      copy = await this.#copyOf(name, options);
    if (copy === undefined) throw new StorageError(`Cannot copy "${name}" to ${objects.location}: it is not there`);
    if (Buffer.compare(copy, value) !== 0) throw this.#changed(`"${name}" is not what its copy in the repository says`);
    const row = this.#requireRow(name, value, options);
    const [isNewer] = await Promise.all([isAnnounced(objects, this.#generation + 1, id), row]);
    if (isNewer) throw this.#changed(isBehind(this.#generation));
  }

  /** The first step: nobody else is about to copy another value. */
  async #announceCopy(name: string, value: Uint8Array, options?: PutOptions): Promise<void> {
    const { objects, hash } = this.#parts;
    const own = ownCopyName(this.#generation, name, hash(value));
    await this.#put(own, value, options);
    const found: string[] = [];
    for await (const other of objects.list?.(`${copyName(this.#generation, name)}-`) ?? []) found.push(other.name);
    if (found.some((other) => other !== own)) throw this.#changed(`"${name}" was decided twice`);
    if (found.length > 0) return;
    const why = objects.list === undefined ? "cannot list objects" : `does not list "${own}", which was just put`;
    throw new StorageError(`Cannot copy "${name}": ${objects.location} ${why}`, {
      isFinal: objects.list === undefined,
    });
  }

  async #put(copy: string, value: Uint8Array, options?: PutOptions): Promise<void> {
    try {
      await this.#parts.objects.put(copy, value, options);
    } catch (error) {
      if (isBcatError(error, "exists")) throw this.#changed(`"${copy}" in the repository has another value`);
      throw error;
    }
  }

  async #requireRow(name: string, value: Uint8Array, options?: PutOptions): Promise<void> {
    const row = await this.#row(name, options);
    if (row !== undefined && Buffer.compare(row, value) === 0) return;
    throw this.#changed(`"${name}" ${row === undefined ? "is missing" : "is another"} after it was read`);
  }

  async #row(name: string, options?: PutOptions): Promise<Uint8Array | undefined> {
    const { signal } = options ?? {};
    return await this.#parts.table.get(this.#generation, name, signal && { signal });
  }

  async #copyOf(name: string, options?: PutOptions): Promise<Uint8Array | undefined> {
    const { signal } = options ?? {};
    return await this.#parts.objects.get(copyName(this.#generation, name), signal && { signal });
  }

  #changed(found: string) {
    return changed(this.#parts, found);
  }
}

function isBehind(generation: number): string {
  return `generation ${generation} is open, and the repository has announced a newer one: they have gone back in time`;
}

function changed({ table }: RegistersElsewhereParts, found: string) {
  return registersChanged(table.location, found);
}
