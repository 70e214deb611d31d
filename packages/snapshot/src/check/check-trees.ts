/** Checks that everything a snapshot refers to is there: its trees decode, their chunks have locations and lengths. */
import { ArchivedError, CorruptError, isBcatError } from "@bcat/errors";
import { type BlobKind, ChunkClaims, type ChunkIndex, type ChunkLocation, DATA, TREE } from "@bcat/pack";
import {
  type CheckRun,
  type LostChunks,
  missingChunk,
  needPathsMax,
  type Repository,
  registerName,
} from "@bcat/repository";
import { joinPath } from "../path.js";
import { type Entry, rootEntries } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { decodeContent } from "../tree/content.js";
import type { ChunkReference, Content, TreeReference } from "../tree/node.js";
import { readChunkReferences, readNodes, type TreeSource } from "../tree/tree-reader.js";

/** Paths that need the same object and are counted once, however many snapshots have them; further ones may count twice. */
const PATHS_TOLD_APART = 1_000;

export interface TreeCheck {
  readonly repository: Repository;
  readonly run: CheckRun;
  readonly lost: LostChunks;
}

/** Damage, and what needs what is damaged. */
export interface Need {
  /** What was found; undefined for a bad pack, of which the caller knows it. */
  readonly message: string | undefined;
  /** Name of the object that is to blame, where one is. */
  readonly object: string | undefined;
  readonly snapshots: number[];
  /** Absolute, of the first entries found, {@link needPathsMax} at most. */
  readonly paths: Uint8Array[];
  /** Paths found, those of `paths` included. */
  pathCount: number;
}

/**
 * Walks all snapshots, each shared tree once, and tells what needs which bad pack or other damaged object, by its name;
 * damage that lies in no object, by its message. Memory: 16 bytes and some for each tree, and the trees that need what is
 * damaged.
 */
export async function checkTrees(parts: TreeCheck, snapshots: readonly SnapshotInfo[]): Promise<TreeFindings> {
  const walk = new TreeWalk(parts, await parts.repository.index());
  for (const info of snapshots) await walk.snapshot(info);
  return walk;
}

export interface TreeFindings {
  readonly needs: ReadonlyMap<string, Need>;
  /** Some trees or lists could not be read: what is needed below them is not known. */
  readonly isBlind: boolean;
}

class TreeWalk {
  readonly needs = new Map<string, Need>();
  isBlind = false;
  readonly #repository: Repository;
  readonly #index: ChunkIndex;
  readonly #run: CheckRun;
  readonly #lost: LostChunks;
  readonly #seen = ChunkClaims.create();
  /** Trees, lists and chunks of scan streams that were read or looked up, and how many there are at most. */
  #treesDone = 0;
  readonly #treesMax: number;
  /** The keys of `needs` that are needed below trees and lists which were walked, by id. */
  readonly #neededBelow = new Map<string, ReadonlySet<string>>();
  /** Paths that were counted, by key of `needs`. */
  readonly #paths = new Map<string, Set<string>>();
  /** Those needed below what is being walked. */
  #needed = new Set<string>();

  constructor({ repository, run, lost }: TreeCheck, index: ChunkIndex) {
    this.#repository = repository;
    this.#index = index;
    this.#run = run;
    this.#lost = lost;
    // None where the index is lost.
    this.#treesMax = Math.max(1, index.placeCount(TREE));
  }

  async snapshot(info: SnapshotInfo): Promise<void> {
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
    for (const key of this.#needed) this.needs.get(key)!.snapshots.push(info.number);
  }

  async #entry({ path, node }: Entry): Promise<void> {
    if (node.content !== undefined) await this.#content(node.content, DATA, path);
    for (const { content } of node.attributes ?? []) await this.#content(content, DATA, path);
    if (node.subtree !== undefined) await this.#directory(node.subtree, path);
  }

  /** A damaged directory is reported with its path; its siblings are still looked at. */
  async #directory(tree: TreeReference, path: Uint8Array): Promise<void> {
    await this.#once(tree.id, async () => {
      await this.#run.step("trees", this.#treesDone, undefined, Math.min(1, this.#treesDone / this.#treesMax));
      await this.#guard(path, async () => {
        for await (const nodes of readNodes(this.#trees(path), tree)) {
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
        for await (const chunks of readChunkReferences(this.#trees(path), content)) {
          await this.#chunks(kind, chunks, bad);
        }
        for (const pack of bad) this.#need(pack, { path });
      });
    if (content.kind === "list") await this.#once(content.list.id, walk);
    else await walk();
  }

