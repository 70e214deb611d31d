/**
 * Files of the local cache as sources of bytes. However many there are, few are open: one is opened when it is read, and
 * the one that was read longest ago is closed for it. That a file cannot be opened because the process or the machine
 * has no descriptor left says nothing about the file, and is an error of its own.
 */
import * as fs from "node:fs";
import { BcatError, isExhaustion, StorageError, systemErrorCode } from "@bcat/errors";
import type { ByteSource } from "./byte-source.js";

/** Descriptors of run files open at any time. */
export const OPEN_RUN_FILES_MAX = 4;

/** A run file, and what to do about its damage; can be handed to another thread. */
export interface RunFile {
  readonly path: string;
  readonly size: number;
  /** Said when the file is not there or not right. */
  readonly damage: string;
  /** A file that is removed then, so that nobody looks at the run again: the manifest. */
  readonly manifest: string;
}

/** Is told of every descriptor, after it was opened and before it is closed. */
export interface DescriptorNotes {
  add(descriptor: number): void;
  remove(descriptor: number): void;
}

/** All run files that a thread reads. */
export class RunFiles {
  readonly #openMax: number;
  readonly #descriptors: DescriptorNotes | undefined;
  /** Descriptors of the open ones, least recently read first. */
  readonly #open = new Map<RunFile, number>();

  constructor(options: { openMax?: number; descriptors?: DescriptorNotes | undefined } = {}) {
    this.#openMax = options.openMax ?? OPEN_RUN_FILES_MAX;
    this.#descriptors = options.descriptors;
  }

  /** The file as a source; it is opened when it is read. */
  source(file: RunFile): ByteSource {
    return {
      size: file.size,
      read: (offset, length, target) => this.#read(file, offset, length, target ?? new Uint8Array(length)),
      share: () => ({ file }),
      close: () => this.#close(file),
      fault: () => damaged(file),
    };
  }

  #read(file: RunFile, offset: number, length: number, target: Uint8Array): Uint8Array {
    const descriptor = this.#descriptor(file);
    let done = 0;
    try {
      while (done < length) {
        const count = fs.readSync(descriptor, target, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw damaged(file, error);
    }
    return target.subarray(0, done);
  }

  #descriptor(file: RunFile): number {
    let descriptor = this.#open.get(file);
    if (descriptor === undefined) {
      if (this.#open.size >= this.#openMax) this.#closeOldest();
      descriptor = openFile(file);
      this.#descriptors?.add(descriptor);
    } else this.#open.delete(file);
    this.#open.set(file, descriptor);
    return descriptor;
  }

  #closeOldest(): void {
    for (const file of this.#open.keys()) {
      this.#close(file);
      return;
    }
  }

  #close(file: RunFile): void {
    const descriptor = this.#open.get(file);
    if (descriptor === undefined) return;
    this.#open.delete(file);
    this.#descriptors?.remove(descriptor);
    fs.closeSync(descriptor);
  }
}

function openFile(file: RunFile): number {
  try {
    return fs.openSync(file.path, "r");
  } catch (error) {
    if (!isExhaustion(error)) throw damaged(file, error);
    const found = `too many files are open (${systemErrorCode(error)}); see ulimit -n`;
    throw new StorageError(`Cannot read "${file.path}": ${found}`, { cause: error });
  }
}

function damaged(file: RunFile, cause?: unknown): BcatError {
  fs.rmSync(file.manifest, { force: true });
  return new BcatError("refused", file.damage, cause === undefined ? {} : { cause });
}
