/** Makes files. One that cannot be made whole is removed: it must not look like one that has all its bytes. */
import type { Posix } from "@bcat/posix";
import { describe } from "../faults.js";
import type { EntryMetadata, MetadataFault, MetadataSetter } from "./metadata.js";
import { writeAroundHoles } from "./sparse-files.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";
import { renameOver } from "./unprotect.js";
import type { WaitingFile } from "./waiting-file.js";

export interface NewFile extends EntryMetadata {
  readonly name: Uint8Array;
}

/** How the content of a file is written. */
export interface WriteOptions {
  /** Blocks of zeros become holes. */
  readonly isSparse?: boolean;
}

export interface FileWriterParts {
  readonly posix: Posix;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
}

export class FileWriter {
  readonly #parts: FileWriterParts;

  constructor(parts: FileWriterParts) {
    this.#parts = parts;
  }

  /** Makes a file with all its content and metadata. @throws what it failed with; the file is not there then */
  writeWhole(
    directory: TargetDirectory,
    file: NewFile,
    bytes: Uint8Array,
    { isSparse = false }: WriteOptions = {},
  ): MetadataFault {
    const { posix, metadata } = this.#parts;
    const { fd, isOwned } = this.create(directory, file);
    let isOpen = true;
    try {
      if (isSparse) this.#writeSparse(fd, bytes);
      else if (bytes.length > 0) posix.writeFile(fd, bytes, 0);
      const fault = metadata.setNewFile(fd, file, isOwned);
      // After an error too the descriptor is gone, and may be somebody else's.
      isOpen = false;
      // What is written late, as on network file systems, fails here.
      posix.close(fd);
      return fault;
    } catch (error) {
      if (isOpen) closeAnyway(posix, fd);
      throw this.remove(directory, file, error);
    }
  }

  #writeSparse(fd: number, bytes: Uint8Array): void {
    const { posix } = this.#parts;
    // Before the bytes: of a file that grows, XFS fills holes with blocks that it thinks will be needed.
    posix.truncateFile(fd, bytes.length);
    writeAroundHoles(posix, fd, bytes, 0);
  }

  /** Makes an empty file, which the caller closes, or removes. `isOwned`: it has its owner and mode. */
  create(directory: TargetDirectory, file: NewFile): { fd: number; isOwned: boolean } {
    const { posix, directories } = this.#parts;
    const { newFiles } = directory;
    const mode = newFiles.modeFor(file);
    const fd = posix.createFileAt(directories.handle(directory), file.name, mode);
    newFiles.look(posix, fd, mode);
    return { fd, isOwned: newFiles.areAsWanted(mode, file) };
  }

  /** Gives a file that is whole the name that another entry has. @throws what that failed with */
  publish({ directory, node, finalName }: Pick<WaitingFile, "directory" | "node" | "finalName">): void {
    if (finalName === undefined) return;
    const { posix, directories } = this.#parts;
    renameOver(posix, directories.handle(directory), node.name, finalName);
  }

  /** Removes a file that lacks bytes for the sake of `failure`, and returns that, or one that also says that it is still there. */
  remove(directory: TargetDirectory, { name }: Pick<NewFile, "name">, failure: unknown): unknown {
    const { posix, directories } = this.#parts;
    try {
      posix.removeFileAt(directories.handle(directory), name);
      return failure;
    } catch (error) {
      const what = failure === undefined ? "" : `${describe(failure)}; `;
      return new Error(`${what}it lacks bytes and could not be removed: ${describe(error)}`);
    }
  }
}

/** Closes a file that is to be removed. */
export function closeAnyway(posix: Posix, fd: number): void {
  try {
    posix.close(fd);
  } catch {
    // Nothing of it is kept.
  }
}
