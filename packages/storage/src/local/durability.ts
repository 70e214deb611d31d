/**
 * fsync, and the memory of its failures. After a failed fsync the kernel may mark the lost pages clean and report the
 * error only once (https://lwn.net/Articles/752063/), so a second fsync that succeeds proves nothing. One failure
 * therefore fails every later one of this storage: what was written is in doubt until somebody opens it anew.
 */

import { StorageError } from "@bcat/errors";
import { type LocalFile, type LocalFileSystem, useFile } from "./file-system.js";
import { hasCode } from "./system-error.js";

export class Durability {
  readonly #fileSystem: LocalFileSystem;
  readonly #location: string;
  #failure: unknown;

  constructor(fileSystem: LocalFileSystem, location: string) {
    this.#fileSystem = fileSystem;
    this.#location = location;
  }

  /** Returns when the file's bytes are durable. */
  async sync(file: LocalFile): Promise<void> {
    await this.#once(() => file.sync());
  }

  /** Returns when the names in a directory are durable, or when its file system has no such notion. */
  async syncDirectory(path: string): Promise<void> {
    const directory = await this.#fileSystem.open(path, "r");
    await useFile(directory, () => this.#once(() => directory.sync().catch(ignoreUnsupported)));
  }

  async #once(sync: () => Promise<void>): Promise<void> {
    this.#refuseAfterFailure();
    try {
      await sync();
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
    // Another call's fsync may have taken the report of an error that is ours too.
    this.#refuseAfterFailure();
  }

  #refuseAfterFailure(): void {
    if (this.#failure === undefined) return;
    const reason = "an earlier fsync failed, so what was written is in doubt";
    throw new StorageError(`Cannot write in ${this.#location}: ${reason}`, { cause: this.#failure });
  }
}

/** Some network mounts refuse to fsync a directory at all; they make names durable in their own way, or never. */
function ignoreUnsupported(error: unknown): void {
  if (!hasCode(error, "EINVAL", "ENOTSUP", "EOPNOTSUPP")) throw error;
}
