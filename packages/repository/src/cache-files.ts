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
      this.#write(name, bytes);
      this.#removeOldest();
      return true;
    } catch (error) {
      if (isSystemError(error)) return false;
      throw error;
    }
  }

  #write(name: string, bytes: Uint8Array): void {
    const { folder, random } = this.#options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const temporary = this.pathOf(`.tmp-${Buffer.from(random(8)).toString("hex")}`);
    try {
      writeFileSync(temporary, bytes, { mode: 0o600 });
      renameSync(temporary, this.pathOf(name));
    } catch (error) {
      rmSync(temporary, { force: true });
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

export function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** Of a file that another process has just removed, nothing. */
function statOf(path: string): { size: number; mtimeMs: number } {
  return statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
}
