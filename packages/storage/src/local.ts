/**
 * A storage in a folder: object `packs/ab/1-ff` is the file of that path. Any number of processes, on any machines that
 * mount it, may use one folder at once; what decides between them is link(2), or renameat2(2) where there are no links.
 *
 * It is not meant to be wrapped in a retry: an operating system that refuses has tried already.
 */

import type { Posix } from "@bcat/posix";
import { checkRange } from "./byte-range.js";
import { equalBytes } from "./equal-bytes.js";
import { objectExists, registerExists } from "./exists.js";
import { Directories, directoryOf } from "./local/directories.js";
import { Durability } from "./local/durability.js";
import { createFileSystem, type LocalFile, type LocalFileSystem, useFile } from "./local/file-system.js";
import { Publisher, temporaryPrefix } from "./local/publisher.js";
import { readFile } from "./local/read.js";
import { Sharing } from "./local/sharing.js";
import { describeFault, hasCode, LocalFault } from "./local/system-error.js";
import { walk } from "./local/walk.js";
import { checkName, checkPrefix, isName } from "./name.js";
import { type GetOptions, type ListedObject, objectSizeMax, type PutOptions, type Storage } from "./storage.js";

export interface LocalStorageOptions {
  /** Gives the part that makes the name of a temporary file unique, of letters, digits and "-": randomness is passed in. */
  readonly suffix: () => string;
  /** Lends its rename to file systems without hard links; without it they are only read. */
  readonly posix?: Pick<Posix, "renameExclusive">;
  /** The user this process acts as, where there are users: root gives what it writes to whom the repository belongs. */
  readonly uid?: number | undefined;
  /** Of registers of repositories elsewhere: the folder itself says who may use what is made in it, and no `config`. */
  readonly hasNoConfig?: boolean | undefined;
  /** The operating system, unless a test replaces it. */
  readonly fileSystem?: LocalFileSystem;
}

export interface LocalStorage extends Storage {
  list(prefix: string): AsyncIterable<ListedObject>;
  delete(name: string): Promise<void>;
  listTemporary(): AsyncIterable<ListedObject>;
  deleteTemporary(name: string): Promise<void>;
}

/**
 * The storage in the folder `path`, which the first put creates if need be. Touches nothing by itself.
 *
 * After a failed fsync every later write of the returned storage fails: only a storage opened anew writes again.
 *
 * @throws {RangeError} when `path` is empty.
 */
export function openLocalStorage(path: string, options: LocalStorageOptions): LocalStorage {
  if (path === "") throw new RangeError("Cannot open a local storage: its path is empty");
  return new FolderStorage(path, options);
}

class FolderStorage implements LocalStorage {
  readonly location: string;
  readonly #fileSystem: LocalFileSystem;
  readonly #durability: Durability;
  readonly #directories: Directories;
  readonly #publisher: Publisher;

  constructor(path: string, options: LocalStorageOptions) {
    const { suffix, posix, uid, hasNoConfig, fileSystem = createFileSystem(posix) } = options;
    this.location = path;
    this.#fileSystem = fileSystem;
    const durability = new Durability(fileSystem, path);
    const sharing = new Sharing({ fileSystem, root: path, suffix, uid, hasNoConfig });
    this.#durability = durability;
    this.#directories = new Directories({ fileSystem, durability, sharing, suffix, root: path });
    this.#publisher = new Publisher({ fileSystem, durability, sharing, suffix });
  }

  async get(name: string, options?: GetOptions): Promise<Uint8Array | undefined> {
    checkName(name);
    checkRange(options?.range);
    options?.signal?.throwIfAborted();
    return await this.#describing(`read "${name}"`, async () => {
      const file = await this.#open(name);
      return file && (await useFile(file, () => readFile(file, options)));
    });
  }

  async put(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    await this.#publish(name, bytes, options, (existing) => {
      if (!equalBytes(existing, bytes)) throw objectExists(name, this.location);
    });
  }

  async putIfAbsent(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void> {
    await this.#publish(name, bytes, options, () => {
      throw registerExists(name, this.location);
    });
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    checkPrefix(prefix);
    const matches = (name: string) => isName(name) && name.startsWith(prefix);
    for await (const { name, size } of this.#walk(directoryOf(prefix), matches, matches)) yield { name, size };
  }

  async *listTemporary(): AsyncGenerator<ListedObject> {
    yield* this.#walk("", isName, isTemporary);
  }

  async deleteTemporary(name: string): Promise<void> {
    if (!isTemporary(name)) throw new RangeError(`Cannot delete "${name}": it is no temporary file`);
    if (name.includes("/")) checkName(directoryOf(name));
    await this.#describing(`delete "${name}"`, async () => await this.#unlink(name));
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    await this.#describing(`delete "${name}"`, async () => await this.#unlink(name));
  }

  async #unlink(name: string): Promise<void> {
    try {
      await this.#fileSystem.unlink(this.#directories.pathOf(name));
    } catch (error) {
      if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    }
  }

  /** Gives `bytes` the name, or hands what has it to `taken`, which judges. */
  async #publish(
    name: string,
    bytes: Uint8Array,
    options: PutOptions | undefined,
    taken: (existing: Uint8Array) => void,
  ): Promise<void> {
    checkName(name);
    if (bytes.length > objectSizeMax) {
      throw new RangeError(`Cannot write "${name}": its ${bytes.length} bytes are above the maximum ${objectSizeMax}`);
    }
    options?.signal?.throwIfAborted();
    await this.#describing(`write "${name}"`, async () => {
      const parent = directoryOf(name);
      await this.#directories.ensure(parent);
      const place = { directory: this.#directories.pathOf(parent), name: name.slice(name.lastIndexOf("/") + 1) };
      if (await this.#publisher.publish(place, bytes, options?.signal)) return;
      taken(await this.#readDurably(name));
    });
  }

  /** What a taken name holds, once it is durable: its writer may have died, or still be busy, before the last fsync. */
  async #readDurably(name: string): Promise<Uint8Array> {
    const file = await this.#open(name);
    const bytes = file && (await useFile(file, () => this.#durability.sync(file).then(() => readFile(file))));
    if (bytes === undefined) {
      throw new LocalFault("the name is taken, but by no file");
    }
    await this.#durability.syncDirectory(this.#directories.pathOf(directoryOf(name)));
    return bytes;
  }

  async #open(name: string): Promise<LocalFile | undefined> {
    try {
      return await this.#fileSystem.open(this.#directories.pathOf(name), "r");
    } catch (error) {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
  }

  async *#walk(start: string, enter: (name: string) => boolean, take: (name: string) => boolean) {
    const pathOf = (name: string) => this.#directories.pathOf(name);
    try {
      yield* walk(this.#fileSystem, { pathOf, start, enter, take });
    } catch (error) {
      throw describeFault(error, `list "${start}"`, this.location);
    }
  }

  async #describing<T>(action: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw describeFault(error, action, this.location);
    }
  }
}

/** True for the name of a file that has not got its name yet, with the folder it is in. */
function isTemporary(name: string): boolean {
  return name.slice(name.lastIndexOf("/") + 1).startsWith(temporaryPrefix);
}
