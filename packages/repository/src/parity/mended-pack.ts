/** Packs as they are stored, or as their parity can mend them. Needs no key. */
import { ArchivedError, isBcatError } from "@bcat/errors";
import { hasRightHash, type MendedPack, mendPack, type Parity } from "@bcat/pack";
import { type ParitySource, readParity } from "./parity-objects.js";

export interface FoundPack {
  /** What is stored under the name. */
  readonly found: Uint8Array | undefined;
  /** What its parity makes of it; undefined where it needs none, has none, or that cannot be used. */
  readonly mended: MendedPack | undefined;
}

/** Memory: the pack twice, and its parity. @throws StorageError; ArchivedError for the pack */
export async function readMended(source: ParitySource, name: string): Promise<FoundPack> {
  const found = await source.storage.get(name);
  if (found !== undefined && hasRightHash(source, found)) return { found, mended: undefined };
  const parity = await readUsable(source, name);
  const mended = typeof parity === "object" ? mendPack(source.blake3, parity, found ?? new Uint8Array(0)) : undefined;
  return { found, mended };
}

/** What a finding about a pack that is missing or damaged adds; empty where it has no parity. Memory as {@link readMended}. */
export async function describeMend(source: ParitySource, name: string): Promise<string> {
  const parity = await readUsable(source, name);
  if (parity === undefined) return "";
  if (parity === "damaged") return "; its parity is damaged, too";
  const found = await source.storage.get(name);
  const { isWhole, mended, lost } = mendPack(source.blake3, parity, found ?? new Uint8Array(0));
  if (isWhole) return "; its parity mends all of it";
  if (found === undefined) return "; its parity is too little to make it anew";
  return `; its parity mends ${mended} of ${mended + lost} damaged blocks`;
}

/** Undefined where there is none, or none that this version can read now. */
async function readUsable(source: ParitySource, pack: string): Promise<Parity | "damaged" | undefined> {
  try {
    return await readParity(source, pack);
  } catch (error) {
    if (isBcatError(error, "corrupt")) return "damaged";
    if (error instanceof ArchivedError || isBcatError(error, "newer-format")) return undefined;
    throw error;
  }
}
