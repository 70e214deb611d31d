/** Parity objects beside packs: how much is wanted, and how they are stored and read. */
import type { Blake3 } from "@bcat/crypto";
import { CorruptError, isBcatError } from "@bcat/errors";
import { type BlobKind, DATA, decodeParity, encodeParity, type Parity, packOfParity, parityName } from "@bcat/pack";
import type { Objects, PutOptions } from "@bcat/storage";
import { readAndOpen } from "../read-again.js";
import { partsOf, type Repository, type RepositoryParts } from "../repository.js";

/** What reading and mending takes: no key. */
export interface ParitySource {
  readonly storage: Pick<Objects, "get">;
  readonly blake3: Blake3;
}

/** Percent of each pack that writers add: as this process was told, or else as the repository was made; 0 for none. */
export function parityPercentOf({ environment, config }: Pick<RepositoryParts, "environment" | "config">): number {
  return environment.parity ?? config.parity ?? 0;
}

/** How a pack is put, and its parity: both belong into one class of storage. */
export function putOptionsOf(kind: BlobKind): PutOptions {
  return kind === DATA ? { kind: "data" } : {};
}

export interface PackToProtect {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly percent: number;
  readonly kind: BlobKind;
}

/**
 * Stores the parity of a pack; its size. Safe to repeat: the same pack gives the same bytes. Memory: as much again as the
 * percentage says.
 *
 * @throws StorageError; BcatError exists, when there is one with another percentage, or a damaged one
 */
export async function putParity(
  { storage, blake3 }: { readonly storage: Pick<Objects, "put">; readonly blake3: Blake3 },
  { name, bytes, percent, kind }: PackToProtect,
): Promise<number> {
  const parity = encodeParity(blake3, bytes, percent);
  await storage.put(parityName(name), parity, putOptionsOf(kind));
  return parity.length;
}

/**
 * Reads the parity of a pack of `size` bytes. One that a newer version has written is left to that: it counts as whole.
 *
 * @returns undefined for none
 * @throws StorageError
 */
export async function findParity(
  { storage, blake3 }: ParitySource,
  { name, size }: { readonly name: string; readonly size: number },
): Promise<"whole" | "damaged" | undefined> {
  const parity = parityName(name);
  const open = (bytes: Uint8Array): "whole" => {
    const { isWhole, shape } = decodeParity(blake3, parity, bytes);
    if (isWhole && shape.packSize === size) return "whole";
    throw new CorruptError(`Cannot use parity "${parity}": a part of it is damaged`, { object: parity });
  };
  try {
    return await readAndOpen(() => storage.get(parity), open);
  } catch (error) {
    if (isBcatError(error, "newer-format")) return "whole";
    if (isBcatError(error, "corrupt")) return "damaged";
    throw error;
  }
}

/** Names of the packs that have parity, as far as the storage can list, and the bytes of that. */
export async function listParity({ storage }: Pick<RepositoryParts, "storage">): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { name, size } of storage.list?.("parity/") ?? []) {
    const pack = packOfParity(name);
    if (pack !== undefined) sizes.set(pack, size);
  }
  return sizes;
}

/** How many parity objects there are and their bytes, as far as the storage can list. @throws StorageError */
export async function measureParity(
  repository: Repository,
): Promise<{ readonly count: number; readonly size: number }> {
  const sizes = await listParity(partsOf(repository));
  return { count: sizes.size, size: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

/** The parity of a pack; undefined where there is none. @throws CorruptError naming it; BcatError newer-format */
export async function readParity({ storage, blake3 }: ParitySource, pack: string): Promise<Parity | undefined> {
  const name = parityName(pack);
  const bytes = await storage.get(name);
  return bytes === undefined ? undefined : decodeParity(blake3, name, bytes);
}
