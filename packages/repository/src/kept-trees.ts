/**
 * Packs of trees that this client has stored, in the cache, where a request takes time: what changes in a folder is then
 * found without asking for its old tree. They are as they lie in the storage, sealed. Losing one costs a request.
 *
 *     <folder of the place>/trees/<last part of the name of the pack>
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@bcat/crypto";
import type { ByteRange } from "@bcat/storage";
import { CacheFiles, isSystemError } from "./cache-files.js";

const TREES = "trees";
/** The longest pack that is kept, bytes: that of a first backup of some 100,000 files. */
const PACK_SIZE_MAX = 16 * 2 ** 20;
/** Bytes of all that are kept; the oldest go first. */
const FOLDER_SIZE_MAX = 64 * 2 ** 20;

export class KeptTrees {
  readonly #files: CacheFiles;

  /** `folder` is that of the place in the cache. */
  constructor(folder: string, random: Random) {
    this.#files = new CacheFiles({ folder: join(folder, TREES), sizeMax: FOLDER_SIZE_MAX, random });
  }

  /** Keeps a pack that is durable. */
  keep(name: string, bytes: Uint8Array): void {
    if (bytes.length <= PACK_SIZE_MAX) this.#files.write(fileName(name), bytes);
  }

  /** A part of the pack `name`, not verified; undefined when it is not here. */
  read(name: string, { offset, length }: ByteRange): Uint8Array | undefined {
    try {
      return readPart(this.#files.pathOf(fileName(name)), offset, length);
    } catch (error) {
      if (isSystemError(error)) return undefined;
      throw error;
    }
  }
}

function readPart(path: string, offset: number, length: number): Uint8Array | undefined {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(length);
    return readSync(file, bytes, 0, length, offset) === length ? bytes : undefined;
  } finally {
    closeSync(file);
  }
}

function fileName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
