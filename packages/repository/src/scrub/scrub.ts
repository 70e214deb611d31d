/**
 * Reads every object of a repository and looks at what can be seen without keys: that packs have the hash they end with,
 * that parity is whole and what it mends, that the others are what their names say, and that no number is missing. Needs no secret, so that the machine which
 * holds a repository can do it. What it cannot see, `check` does: whether an object is the one that belongs there.
 */
import { type Blake3, decodeHeader, KEY_SLOT_LENGTH, ObjectType } from "@bcat/crypto";
import { ArchivedError, BcatError, CorruptError, isBcatError } from "@bcat/errors";
import { decodeParity, decodeTrailer, hasRightHash, packOfParity, parseObjectName, TRAILER_SIZE } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { CheckRun } from "../check/check-run.js";
import { remedyWithoutKeys } from "../check/remedy.js";
import { StrayObjects } from "../check/stray-objects.js";
import { describeMend } from "../parity/mended-pack.js";
import type { ParitySource } from "../parity/parity-objects.js";
import { NumberRanges } from "./number-ranges.js";

export interface ScrubOptions
  extends Pick<ConstructorParameters<typeof CheckRun>[0], "signal" | "onProgress" | "onFinding"> {
  readonly blake3: Blake3;
}

export interface ScrubSummary {
  readonly damage: number;
  readonly notes: number;
  readonly objects: number;
  readonly packs: number;
  /** Objects that are there, and archived: they were not read. */
  readonly archived: number;
  readonly bytesRead: number;
}

/** Longest objects of each kind (docs/format.md sections 3, 4, 10, 11), and what their header says they are. */
const kinds: readonly { readonly name: RegExp; readonly type: ObjectType; readonly sizeMax: number }[] = [
  { name: /^config$/, type: ObjectType.CONFIG, sizeMax: 64 * 1024 },
  { name: /^sessions\/\d{10}$/, type: ObjectType.SESSION, sizeMax: 64 * 1024 },
  { name: /^outcomes\/\d{10}$/, type: ObjectType.OUTCOME, sizeMax: 16 * 2 ** 20 },
  { name: /^log\/\d{10}$/, type: ObjectType.LOG, sizeMax: 16 * 2 ** 20 },
  { name: /^partial\/\d{10}-\d{10}$/, type: ObjectType.PARTIAL, sizeMax: 16 * 2 ** 20 },
  { name: /^index\/\d{10}-[0-9a-f]{32}$/, type: ObjectType.SEGMENT, sizeMax: 96 * 2 ** 20 },
];
const SEGMENT_END = Buffer.from("BCATSEGMENT1");
const SLOT_START = Buffer.from("BCKS");
/** What lies beside the objects and is of others' making: copies of registers, a reserve. */
const BESIDE = /^(?:registers\/|reserve$)/;
const HEADER_SIZE = 48;
/** What prunes remove. */
const REMOVABLE = /^(?:packs|index|partial|parity)\//;

/** @throws BcatError refused for a place that cannot list, interrupted; StorageError */
export async function scrub(storage: Storage, options: ScrubOptions): Promise<ScrubSummary> {
  if (storage.list === undefined)
    throw new BcatError("refused", `Cannot scrub "${storage.location}": the place cannot list what is there`);
  const { blake3, ...told } = options;
  const run = new CheckRun(told);
  const scrubbing = new Scrubbing(storage, blake3, run);
  for await (const { name, size } of storage.list("")) await scrubbing.object(name, size);
  scrubbing.reportHoles();
  scrubbing.tellRest();
  const { damage, notes, packs, archivedPacks, bytesRead } = run;
  return { damage, notes, objects: scrubbing.objects, packs, archived: archivedPacks, bytesRead };
}

class Scrubbing {
  objects = 0;
  readonly #storage: Storage;
  readonly #blake3: Blake3;
  readonly #run: CheckRun;
  readonly #strays: StrayObjects;
  readonly #numbers = { sessions: new NumberRanges(), log: new NumberRanges() };
  #hasConfig = false;
  #removed = 0;

  constructor(storage: Storage, blake3: Blake3, run: CheckRun) {
    this.#storage = storage;
    this.#blake3 = blake3;
    this.#run = run;
    this.#strays = new StrayObjects(run);
  }

  async object(name: string, size: number): Promise<void> {
    if (BESIDE.test(name)) return;
    const look = this.#lookerOf(name);
    if (look === undefined) {
      this.#strays.take(name);
      return;
    }
    this.objects++;
    this.#note(name);
    const isThere = await this.#guard(name, async () => this.#look(name, size, look));
    if (isThere) await this.#notePackOf(name);
    await this.#run.step("objects", this.objects, undefined);
  }

  /** Reports damage, of packs with what their parity makes of it. False for what is not there any more. */
  async #guard(name: string, look: () => Promise<void>): Promise<boolean> {
    try {
      await look();
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      if (error instanceof RemovedObject) {
        this.#removed++;
        return false;
      }
      const mend = name.startsWith("packs/") ? await describeMend(this.#source, name) : "";
      this.#run.reportDamage(name, error.message + mend, { remedy: remedyWithoutKeys(name) });
    }
    return true;
  }

