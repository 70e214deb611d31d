/** Checks that everything a snapshot refers to is there: its trees decode, their chunks have locations and lengths. */
import { CorruptError } from "@bcat/errors";
import { type BlobKind, type ChunkLocation, DATA, IdSet, TREE } from "@bcat/pack";
import { missingChunk, missingPack, type Repository, registerName } from "@bcat/repository";
import { type Entry, rootEntries } from "../entries.js";
import { joinPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { decodeContent } from "../tree/content.js";
import { showName } from "../tree/name.js";
import type { ChunkReference, Content, TreeReference } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";
import type { CheckRun } from "./findings.js";

export interface TreeCheck {
  readonly repository: Repository;
  readonly run: CheckRun;
  /** Packs that were condemned and are no longer there. */
  readonly gonePacks: ReadonlySet<string>;
}

/** Walks all snapshots, each shared tree once. Memory: 16 bytes and some for each tree. */
export async function checkTrees(parts: TreeCheck, snapshots: readonly SnapshotInfo[]): Promise<void> {
  const walk = new TreeWalk(parts);
  for (const info of snapshots) await walk.snapshot(info);
}

class TreeWalk {
  readonly #repository: Repository;
  readonly #run: CheckRun;
  readonly #gonePacks: ReadonlySet<string>;
  readonly #seen = new IdSet();
  #snapshot = 0;

  constructor({ repository, run, gonePacks }: TreeCheck) {
    this.#repository = repository;
    this.#run = run;
    this.#gonePacks = gonePacks;
  }

  async snapshot(info: SnapshotInfo): Promise<void> {
    this.#snapshot = info.number;
    const object = registerName("outcomes", info.number);
    await this.#run.guard(
      async () => {
        for (const entry of rootEntries(info)) await this.#entry(entry);
        for (const root of info.snapshot.roots) {
          if (root.scan.length > 0) await this.#content(decodeContent(root.scan, "a scan stream"), TREE, root.path);
        }
      },
      { object, snapshots: [info.number] },
    );
  }

  async #entry({ path, node }: Entry): Promise<void> {
    if (node.content !== undefined) await this.#content(node.content, DATA, path);
    for (const { content } of node.attributes ?? []) await this.#content(content, DATA, path);
    if (node.subtree !== undefined) await this.#directory(node.subtree, path);
  }

  /** A damaged directory is reported with its path; its siblings are still looked at. */
  async #directory(tree: TreeReference, path: Uint8Array): Promise<void> {
    if (!this.#seen.add(tree.id)) return;
    await this.#run.step("trees", this.#seen.size, undefined);
    await this.#guard(path, async () => {
      for await (const nodes of readNodes(this.#repository, tree)) {
        for (const node of nodes) await this.#entry({ path: joinPath(path, node.name), node });
      }
    });
  }

  async #content(content: Content, kind: BlobKind, path: Uint8Array): Promise<void> {
    if (content.kind === "inline") return;
    if (content.kind === "list" && !this.#seen.add(content.list.id)) return;
    await this.#guard(path, async () => {
      for await (const chunks of readChunkReferences(this.#repository, content)) {
        for (const chunk of chunks) this.#chunk(kind, chunk);
      }
    });
  }

  #chunk(kind: BlobKind, chunk: ChunkReference): void {
    const { state } = this.#repository;
    const nameOf = ({ segment, pack }: ChunkLocation) => state.index.record(segment, pack).name;
    const locations = state.index.locate(kind, chunk.id);
    const location =
      this.#gonePacks.size === 0 ? locations[0] : locations.find((place) => !this.#gonePacks.has(nameOf(place)));
    if (location === undefined) {
      if (locations[0] === undefined) throw missingChunk(chunk.id, state);
      throw missingPack(nameOf(locations[0]));
    }
    if (location.length === chunk.length) return;
    const name = nameOf(location);
    throw new CorruptError(
      `Cannot use "${name}": a chunk in it has ${location.length} bytes, a tree says ${chunk.length}`,
      { object: name },
    );
  }

  async #guard(path: Uint8Array, action: () => Promise<void>): Promise<void> {
    const snapshot = this.#snapshot;
    await this.#run.guard(
      async () => {
        try {
          await action();
        } catch (error) {
          if (!(error instanceof CorruptError)) throw error;
          const object = error.object === undefined ? {} : { object: error.object };
          throw new CorruptError(`${error.message}; needed by ${showName(path)} of snapshot ${snapshot}`, {
            cause: error,
            ...object,
          });
        }
      },
      { snapshots: [snapshot] },
    );
  }
}
