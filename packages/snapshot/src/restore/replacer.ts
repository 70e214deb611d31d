/**
 * New entries take the place of old ones in one step: they are made under another name in the same folder, then renamed. So
 * nothing is written through a link that is in the way, and whoever looks finds the old entry or the new one, whole.
 */
import type { KeyedHash } from "@bcat/crypto";
import { systemErrorCode } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";
import { renameOver } from "./unprotect.js";

/** Hexadecimal digits of the hash in a name. */
const DIGITS = 24;

export interface ReplacerParts {
  readonly posix: Posix;
  readonly directories: TargetDirectories;
  /** Makes names that nobody can foretell and a later restore finds again. */
  readonly hash: KeyedHash;
}

export class Replacer {
  readonly #parts: ReplacerParts;

  constructor(parts: ReplacerParts) {
    this.#parts = parts;
  }

  /** The name under which what will be `name` is made: free, for what a killed restore has left there is removed. */
  prepare(directory: TargetDirectory, name: Uint8Array): Uint8Array {
    const { posix, directories } = this.#parts;
    const temporary = this.temporaryName(name);
    try {
      posix.removeFileAt(directories.handle(directory), temporary);
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") throw error;
    }
    return temporary;
  }

  temporaryName(name: Uint8Array): Uint8Array {
    const digits = Buffer.from(this.#parts.hash.hash(name)).toString("hex").slice(0, DIGITS);
    return Buffer.from(`.bcat-${digits}`);
  }

  /** Gives the entry its name. @throws what the rename failed with; the temporary entry is removed then */
  publish(directory: TargetDirectory, temporary: Uint8Array, name: Uint8Array): void {
    const { posix, directories } = this.#parts;
    try {
      renameOver(posix, directories.handle(directory), temporary, name);
    } catch (error) {
      this.discard(directory, temporary);
      throw error;
    }
  }

  /** Removes an entry that will not be published, as far as that is possible. */
  discard(directory: TargetDirectory, temporary: Uint8Array): void {
    const { posix, directories } = this.#parts;
    try {
      posix.removeFileAt(directories.handle(directory), temporary);
    } catch {
      // The next restore removes it.
    }
  }
}
