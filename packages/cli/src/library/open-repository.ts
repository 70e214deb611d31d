/** The methods of an open repository, by those of our packages. */
import { availableParallelism } from "node:os";
import { bytesOfText, textOfBytes } from "@bcat/errors";
import { absolutePathBytes, isPrivileged, loadOwnerNames, ownFolders, type Site, sourcePathBytes } from "@bcat/host";
import type { Repository as Opened } from "@bcat/repository";
import * as snapshots from "@bcat/snapshot";
import { readFile } from "./file-bytes.js";
import type * as library from "./options.js";

/** Of threads that read and pack, or write. */
const threadsMax = 8;

export class OpenRepository implements library.Repository {
  readonly id: string;
  readonly #opened: Opened;
  readonly #site: Site;

  constructor(opened: Opened, site: Site) {
    this.id = Buffer.from(opened.id).toString("hex");
    this.#opened = opened;
    this.#site = site;
  }

  async backup(paths: readonly string[], options: library.BackupOptions = {}): Promise<library.BackupResult> {
    const { exclude, tags, host, signal, onWarning } = options;
    const roots = paths.map((path) => sourcePathBytes(bytesOfText(path)));
    const summary = await snapshots.backup(this.#opened, this.#site.posix, roots, {
      ...(exclude === undefined ? {} : { excludes: exclude }),
      ...(tags === undefined ? {} : { tags }),
      ...(host === undefined ? {} : { host }),
      ...(signal === undefined ? {} : { signal }),
      threads: threads(),
      ownFolders: ownFolders(this.#site),
      owners: loadOwnerNames(),
      isPrivileged: isPrivileged(),
      onWarning: warnBy(onWarning),
    });
    const { filesNew, filesChanged, filesUnmodified, dataAddedPacked, errors } = summary;
    // Only a dry run, and one that may be skipped, make none.
    const snapshot = summary.snapshotNumber!;
    return { snapshot, filesNew, filesChanged, filesUnmodified, bytesStored: dataAddedPacked, errors };
  }

  async snapshots(): Promise<library.Snapshot[]> {
    return (await snapshots.listSnapshots(this.#opened)).map(({ number, snapshot }) => ({
      number,
      time: new Date(snapshot.start),
      host: snapshot.host,
      user: snapshot.user,
      paths: snapshot.roots.map(({ path }) => textOfBytes(path)),
      tags: snapshot.tags,
      files: snapshot.counts.files,
      bytes: snapshot.counts.bytes,
      errors: snapshot.errors.total,
    }));
  }

  async *entries(name: library.SnapshotName, path?: string): AsyncGenerator<library.Entry> {
    const found = await this.#find(name);
    const below = path === undefined ? undefined : bytesOfText(path);
    for await (const entry of snapshots.listEntries(this.#opened, found, below)) yield described(entry);
  }

  async *read(name: library.SnapshotName, path: string): AsyncGenerator<Uint8Array> {
    yield* readFile(this.#opened, await this.#find(name), bytesOfText(path));
  }

  async restore(
    name: library.SnapshotName,
    target: string,
    { path, overwrite, signal, onWarning }: library.RestoreOptions = {},
  ): Promise<library.RestoreResult> {
    const wanted = path === undefined ? "all" : bytesOfText(path);
    const into = absolutePathBytes(target);
    const summary = await snapshots.restore(this.#opened, this.#site.posix, await this.#find(name), wanted, into, {
      overwrite,
      ...(signal === undefined ? {} : { signal }),
      threads: threads(),
      ownFolders: ownFolders(this.#site),
      onWarning: warnBy(onWarning),
    });
    const { filesRestored, directoriesRestored, bytesRestored, errors } = summary;
    return { files: filesRestored, folders: directoriesRestored, bytes: bytesRestored, errors };
  }

  async close(): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }

  #find(name: library.SnapshotName): Promise<snapshots.SnapshotInfo> {
    return snapshots.findSnapshot(this.#opened, String(name));
  }
}

function threads(): number {
  return Math.min(availableParallelism(), threadsMax);
}

function warnBy(onWarning: library.BackupOptions["onWarning"]): (warning: snapshots.Warning) => void {
  return ({ kind, code, path, message }) => onWarning?.({ kind, code, path: textOfBytes(path), message });
}

function described({ path, node }: snapshots.Entry): library.Entry {
  return {
    path: textOfBytes(path),
    type: typeOf(node),
    size: node.content === undefined ? 0 : snapshots.contentSize(node.content),
    mode: node.mode,
    modified: new Date(node.mtimeSeconds * 1000 + Math.floor(node.mtimeNanoseconds / 1e6)),
  };
}

function typeOf({ type }: snapshots.Node): library.Entry["type"] {
  if (type === snapshots.NodeType.file) return "file";
  if (type === snapshots.NodeType.directory) return "folder";
  return type === snapshots.NodeType.symlink ? "symlink" : "other";
}
