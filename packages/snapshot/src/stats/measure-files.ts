/** Counts files of some snapshots: by what is in them, or the chunks of each path. */
import type { Repository } from "@bcat/repository";
import { joinPath } from "../path.js";
import { rootEntries } from "../root-entries.js";
import { encodeContent } from "../tree/content.js";
import { type Content, contentSize, type Node, NodeType } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";
import { IdSet } from "./id-set.js";
import type { StatsOptions } from "./options.js";
import { registeredSnapshot } from "./registered-snapshot.js";
import { StatsRun } from "./stats-run.js";

export interface FileSums {
  readonly files: number;
  readonly bytes: number;
  /** Of `blobs-per-file`: chunks, each once for each path. */
  readonly chunks: number;
}

export type FileMode = "files-by-contents" | "blobs-per-file";

/**
 * `files-by-contents`: each content once. `blobs-per-file`: each chunk once for each path, as restic.
 *
 * @throws BcatError refused beyond the limit of an {@link IdSet}; CorruptError; StorageError
 */
export async function measureFiles(
  given: Repository,
  snapshots: readonly number[],
  mode: FileMode,
  options: StatsOptions = {},
): Promise<FileSums> {
  const repository = given.withSignal(options.signal);
  const run = new StatsRun(options);
  await repository.refresh();
  const count = mode === "files-by-contents" ? new ContentCount(repository, run) : new PathCount(repository, run);
  for (const [index, number] of snapshots.entries()) {
    run.begin("snapshots", index, snapshots.length);
    const snapshot = await registeredSnapshot(repository, number);
    for (const { path, node } of rootEntries({ number, snapshot })) await visitNode(repository, count, path, node);
  }
  return { files: count.files, bytes: count.bytes, chunks: count.chunks };
}

interface FileCount extends FileSums {
  /** True when what is in a folder was not counted yet. */
  folder(path: Uint8Array, tree: Uint8Array): boolean;
  file(path: Uint8Array, content: Content): Promise<void> | void;
  readonly run: StatsRun;
}

async function visitNode(repository: Repository, count: FileCount, path: Uint8Array, node: Node): Promise<void> {
  if (node.type === NodeType.file && node.content !== undefined) await count.file(path, node.content);
  if (node.subtree === undefined || !count.folder(path, node.subtree.id)) return;
  await count.run.tree();
  for await (const nodes of readNodes(repository, node.subtree)) {
    for (const child of nodes) await visitNode(repository, count, joinPath(path, child.name), child);
  }
}

/** A folder that was looked at has nothing new, wherever it lies. */
class ContentCount implements FileCount {
  files = 0;
  bytes = 0;
  readonly chunks = 0;
  readonly run: StatsRun;
  readonly #repository: Repository;
  readonly #folders = new IdSet();
  readonly #contents = new IdSet();

  constructor(repository: Repository, run: StatsRun) {
    this.#repository = repository;
    this.run = run;
  }

  folder(_path: Uint8Array, tree: Uint8Array): boolean {
    return this.#folders.add(tree);
  }

  file(_path: Uint8Array, content: Content): void {
    if (!this.#contents.add(this.#repository.context.blake3.hash(encodeContent(content)))) return;
    this.files++;
    this.bytes += contentSize(content);
  }
}

/** A folder that was looked at has nothing new at the same path. */
class PathCount implements FileCount {
  files = 0;
  bytes = 0;
  chunks = 0;
  readonly run: StatsRun;
  readonly #repository: Repository;
  readonly #seen = new IdSet();

  constructor(repository: Repository, run: StatsRun) {
    this.#repository = repository;
    this.run = run;
  }

  folder(path: Uint8Array, tree: Uint8Array): boolean {
    return this.#isNew("folder", path, tree);
  }

  async file(path: Uint8Array, content: Content): Promise<void> {
    if (this.#isNew("file", path, new Uint8Array(0))) this.files++;
    if (content.kind === "inline") {
      if (this.#isNew("bytes", path, content.bytes)) this.bytes += content.bytes.length;
      return;
    }
    for await (const chunks of readChunkReferences(this.#repository, content)) {
      for (const { id, length } of chunks) {
        if (!this.#isNew("chunk", path, id)) continue;
        this.chunks++;
        this.bytes += length;
      }
    }
  }

  #isNew(what: string, path: Uint8Array, of: Uint8Array): boolean {
    const key = Buffer.concat([Buffer.from(`${what}\0`), path, Buffer.of(0), of]);
    return this.#seen.add(this.#repository.context.blake3.hash(key));
  }
}
