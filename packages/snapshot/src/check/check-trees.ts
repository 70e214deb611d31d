/** Checks that everything a snapshot refers to is there: its trees decode, their chunks have locations and lengths. */
import { CorruptError } from "@bcat/errors";
import { type BlobKind, ChunkClaims, type ChunkIndex, DATA, TREE } from "@bcat/pack";
import { type CheckRun, missingChunk, type Repository, registerName } from "@bcat/repository";
import { type Entry, rootEntries } from "../entries.js";
import { joinPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { decodeContent } from "../tree/content.js";
import { showName } from "../tree/name.js";
import type { ChunkReference, Content, TreeReference } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";

export interface TreeCheck {
  readonly repository: Repository;
  readonly run: CheckRun;
  /** Names of packs that cannot be read. */
  readonly badPacks: { has(name: string): boolean; readonly size: number };
}

/** What needs a bad pack. */
export interface Need {
  readonly snapshots: number[];
  /** Absolute, of the first entry found. */
  readonly path: Uint8Array;
  /** Entries found besides it. */
  others: number;
}

/**
 * Walks all snapshots, each shared tree once, and tells what needs which bad pack. Memory: 16 bytes and some for each
 * tree, and the trees that need bad packs.
 */
export async function checkTrees(
  parts: TreeCheck,
  snapshots: readonly SnapshotInfo[],
): Promise<ReadonlyMap<string, Need>> {
  const walk = new TreeWalk(parts, await parts.repository.index());
  for (const info of snapshots) await walk.snapshot(info);
  return walk.needs;
}

class TreeWalk {
  readonly needs = new Map<string, Need>();
  readonly #repository: Repository;
  readonly #index: ChunkIndex;
  readonly #run: CheckRun;
  readonly #badPacks: TreeCheck["badPacks"];
  readonly #seen = ChunkClaims.create();
  /** The bad packs that are needed below trees and lists which were walked, by id. */
  readonly #neededBelow = new Map<string, ReadonlySet<string>>();
  /** Those needed below what is being walked. */
  #needed = new Set<string>();
  #snapshot = 0;

  constructor({ repository, run, badPacks }: TreeCheck, index: ChunkIndex) {
    this.#repository = repository;
    this.#index = index;
    this.#run = run;
    this.#badPacks = badPacks;
  }

  async snapshot(info: SnapshotInfo): Promise<void> {
    this.#snapshot = info.number;
    this.#needed = new Set();
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
    for (const pack of this.#needed) this.needs.get(pack)!.snapshots.push(info.number);
  }

  async #entry({ path, node }: Entry): Promise<void> {
    if (node.content !== undefined) await this.#content(node.content, DATA, path);
    for (const { content } of node.attributes ?? []) await this.#content(content, DATA, path);
    if (node.subtree !== undefined) await this.#directory(node.subtree, path);
  }

  /** A damaged directory is reported with its path; its siblings are still looked at. */
  async #directory(tree: TreeReference, path: Uint8Array): Promise<void> {
    await this.#once(tree.id, async () => {
      await this.#run.step("trees", this.#seen.count, undefined);
      await this.#guard(path, async () => {
        for await (const nodes of readNodes(this.#repository, tree)) {
          for (const node of nodes) await this.#entry({ path: joinPath(path, node.name), node });
        }
      });
    });
  }

  async #content(content: Content, kind: BlobKind, path: Uint8Array): Promise<void> {
    if (content.kind === "inline") return;
    const walk = () =>
      this.#guard(path, async () => {
        const bad = new Set<string>();
        for await (const chunks of readChunkReferences(this.#repository, content)) {
          for (const chunk of chunks) this.#chunk(kind, chunk, bad);
        }
        for (const pack of bad) this.#need(pack, path);
      });
    if (content.kind === "list") await this.#once(content.list.id, walk);
    else await walk();
  }

  /** Walks a tree or list the first time it is met; the other times only what it needs of bad packs counts. */
  async #once(id: Uint8Array, walk: () => Promise<void>): Promise<void> {
    const outer = this.#needed;
    if (!this.#seen.claim(id)) {
      if (this.#neededBelow.size === 0) return;
      for (const pack of this.#neededBelow.get(Buffer.from(id).toString("hex")) ?? []) outer.add(pack);
      return;
    }
    const needed = new Set<string>();
    this.#needed = needed;
    await walk();
    this.#needed = outer;
    if (needed.size === 0) return;
    this.#neededBelow.set(Buffer.from(id).toString("hex"), needed);
    for (const pack of needed) outer.add(pack);
  }

  #need(pack: string, path: Uint8Array): void {
    this.#needed.add(pack);
    const need = this.needs.get(pack);
    if (need === undefined) this.needs.set(pack, { snapshots: [], path, others: 0 });
    else need.others++;
  }

  /** Names in `bad` the pack that the chunk cannot be had without. */
  #chunk(kind: BlobKind, chunk: ChunkReference, bad: Set<string>): void {
    const locations = this.#index.locate(kind, chunk.id);
    const location =
      this.#badPacks.size === 0 ? locations[0] : locations.find(({ pack }) => !this.#badPacks.has(pack.name));
    if (location === undefined) {
      if (locations[0] === undefined) throw missingChunk(chunk.id, this.#repository.history);
      bad.add(locations[0].pack.name);
      return;
    }
    if (location.length === chunk.length) return;
    const { name } = location.pack;
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
          if (error.object !== undefined && this.#badPacks.has(error.object)) {
            this.#need(error.object, path);
            return;
          }
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
