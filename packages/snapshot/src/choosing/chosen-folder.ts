/** A folder of the source whose entries are chosen from: what names are in it, and what small files in it say. */

import { SourceError, systemErrorCode } from "@bcat/errors";
import { type Directory, type EntryList, FileType, type Posix, Stat } from "@bcat/posix";
import { closeDirectory, closeFile } from "../backup/source-directory.js";
import { fromSource, isEndByExhaustion } from "../backup/source-fault.js";

export interface ChosenFolder {
  has(name: Uint8Array): boolean;
  /**
   * The first `sizeMax` bytes of a file that is reached by `names`, and its size.
   *
   * @throws SourceError, also for what is no file
   */
  read(names: readonly Uint8Array[], sizeMax: number): { readonly bytes: Uint8Array; readonly size: number };
}

/** A folder that has just been listed. One object for all folders of a walk. */
export class ListedFolder implements ChosenFolder {
  readonly #posix: Posix;
  readonly #list: EntryList;
  readonly #relieve: () => void;
  #order: Uint32Array = new Uint32Array(0);
  #handle: Directory | undefined;

  /** @param relieve gives back descriptors that nobody needs now */
  constructor(posix: Posix, list: EntryList, relieve: () => void) {
    this.#posix = posix;
    this.#list = list;
    this.#relieve = relieve;
  }

  /** `order` has the entries of the list in order of name. */
  set(handle: Directory, order: Uint32Array): this {
    this.#handle = handle;
    this.#order = order;
    return this;
  }

  has(name: Uint8Array): boolean {
    let low = 0;
    for (let high = this.#order.length; low < high; ) {
      const middle = (low + high) >>> 1;
      const difference = this.#compare(this.#order[middle]!, name);
      if (difference === 0) return true;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  read(names: readonly Uint8Array[], sizeMax: number) {
    try {
      return readSmallFile(this.#posix, this.#handle!, names, sizeMax);
    } catch (error) {
      if (!isEndByExhaustion(error)) throw error;
      this.#relieve();
      return readSmallFile(this.#posix, this.#handle!, names, sizeMax);
    }
  }

  #compare(index: number, name: Uint8Array): number {
    const { bytes, starts, lengths } = this.#list;
    const start = starts[index]!;
    const length = lengths[index]!;
    const shared = Math.min(length, name.length);
    for (let i = 0; i < shared; i++) {
      const difference = bytes[start + i]! - name[i]!;
      if (difference !== 0) return difference;
    }
    return length - name.length;
  }
}

/** A folder that is open and was not listed. */
export class OpenFolder implements ChosenFolder {
  readonly #posix: Posix;
  readonly #handle: Directory;

  constructor(posix: Posix, handle: Directory) {
    this.#posix = posix;
    this.#handle = handle;
  }

  has(name: Uint8Array): boolean {
    try {
      fromSource(() => this.#posix.statAt(this.#handle, name, new Stat()));
      return true;
    } catch (error) {
      if (error instanceof SourceError) return false;
      throw error;
    }
  }

  read(names: readonly Uint8Array[], sizeMax: number) {
    return readSmallFile(this.#posix, this.#handle, names, sizeMax);
  }
}

function readSmallFile(posix: Posix, folder: Directory, names: readonly Uint8Array[], sizeMax: number) {
  const [name, ...below] = names;
  if (below.length > 0) {
    const next = fromSource(() => posix.openDirectoryAt(folder, name!));
    try {
      return readSmallFile(posix, next, below, sizeMax);
    } finally {
      closeDirectory(posix, next);
    }
  }
  const fd = openFile(posix, folder, name!);
  try {
    const stat = new Stat();
    fromSource(() => posix.statFile(fd, stat));
    if (stat.type !== FileType.FILE) throw new SourceError("it is no file");
    const bytes = new Uint8Array(Math.min(stat.size, sizeMax));
    const count = fromSource(() => posix.read(fd, bytes, 0));
    return { bytes: bytes.subarray(0, count), size: stat.size };
  } finally {
    closeFile(posix, fd);
  }
}

function openFile(posix: Posix, folder: Directory, name: Uint8Array): number {
  try {
    return fromSource(() => posix.openFileAt(folder, name));
  } catch (error) {
    if (error instanceof SourceError && systemErrorCode(error.cause) === "ELOOP")
      throw new SourceError("it is a symbolic link", { cause: error.cause });
    throw error;
  }
}
