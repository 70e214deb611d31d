/** The calls of the local storage on a {@link Disk}, each change of which is noted; after so many, the power is gone. */
import type { LocalEntry, LocalFile, LocalFileSystem, LocalStatus } from "@bcat/storage";
import { type DirectoryNode, Disk, type DiskNode, type Effect, type NodeId, rootId } from "./disk.js";

export interface DiskOptions {
  /** Changes after which every call fails. */
  readonly effectsMax?: number;
  /** False for one like FAT: files get their names by a rename that refuses a taken one. */
  readonly hasLinks?: boolean;
  /** What is not made durable although it was asked for: for tests that are to find it. */
  readonly ignoresSyncOf?: DiskNode["kind"] | undefined;
  /** Each call waits for it: of what runs at once, one or the other gets on. */
  readonly turn?: () => Promise<void>;
}

/** One machine's disk. Any number of storages may use its file system at once. */
export class RunningDisk {
  readonly disk: Disk;
  readonly effects: Effect[] = [];
  readonly #options: DiskOptions;
  #nextId: NodeId;

  constructor(disk = new Disk(), options: DiskOptions = {}) {
    this.disk = disk.clone();
    this.#options = options;
    this.#nextId = Math.max(...disk.nodes.keys()) + 1;
  }

  get isOff(): boolean {
    return this.effects.length >= (this.#options.effectsMax ?? Number.POSITIVE_INFINITY);
  }

  get fileSystem(): LocalFileSystem {
    const { turn } = this.#options;
    const paced = <Calls extends object>(calls: Calls) => (turn === undefined ? calls : pace(calls, turn));
    const calls = paced(this.#calls());
    return {
      ...calls,
      open: async (path, flags, mode) => paced(await calls.open(path, flags, mode)),
      openDirectory: async (path) => paced(await calls.openDirectory(path)),
    };
  }

  #calls(): LocalFileSystem {
    const { hasLinks = true } = this.#options;
    return {
      open: async (path, flags, mode) => this.#open(path, flags, mode),
      openDirectory: async (path) => this.#openDirectory(path),
      link: async (existing, path) => {
        if (!hasLinks) throw systemError("EPERM", path);
        this.#link(this.#find(existing), path);
      },
      renameExclusive: async (existing, path) => this.#rename(existing, path),
      renameDirectory: async (existing, path) => this.#rename(existing, path),
      unlink: async (path) => this.#unlink(path, "file"),
      rmdir: async (path) => this.#unlink(path, "directory"),
      mkdir: async (path, mode) => {
        const place = this.#freePlace(path);
        this.#do({ kind: "name", ...place, node: this.#make("directory", mode) });
      },
      opendir: async (path) => this.#list(path),
      stat: async (path) => this.#status(this.#find(path)),
    };
  }

  #do(effect: Effect): void {
    if (this.isOff) throw systemError("EIO", "the power is gone");
    this.disk.apply(effect);
    this.effects.push(effect);
  }

  #find(path: string): NodeId {
    if (this.isOff) throw systemError("EIO", path);
    let id = rootId;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const found = this.#directory(id, path).names.get(name);
      if (found === undefined) throw systemError("ENOENT", path);
      id = found;
    }
    return id;
  }

  #directory(id: NodeId, path: string): DirectoryNode {
    const node = this.disk.nodes.get(id)!;
    if (node.kind !== "directory") throw systemError("ENOTDIR", path);
    return node;
  }

  /** Where the last part of a path lies. */
  #place(path: string): { directory: NodeId; name: string } {
    const at = path.lastIndexOf("/");
    const directory = this.#find(path.slice(0, at));
    this.#directory(directory, path);
    return { directory, name: path.slice(at + 1) };
  }

  #freePlace(path: string): { directory: NodeId; name: string } {
    const place = this.#place(path);
    if (this.disk.directory(place.directory).names.has(place.name)) throw systemError("EEXIST", path);
    return place;
  }

  #make(is: DiskNode["kind"], mode: number): NodeId {
    const node = this.#nextId++;
    this.#do({ kind: "make", node, is, mode });
    return node;
  }

  #link(node: NodeId, path: string): void {
    this.#do({ kind: "name", ...this.#freePlace(path), node });
  }

  /** Two changes: one may last without the other, which is more than any journal of a file system lets happen. */
  #rename(existing: string, path: string): void {
    this.#link(this.#find(existing), path);
    this.#do({ kind: "name", ...this.#place(existing), node: undefined });
  }

  #unlink(path: string, kind: DiskNode["kind"]): void {
    const node = this.disk.nodes.get(this.#find(path))!;
    if (node.kind !== kind) throw systemError(kind === "file" ? "EISDIR" : "ENOTDIR", path);
    if (node.kind === "directory" && node.names.size > 0) throw systemError("ENOTEMPTY", path);
    this.#do({ kind: "name", ...this.#place(path), node: undefined });
  }

  #open(path: string, flags: "r" | "wx", mode = 0o666): LocalFile {
    if (flags === "r") return this.#handle(this.#find(path));
    const place = this.#freePlace(path);
    const node = this.#make("file", mode);
    this.#do({ kind: "name", ...place, node });
    return this.#handle(node);
  }

  #openDirectory(path: string): LocalFile {
    const id = this.#find(path);
    this.#directory(id, path);
    return this.#handle(id);
  }

  #handle(id: NodeId): LocalFile {
    return {
      fd: id,
      read: async (buffer, offset, length, position) => {
        if (this.isOff) throw systemError("EIO", String(id));
        const part = this.disk.file(id).bytes.subarray(position, position + length);
        buffer.set(part, offset);
        return { bytesRead: part.length };
      },
      write: async (bytes, offset, length, position) => {
        this.#do({ kind: "write", node: id, offset: position, bytes: bytes.slice(offset, offset + length) });
        return { bytesWritten: length };
      },
      stat: async () => this.#status(id),
      chmod: async (mode) => this.#do({ kind: "mode", node: id, mode }),
      chown: async () => {},
      sync: async () => {
        const isIgnored = this.disk.nodes.get(id)!.kind === this.#options.ignoresSyncOf;
        if (!isIgnored) this.#do({ kind: "sync", node: id });
      },
      close: async () => {},
    };
  }

  #status(id: NodeId): LocalStatus {
    if (this.isOff) throw systemError("EIO", String(id));
    const node = this.disk.nodes.get(id)!;
    const size = node.kind === "file" ? node.bytes.length : 0;
    return { size, mtimeMs: 0, mode: node.mode, uid: 1000, gid: 1000, isFile: () => node.kind === "file" };
  }

  #list(path: string): AsyncIterable<LocalEntry> {
    const entries = [...this.#directory(this.#find(path), path).names].map(([name, id]) => {
      const { kind } = this.disk.nodes.get(id)!;
      return { name, isDirectory: () => kind === "directory" };
    });
    return (async function* () {
      yield* entries;
    })();
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, errno: -1, syscall: "model" });
}

/** The same calls, each of which waits for its turn. */
function pace<Calls extends object>(calls: Calls, turn: () => Promise<void>): Calls {
  const entries = Object.entries(calls).map(([name, value]) => {
    if (typeof value !== "function") return [name, value];
    return [name, async (...words: unknown[]) => turn().then(() => value(...words))];
  });
  return Object.fromEntries(entries);
}
