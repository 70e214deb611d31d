/** The seam between the local storage and the operating system, so that a test can record and fail every call. */

import { constants } from "node:fs";
import { link, mkdir, open, opendir, rename, rmdir, stat, unlink } from "node:fs/promises";
import type { Posix } from "@bcat/posix";

/** An open file or directory. The calls are those of Node's FileHandle, with its errors. */
export interface LocalFile {
  readonly fd: number;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  stat(): Promise<LocalStatus>;
  chmod(mode: number): Promise<void>;
  /** -1 leaves that one as it is. */
  chown(uid: number, gid: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LocalStatus {
  readonly size: number;
  /** When it was written to last, milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Permission bits, and others above them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  isFile(): boolean;
}

export interface LocalEntry {
  readonly name: string;
  isDirectory(): boolean;
}

/** What the local storage asks of the operating system. Paths are absolute or relative to the working directory. */
export interface LocalFileSystem {
  /** `flags` are those of open(3) as Node spells them: "r" reads, "wx" creates and fails when the path is taken. */
  open(path: string, flags: "r" | "wx", mode?: number): Promise<LocalFile>;
  /** Opens a directory, and fails when the path is a symbolic link to one. */
  openDirectory(path: string): Promise<LocalFile>;
  link(existing: string, path: string): Promise<void>;
  /** Renames in one step, and fails when `path` is taken; absent where there is no such call. */
  renameExclusive?(existing: string, path: string): Promise<void>;
  /** Renames a directory; one that is there is replaced if it is empty. */
  renameDirectory(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Creates one directory, not its parents. */
  mkdir(path: string, mode: number): Promise<unknown>;
  rmdir(path: string): Promise<void>;
  opendir(path: string): Promise<AsyncIterable<LocalEntry>>;
  stat(path: string): Promise<LocalStatus>;
}

const directoryItself = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** The operating system through Node, and through `posix` where Node has no such call. */
export function createFileSystem(posix?: Pick<Posix, "renameExclusive">): LocalFileSystem {
  const openDirectory = (path: string) => open(path, directoryItself);
  const fileSystem = { open, openDirectory, link, unlink, mkdir, rmdir, renameDirectory: rename, opendir, stat };
  const exclusive = posix?.renameExclusive;
  if (exclusive === undefined) return fileSystem;
  return { ...fileSystem, renameExclusive: async (existing, path) => exclusive(bytesOf(existing), bytesOf(path)) };
}

function bytesOf(path: string): Uint8Array {
  return new TextEncoder().encode(path);
}

/** Lends an open file to `use` and closes it after; the error of `use` goes before that of the close. */
export async function useFile<T>(file: LocalFile, use: (file: LocalFile) => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await use(file);
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  await file.close();
  return result;
}
