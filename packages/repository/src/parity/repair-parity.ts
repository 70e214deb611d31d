/**
 * Gives parity to packs that have none, and makes damaged parity anew.
 *
 *     packs of the index ──no parity, or damaged──► read, and right? ──► parity/
 *
 * A parity object says nothing that the pack does not: where it is damaged and the pack is right, it is deleted and put
 * again. That is the one thing that a repair deletes. It needs no session: whoever else does the same puts the same bytes.
 */
import { BcatError, isBcatError } from "@bcat/errors";
import { type BlobKind, DATA, hasRightHash, isParitySize, parityName, TREE } from "@bcat/pack";
import { requireParityOf } from "../check/check-parity.js";
import { CheckRun } from "../check/check-run.js";
import { readAndOpen } from "../read-again.js";
import type { BadObject } from "../repair/bad-object.js";
import type { RepairOptions } from "../repair/repair-index.js";
import { partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { listParity, parityPercentOf, putParity } from "./parity-objects.js";

/** Of the hash that a pack ends with. */
const HASH_SIZE = 32;

export interface ParityRepairOptions extends RepairOptions {
  /** Parity that is there is read, too, not only what has no size of parity. */
  readonly readData?: boolean;
  /** Names of parity: only these are looked at, and all of them read. */
  readonly names?: ReadonlySet<string> | undefined;
}

export interface ParityRepair {
  /** Packs that have had parity, as far as that was looked at whole. */
  readonly good: number;
  readonly added: number;
  /** Damaged ones that were made anew. */
  readonly replaced: number;
  /** Of the parity that was written, or would be: bytes. */
  readonly bytes: number;
  /** Packs that are missing or damaged, and parity that cannot be replaced. */
  readonly bad: readonly BadObject[];
}

/**
 * Memory: the names of all packs, one pack and its parity.
 *
 * @throws BcatError usage when nobody has said how much parity there is to be, refused where the place cannot list,
 *   not-found for names that no segment has packs of, interrupted; CorruptError; StorageError
 */
export async function repairParity(given: Repository, options: ParityRepairOptions): Promise<ParityRepair> {
  const repository = given.withSignal(options.signal);
  const parts = partsOf(repository);
  const { location } = parts.storage;
  const percent = parityPercentOf(parts);
  if (percent === 0)
    throw new BcatError("usage", `Cannot add parity in "${location}": say how much, such as --parity 5%`);
  if (parts.storage.list === undefined)
    throw new BcatError("refused", `Cannot add parity in "${location}": the place cannot list what is there`);
  await repository.refresh();
  await repository.index();
  const run = new CheckRun(options);
  const repairing = new ParityRepairing(repository, { ...options, percent }, run);
  const packs = packsOf(parts, options.names);
  const present = await listParity(parts);
  for (const [name, pack] of packs) {
    await repairing.pack({ name, ...pack }, present.get(name));
    await run.step("packs", ++run.packs, packs.size);
  }
  return repairing;
}

interface IndexedPack {
  readonly kind: BlobKind;
  /** Bytes. */
  readonly size: number;
}

/** Packs by name, those that are condemned left out. @throws BcatError not-found */
function packsOf({ index }: RepositoryParts, names: ReadonlySet<string> | undefined): Map<string, IndexedPack> {
  const packs = new Map<string, IndexedPack>();
  for (const kind of [DATA, TREE] as const) {
    for (const segment of index.chunks.segments(kind)) {
      for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) {
        const { name, size } = segment.packRecord(ordinal);
        const isWanted = names === undefined || names.has(parityName(name));
        if (isWanted && !index.chunks.isCondemned(name)) packs.set(name, { kind, size });
      }
    }
  }
  const known = new Set([...packs.keys()].map(parityName));
  for (const name of names ?? []) {
    if (!known.has(name))
      throw new BcatError("not-found", `Cannot repair "${name}": no index segment names the pack of such a parity`);
  }
  return packs;
}

class ParityRepairing implements ParityRepair {
  good = 0;
  added = 0;
  replaced = 0;
  bytes = 0;
  readonly bad: BadObject[] = [];
  readonly #repository: Repository;
  readonly #parts: RepositoryParts;
  readonly #options: ParityRepairOptions & { readonly percent: number };
  readonly #run: CheckRun;

  constructor(repository: Repository, options: ParityRepairOptions & { readonly percent: number }, run: CheckRun) {
    this.#repository = repository;
    this.#parts = partsOf(repository);
    this.#options = options;
    this.#run = run;
  }

  /** @param paritySize bytes of its parity as it is listed; undefined where there is none */
  async pack(pack: IndexedPack & { readonly name: string }, paritySize: number | undefined): Promise<void> {
    const { readData = false, names } = this.#options;
    const hasParity = paritySize !== undefined;
    const isRead = readData || names !== undefined || (hasParity && !isParitySize(pack.size, paritySize));
    if (hasParity && (!isRead || (await this.#isWhole(pack)))) {
      this.good++;
      return;
    }
    const bytes = await this.#readPack(pack.name);
    if (bytes !== undefined) await this.#write({ ...pack, bytes, hasParity });
  }

  async #isWhole({ name, size }: { readonly name: string; readonly size: number }): Promise<boolean> {
    const { storage, context } = this.#parts;
    const end = await storage.get(name, { range: { offset: size - HASH_SIZE, length: HASH_SIZE } });
    if (end?.length !== HASH_SIZE) return false;
    const open = (bytes: Uint8Array) => {
      requireParityOf(context, { name, bytes: end }, bytes);
      return true;
    };
    try {
      return (await readAndOpen(() => storage.get(parityName(name)), open)) === true;
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return false;
    }
  }

  /** Undefined, and noted, when it is not as it was written: parity of that would keep the damage. */
  async #readPack(name: string): Promise<Uint8Array | undefined> {
    const { storage, context } = this.#parts;
    const bytes = await storage.get(name);
    this.#run.bytesRead += bytes?.length ?? 0;
    if (bytes !== undefined && hasRightHash(context, bytes)) return bytes;
    if (bytes === undefined && (await this.#isCondemned(name))) return undefined;
    const found = bytes === undefined ? "it is missing" : "its hash is not that of its bytes";
    this.bad.push({ name, message: `Cannot read pack "${name}": ${found}; to heal it: bcat repair packs ${name}` });
    return undefined;
  }

  /** By the log as it is now: a prune may have removed it. */
  async #isCondemned(name: string): Promise<boolean> {
    await this.#repository.refresh();
    return (await this.#repository.index()).isCondemned(name);
  }

  async #write(pack: {
    readonly name: string;
    readonly kind: BlobKind;
    readonly bytes: Uint8Array;
    readonly hasParity: boolean;
  }): Promise<void> {
    const { name, kind, bytes, hasParity } = pack;
    const { storage, context } = this.#parts;
    const { percent, dryRun = false } = this.#options;
    const parity = parityName(name);
    const put = dryRun ? { put: async () => {} } : storage;
    try {
      if (hasParity && !dryRun) await storage.delete?.(parity);
      const size = await putParity({ storage: put, ...context }, { name, bytes, percent, kind });
      this.bytes += size;
    } catch (error) {
      if (!isBcatError(error, "exists")) throw error;
      this.bad.push({ name: parity, message: `Cannot replace parity "${parity}": the place does not delete` });
      return;
    }
    if (hasParity) this.replaced++;
    else this.added++;
  }
}
