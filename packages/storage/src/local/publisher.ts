/**
 * How bytes get their name in a folder, so that the name never shows a part of them, is never given twice, and stays:
 *
 *     create .tmp-<suffix> in the same directory, write all, fsync it, close it
 *     link it to its name      the one step that decides: atomic, and refused when the name is taken
 *     unlink .tmp-<suffix>
 *     fsync the directory
 *
 * A rename would replace what another writer put there. A crash leaves at worst a `.tmp-*` file.
 *
 * Where the file system has no hard links, the file is created under its name at once. That still decides, but until
 * the write is through, and after a crash in it, the name shows a part of the bytes.
 */

import type { Durability } from "./durability.js";
import { type LocalFile, type LocalFileSystem, useFile } from "./file-system.js";
import { hasCode, LocalFault } from "./system-error.js";

/** Names of files that have not got their name yet start so; no object can be called that. */
export const temporaryPrefix = ".tmp-";

/** Where to publish: `path` lies in `directory`, which exists. */
export interface Place {
  readonly directory: string;
  readonly path: string;
}

const modeWhileWriting = 0o600;
const modeWhenWritten = 0o400;

/** What file systems answer that know no links, or no modes. */
const unsupportedCodes = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

export class Publisher {
  readonly #fileSystem: LocalFileSystem;
  readonly #durability: Durability;
  readonly #suffix: () => string;
  #hasLinks = true;

  constructor(fileSystem: LocalFileSystem, durability: Durability, suffix: () => string) {
    this.#fileSystem = fileSystem;
    this.#durability = durability;
    this.#suffix = suffix;
  }

  /** Returns true when `bytes` have the name durably, false when it was taken and nothing was changed. */
  async publish(place: Place, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    if (this.#hasLinks) {
      const linked = await this.#publishByLink(place, bytes, signal);
      if (linked !== undefined) return linked;
      this.#hasLinks = false;
    }
    return await this.#publishInPlace(place, bytes);
  }

  /** As {@link publish}, and undefined when the file system cannot link. */
  async #publishByLink(place: Place, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean | undefined> {
    const temporary = `${place.directory}/${temporaryPrefix}${this.#suffix()}`;
    const file = await this.#fileSystem.open(temporary, "wx", modeWhileWriting);
    let linked: boolean | undefined;
    try {
      await useFile(file, () => this.#write(file, bytes));
      signal?.throwIfAborted();
      linked = await this.#link(temporary, place.path);
    } finally {
      await this.#discard(temporary);
    }
    if (linked) await this.#durability.syncDirectory(place.directory);
    return linked;
  }

  /** True when linked, false when the name was taken, undefined when the file system cannot link. */
  async #link(temporary: string, path: string): Promise<boolean | undefined> {
    try {
      await this.#fileSystem.link(temporary, path);
      return true;
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      if (hasCode(error, ...unsupportedCodes)) return undefined;
      throw error;
    }
  }

  async #publishInPlace(place: Place, bytes: Uint8Array): Promise<boolean> {
    let file: LocalFile;
    try {
      file = await this.#fileSystem.open(place.path, "wx", modeWhileWriting);
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    }
    await useFile(file, async () => {
      try {
        await writeAll(file, bytes);
      } catch (error) {
        // Ours, and never whole: nobody can have relied on it. Once whole it stays, whatever becomes of it.
        await this.#discard(place.path);
        throw error;
      }
      await this.#seal(file);
    });
    await this.#durability.syncDirectory(place.directory);
    return true;
  }

  async #write(file: LocalFile, bytes: Uint8Array): Promise<void> {
    await writeAll(file, bytes);
    await this.#seal(file);
  }

  async #seal(file: LocalFile): Promise<void> {
    try {
      await file.chmod(modeWhenWritten);
    } catch (error) {
      if (!hasCode(error, ...unsupportedCodes)) throw error;
    }
    await this.#durability.sync(file);
  }

  /** What cannot be removed is left over, as after a crash; that is no reason to fail. */
  async #discard(path: string): Promise<void> {
    await this.#fileSystem.unlink(path).catch(() => {});
  }
}

async function writeAll(file: LocalFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, written);
    if (bytesWritten === 0) {
      throw new LocalFault(`0 bytes were taken at offset ${written} of ${bytes.length}`);
    }
    written += bytesWritten;
  }
}
