/** A file for what does not fit in memory. It is made when it is needed, has no name, and is gone with the process. */
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BcatError, describeSystemError } from "@bcat/errors";
import type { Scratch } from "@bcat/snapshot";

export class ScratchFile implements Scratch, AsyncDisposable {
  readonly #unique: string;
  #file: FileHandle | undefined;
  #size = 0;

  /** @param unique makes the name one of its own, for the moment that it has one */
  constructor(unique: string) {
    this.#unique = unique;
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= await this.#create();
      for (let start = 0; start < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, start, bytes.length - start, this.#size);
        start += bytesWritten;
        this.#size += bytesWritten;
      }
    } catch (error) {
      throw failed(error);
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await this.#file!.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) throw failed(new Error("it is shorter than what was written"));
      filled += bytesRead;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #create(): Promise<FileHandle> {
    const path = join(tmpdir(), `bcat-${this.#unique}`);
    const file = await open(path, "wx+", 0o600);
    await unlink(path);
    return file;
  }
}

function failed(error: unknown): BcatError {
  return new BcatError(
    "refused",
    `Cannot keep entries in ${tmpdir()}: ${describeSystemError(error)}; nothing was committed`,
    {
      cause: error,
    },
  );
}
