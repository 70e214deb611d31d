/** Files that are read in one go by one thread, across the borders of their directories. */
import type { Directory } from "@bcat/posix";
import type { Visit } from "../visit.js";
import type { FilesJob } from "./job.js";

/** A batch is full with so many files, or bytes of files. */
const FILES_MAX = 256;
const SIZE_MAX = 2 * 2 ** 20;

/** A file, by its row in the directory it was found in. */
export interface BatchedFile {
  readonly visit: Visit;
  readonly row: number;
}

/** Undefined when it is not known any more. */
export function pathOf(file: BatchedFile | undefined): Uint8Array | undefined {
  if (file === undefined || file.visit.isGivenBack) return undefined;
  return file.visit.pathOf(file.visit.table.name(file.row));
}

export class FileBatch {
  readonly files: BatchedFile[] = [];
  readonly #directories: Directory[] = [];
  readonly #names: Uint8Array[] = [];
  readonly #directoriesMax: number;
  #directoryCount = 0;
  #size = 0;

  /** @param directoriesMax with so many directories, which stay open for it, it is full too */
  constructor(directoriesMax: number) {
    this.#directoriesMax = directoriesMax;
  }

  /** Bytes of the files, as they were listed. */
  get size(): number {
    return this.#size;
  }

  /** The directory of file `index`. */
  directory(index: number): Directory {
    return this.#directories[index]!;
  }

  get isFull(): boolean {
    return this.files.length >= FILES_MAX || this.#directoryCount >= this.#directoriesMax || this.#size >= SIZE_MAX;
  }

  /** Adds a file of a directory that stays open until the batch is done. */
  add(file: BatchedFile, directory: Directory, size: number): void {
    if (this.files.at(-1)?.visit !== file.visit) this.#directoryCount++;
    this.files.push(file);
    this.#directories.push(directory);
    this.#names.push(file.visit.table.name(file.row));
    this.#size += size;
  }

  job(now: number, sizeMax: number): FilesJob {
    const nameEnds = new Uint32Array(this.#names.length);
    let end = 0;
    this.#names.forEach((name, i) => {
      end += name.length;
      nameEnds[i] = end;
    });
    return {
      kind: "files",
      now,
      sizeMax,
      directories: Int32Array.from(this.#directories, ({ fd }) => fd),
      names: join(this.#names, end),
      nameEnds,
    };
  }
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
