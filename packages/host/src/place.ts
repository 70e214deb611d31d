/** The kinds of place a repository can lie in, and how each is opened. */
import type { Posix } from "@bcat/posix";
import type { Storage } from "@bcat/storage";
import { random } from "./environment.js";

export interface FolderPlace {
  readonly kind: "folder";
  /** Absolute. */
  readonly path: string;
}

/** Where a repository lies, as far as what the user named tells. */
export type Place = FolderPlace & {
  /** For messages, and for what a client remembers of the place; the same for all spellings of one, without secrets. */
  readonly location: string;
};

/** Of packs in a folder. */
const FOLDER_PACK_SIZE = 32 * 2 ** 20;

/**
 * Stored bytes at which a pack closes in the place; undefined where the default is best, which is made for storages that
 * charge for requests. A file costs nothing, and packs of half the size take 64 MiB less memory.
 */
export function packSizeOf(place: Place): number | undefined {
  return place.kind === "folder" ? FOLDER_PACK_SIZE : undefined;
}

/** What opening a place takes from the program. */
export interface PlaceContext {
  readonly posix: Posix;
}

/** The storage there, undecorated; nothing is asked of it yet. */
export async function openPlace(place: Place, { posix }: PlaceContext): Promise<Storage> {
  const { openLocalStorage } = await import("@bcat/storage");
  return openLocalStorage(place.path, { suffix: randomSuffix, posix, uid: process.geteuid?.() });
}

/** For names of temporary files. */
function randomSuffix(): string {
  return Buffer.from(random(8)).toString("hex");
}
