/** The seam between the local storage and the operating system, so that a test can record and fail every call. */

import { link, mkdir, open, opendir, stat, unlink } from "node:fs/promises";
import type { Posix } from "@bcat/posix";

/** An open file or directory. The calls are those of Node's FileHandle, with its errors. */
export interface LocalFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  stat(): Promise<LocalStatus>;
  chmod(mode: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface LocalStatus {
  readonly size: number;
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
  link(existing: string, path: string): Promise<void>;
  /** Renames in one step, and fails when `path` is taken; absent where there is no such call. */
  renameExclusive?(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Creates one directory, not its parents. */
  mkdir(path: string, mode: number): Promise<unknown>;
  opendir(path: string): Promise<AsyncIterable<LocalEntry>>;
  stat(path: string): Promise<LocalStatus>;
}

/** The operating system through Node, and through `posix` where Node has no such call. */
export function createFileSystem(posix?: Pick<Posix, "renameExclusive">): LocalFileSystem {
  const fileSystem = { open, link, unlink, mkdir, opendir, stat };
  const rename = posix?.renameExclusive;
  if (rename === undefined) return fileSystem;
  return { ...fileSystem, renameExclusive: async (existing, path) => rename(bytesOf(existing), bytesOf(path)) };
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