  /**
   * Reads the trees at `path`, and counts what they need of bad packs: of a pack whose trailer is damaged each tree may
   * still open.
   */
  #trees(path: Uint8Array): TreeSource {
    const bad = new Set<string>();
    return {
      readChunk: async (kind, id) => {
        this.#treesDone++;
        const bytes = await this.#repository.readChunk(kind, id);
        const locations = this.#index.locate(kind, id);
        const pack = locations[0]?.pack.name;
        if (pack === undefined || bad.has(pack) || locations.some((place) => !this.#lost.isSuspect(place.pack.name)))
          return bytes;
        if ((await this.#lost.findSound(kind, id, locations)) !== undefined) return bytes;
        this.#need(pack, { path });
        bad.add(pack);
        return bytes;
      },
    };
  }

  /** Walks a tree or list the first time it is met; the other times only the damage that it needs counts. */
  async #once(id: Uint8Array, walk: () => Promise<void>): Promise<void> {
    const outer = this.#needed;
    if (!this.#seen.claim(id)) {
      if (this.#neededBelow.size === 0) return;
      for (const key of this.#neededBelow.get(Buffer.from(id).toString("hex")) ?? []) outer.add(key);
      return;
    }
    const needed = new Set<string>();
    this.#needed = needed;
    await walk();
    this.#needed = outer;
    if (needed.size === 0) return;
    this.#neededBelow.set(Buffer.from(id).toString("hex"), needed);
    for (const key of needed) outer.add(key);
  }

  #need(key: string, { path, message, object }: { path: Uint8Array; message?: string; object?: string }): void {
    this.#needed.add(key);
    const need = this.needs.get(key) ?? { message, object, snapshots: [], paths: [], pathCount: 0 };
    this.needs.set(key, need);
    if (!this.#isNewPath(key, path)) return;
    need.pathCount++;
    if (need.paths.length < needPathsMax) need.paths.push(path);
  }

  /** False for a path that was counted already, in another snapshot: of the first {@link PATHS_TOLD_APART} of each key. */
  #isNewPath(key: string, path: Uint8Array): boolean {
    const paths = this.#paths.get(key) ?? new Set<string>();
    this.#paths.set(key, paths);
    const name = Buffer.from(path).toString("latin1");
    if (paths.has(name)) return false;
    if (paths.size < PATHS_TOLD_APART) paths.add(name);
    return true;
  }

  /** Names in `bad` the packs that chunks cannot be had without. */
  async #chunks(kind: BlobKind, chunks: readonly ChunkReference[], bad: Set<string>): Promise<void> {
    for (const { id, length } of chunks) {
      if (kind === TREE && this.#seen.claim(id)) this.#treesDone++;
      const locations = this.#index.locate(kind, id);
      const first = locations[0];
      if (first === undefined) throw missingChunk(id, this.#repository.history);
      const location =
        locations.find(({ pack }) => !this.#lost.isSuspect(pack.name)) ??
        (await this.#lost.findSound(kind, id, locations));
      if (location === undefined) bad.add(first.pack.name);
      else if (location.length !== length) throw wrongLength(location, length);
    }
  }

  /** Damage that `action` meets is needed by `path`. */
  async #guard(path: Uint8Array, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (error instanceof ArchivedError) {
        this.#run.unreadTrees++;
        return;
      }
      if (!isBcatError(error, "corrupt")) throw error;
      this.isBlind = true;
      const object = error instanceof CorruptError ? error.object : undefined;
      if (object !== undefined && this.#lost.isSuspect(object)) this.#need(object, { path });
      else this.#need(object ?? error.message, { path, message: error.message, ...(object && { object }) });
    }
  }
}

function wrongLength({ pack: { name }, length }: ChunkLocation, wanted: number): CorruptError {
  const found = `a chunk in it has ${length} bytes, a tree says ${wanted}`;
  return new CorruptError(`Cannot use "${name}": ${found}`, { object: name });
}