  /** Says of a parity object when there is no such pack. */
  async #notePackOf(name: string): Promise<void> {
    const pack = packOfParity(name);
    if (pack === undefined) return;
    if (await this.#isThere(pack)) return;
    const mend = await describeMend(this.#source, pack);
    this.#run.reportNote(name, `"${name}" is of a pack that is not there, removed by a prune or lost${mend}`, "orphan");
  }

  async #isThere(name: string): Promise<boolean> {
    try {
      return (await this.#storage.get(name, { range: { offset: 0, length: 1 } })) !== undefined;
    } catch (error) {
      if (error instanceof ArchivedError) return true;
      throw error;
    }
  }

  get #source(): ParitySource {
    return { storage: this.#storage, blake3: this.#blake3 };
  }

  /** Numbers that are missing below others. */
  reportHoles(): void {
    for (const sequence of ["sessions", "log"] as const) {
      const missing = this.#numbers[sequence].firstMissing();
      if (missing === undefined) continue;
      const name = `${sequence}/${missing.toString().padStart(10, "0")}`;
      this.#run.reportDamage(name, `"${name}" is missing although later ones exist`, { code: "missing" });
    }
    if (!this.#hasConfig && this.objects > 0)
      this.#run.reportDamage("config", `"config" is missing: without it nothing can be read`, { code: "missing" });
  }

  /** What belongs to nobody, and what was listed and is gone: whether it was still needed, only a check can tell. */
  tellRest(): void {
    this.#strays.tellRest();
    if (this.#removed === 0) return;
    const [objects, were] = this.#removed === 1 ? ["object", "was"] : ["objects", "were"];
    this.#run.reportDetail(`${this.#removed} ${objects} ${were} removed meanwhile, as a prune does`, "condemned-gone");
  }

  #lookerOf(name: string): ((bytes: Uint8Array) => void) | undefined {
    if (name.startsWith("packs/"))
      return parseObjectName(name) === undefined ? undefined : (bytes) => this.#pack(name, bytes);
    if (packOfParity(name) !== undefined) return (bytes) => this.#parity(name, bytes);
    if (/^keys\/\d{1,2}$/.test(name)) return (bytes) => requireSlot(name, bytes);
    const kind = kinds.find((candidate) => candidate.name.test(name));
    return kind && ((bytes) => requireSealed(name, bytes, kind));
  }

  #note(name: string): void {
    if (name === "config") this.#hasConfig = true;
    const [, sequence, number] = /^(sessions|log)\/(\d{10})$/.exec(name) ?? [];
    if (sequence === "sessions" || sequence === "log") this.#numbers[sequence].add(Number(number));
  }

  /** What is wrong is read again: it may have been the line, or the memory of a machine on the way. */
  async #look(name: string, size: number, look: (bytes: Uint8Array) => void): Promise<void> {
    try {
      if (await this.#isRight(name, size, look)) return;
    } catch (error) {
      if (!(error instanceof ArchivedError)) throw error;
      this.#run.archivedPacks++;
      return;
    }
    look(await this.#read(name, size));
    this.#run.noteWrongOnce(name);
  }

  async #isRight(name: string, size: number, look: (bytes: Uint8Array) => void): Promise<boolean> {
    try {
      look(await this.#read(name, size));
      return true;
    } catch (error) {
      if (isBcatError(error, "corrupt")) return false;
      throw error;
    }
  }

  async #read(name: string, size: number): Promise<Uint8Array> {
    const bytes = await this.#storage.get(name);
    this.#run.bytesRead += bytes?.length ?? 0;
    if (bytes === undefined && REMOVABLE.test(name)) throw new RemovedObject(name);
    if (bytes === undefined) throw damaged(name, "it was listed and is missing");
    if (bytes.length !== size) throw damaged(name, `it has ${bytes.length} bytes, the listing says ${size}`);
    return bytes;
  }

  #pack(name: string, bytes: Uint8Array): void {
    if (bytes.length < TRAILER_SIZE) throw damaged(name, `it has only ${bytes.length} bytes`);
    // Before the header: a flipped bit there must not pass for a newer format.
    if (!hasRightHash({ blake3: this.#blake3 }, bytes)) throw damaged(name, "its hash is not that of its bytes");
    unlessNewer(() => decodeTrailer(bytes.subarray(-TRAILER_SIZE), { name, size: bytes.length }));
    this.#run.packs++;
  }

  #parity(name: string, bytes: Uint8Array): void {
    unlessNewer(() => {
      if (!decodeParity(this.#blake3, name, bytes).isWhole) throw damaged(name, "a part of it is damaged");
    });
  }
}

function requireSlot(name: string, bytes: Uint8Array): void {
  if (Buffer.compare(bytes.subarray(0, 4), SLOT_START) !== 0) throw damaged(name, "it is no key slot");
  if (bytes[4] === 1 && bytes.length !== KEY_SLOT_LENGTH)
    throw damaged(name, `it has ${bytes.length} bytes, not ${KEY_SLOT_LENGTH}`);
}

function requireSealed(name: string, bytes: Uint8Array, { type, sizeMax }: (typeof kinds)[number]): void {
  if (bytes.length < HEADER_SIZE) throw damaged(name, `it has only ${bytes.length} bytes`);
  if (bytes.length > sizeMax) throw damaged(name, `it has ${bytes.length} bytes, allowed are ${sizeMax}`);
  unlessNewer(() => decodeHeader(bytes.subarray(0, 16), { type, name }));
  if (type === ObjectType.SEGMENT && Buffer.compare(bytes.subarray(-SEGMENT_END.length), SEGMENT_END) !== 0)
    throw damaged(name, "it does not end as a segment does");
}

/** Without keys nobody can tell what a newer version has written. */
function unlessNewer(look: () => unknown): void {
  try {
    look();
  } catch (error) {
    if (!isBcatError(error, "newer-format")) throw error;
  }
}

function damaged(name: string, found: string): CorruptError {
  return new CorruptError(`Cannot read "${name}": ${found}`, { object: name });
}

class RemovedObject extends CorruptError {
  constructor(name: string) {
    super(`Cannot read "${name}": it was removed meanwhile`, { object: name });
  }
}
