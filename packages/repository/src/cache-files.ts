/** Small files in the cache that are written whole, and of which the oldest go first. None is needed: failing is no error. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@bcat/crypto";

export interface CacheFilesOptions {
  /** Made when something is written. */
  readonly folder: string;
  /** Bytes of all files together. */
  readonly sizeMax: number;
  readonly random: Random;
}

export class CacheFiles {
  readonly #options: CacheFilesOptions;

  constructor(options: CacheFilesOptions) {
    this.#options = options;
  }

  pathOf(name: string): string {
    return join(this.#options.folder, name);
  }

  /** False where it could not be written. */
  write(name: string, bytes: Uint8Array): boolean {
    try {
      if (!writeWhole({ ...this.#options, name }, bytes)) return false;
      this.#removeOldest();
      return true;
    } catch (error) {
      if (isSystemError(error)) return false;
      throw error;
    }
  }

  #removeOldest(): void {
    const files = readdirSync(this.#options.folder).map((name) => ({ name, ...statOf(this.pathOf(name)) }));
    let size = 0;
    for (const file of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
      size += file.size;
      if (size > this.#options.sizeMax) rmSync(this.pathOf(file.name), { force: true });
    }
  }
}

/** Writes a file of the cache under a name of its own, then renames it into place; false where that fails. */
export function writeWhole(
  { folder, name, random }: { readonly folder: string; readonly name: string; readonly random: Random },
  bytes: Uint8Array,
): boolean {
  const temporary = join(folder, `.tmp-${Buffer.from(random(8)).toString("hex")}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, bytes, { mode: 0o600 });
    renameSync(temporary, join(folder, name));
    return true;
  } catch (error) {
    rmSync(temporary, { force: true });
    if (isSystemError(error)) return false;
    throw error;
  }
}

export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** Of a file that another process has just removed, nothing. */
function statOf(path: string): { size: number; mtimeMs: number } {
  return statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
}
