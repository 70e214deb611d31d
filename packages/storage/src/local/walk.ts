import type { LocalEntry, LocalFileSystem, LocalStatus } from "./file-system.js";
import { hasCode } from "./system-error.js";

export interface WalkedFile {
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** What to walk: directories that `enter` refuses and files that `take` refuses are passed over. */
export interface Walk {
  readonly pathOf: (name: string) => string;
  /** The directory to start in, by name; "" is the root. */
  readonly start: string;
  readonly enter: (name: string) => boolean;
  readonly take: (name: string) => boolean;
}

/** The files of a tree, directory by directory as the caller asks for more. What vanishes meanwhile is passed over. */
export async function* walk(fileSystem: LocalFileSystem, options: Walk): AsyncGenerator<WalkedFile> {
  const directories = [options.start];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for await (const entry of await openDirectory(fileSystem, options.pathOf(directory))) {
      const name = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (options.enter(name)) directories.push(name);
      } else if (options.take(name)) {
        const status = await statusOf(fileSystem, options.pathOf(name));
        if (status?.isFile()) yield { name, size: status.size, modifiedAt: status.mtimeMs };
      }
    }
  }
}

async function openDirectory(fileSystem: LocalFileSystem, path: string): Promise<AsyncIterable<LocalEntry> | []> {
  try {
    return await fileSystem.opendir(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

async function statusOf(fileSystem: LocalFileSystem, path: string): Promise<LocalStatus | undefined> {
  try {
    return await fileSystem.stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
