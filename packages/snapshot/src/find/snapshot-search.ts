/**
 * Finds entries in many snapshots. A folder that was gone through and had nothing is known by the id of what is in it, and
 * is not read again in the snapshots that follow: only what differs between them is.
 */
import { CorruptError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { joinPath, keyOf, splitPath } from "../path.js";
import { type Entry, rootEntries } from "../root-entries.js";
import { readSnapshot } from "../snapshots.js";
import { IdSet } from "../stats/id-set.js";
import type { Node, TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import { Turns } from "../turns.js";
import { Findings } from "./findings.js";

/** Folders without a match that are remembered, 16 bytes each; what is beyond that is read again. */
const EMPTY_MAX = 3_000_000;
/** Matches that are remembered, with the folders that they are in, and all that are in one folder. */
const MATCHES_MAX = 300_000;
const MATCHES_EACH_MAX = 20_000;

/** An entry that may be meant. */
export interface Candidate {
  readonly node: Node;
  readonly name: Uint8Array;
  /** Absolute; put together when it is asked for. */
  path(): Uint8Array;
}

/** What is looked for. */
export interface Search {
  /** Whether an entry is meant. */
  readonly matches: (candidate: Candidate) => boolean | Promise<boolean>;
  /** Whether it depends on the path of a folder what is found in it: on names alone, it does not. */
  readonly isByPath: boolean;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  /** Told of each folder that is read, so far in all. */
  readonly onFolder?: (folders: number) => void;
  /** Told once of each folder that cannot be read, wherever it is met; without, that is thrown. */
  readonly onDamage?: (path: Uint8Array, damage: CorruptError) => void;
}

export class SnapshotSearch {
  readonly #repository: Repository;
  readonly #search: Search;
  readonly #options: SearchOptions;
  readonly #empty = new IdSet();
  readonly #known = new Map<string, Findings>();
  readonly #damaged = new Set<string>();
  readonly #turns: Turns;
  #knownParts = 0;
  #folders = 0;

  constructor(repository: Repository, search: Search, options: SearchOptions = {}) {
    this.#repository = repository.withSignal(options.signal);
    this.#search = search;
    this.#options = options;
    this.#turns = new Turns(repository.environment.now);
  }

  /** What is found in a snapshot, in order of path. @throws CorruptError; StorageError; BcatError refused */
  async *in(number: number): AsyncGenerator<Entry> {
    const info = await readSnapshot(this.#repository, number);
    if (info === undefined) return;
    for (const root of rootEntries(info)) yield* this.#walk(root);
  }

  async *#walk(root: Entry): AsyncGenerator<Entry> {
    const { path, node } = root;
    const { name } = splitPath(path);
    if (await this.#search.matches({ node, name, path: () => path })) yield root;
    const levels: Level[] = [];
    yield* this.#enter(levels, path, node);
    for (let last = levels.at(-1); last !== undefined; last = levels.at(-1)) {
      const next = last.next();
      if (next === undefined) {
        if (await this.#fill(last)) continue;
        levels.pop();
        this.#remember(last);
        levels.at(-1)?.addBelow(last);
        continue;
      }
      if (this.#turns.entry()) await this.#takeTurn();
      const found = this.#search.matches(next);
      // Of hundreds of thousands of entries, few have to be waited for.
      if (typeof found === "boolean" ? found : await found) {
        last.add(next.node);
        yield { path: next.path(), node: next.node };
      }
      if (next.node.subtree !== undefined) yield* this.#enter(levels, next.path(), next.node);
    }
  }

  /** What comes out of memory waits for nothing: an interrupt would be heard of when all is over. */
  async #takeTurn(): Promise<void> {
    await this.#turns.take();
    this.#options.signal?.throwIfAborted();
  }

  /** Reads more entries of a level; false at its end, and at one that is damaged, of which nothing is remembered then. */
  async #fill(level: Level): Promise<boolean> {
    const { onDamage } = this.#options;
    try {
      return await level.fill();
    } catch (error) {
      if (!(error instanceof CorruptError) || onDamage === undefined) throw error;
      this.#damaged.add(keyOf(level.key));
      level.found = undefined;
      onDamage(level.path, error);
      return false;
    }
  }

  /** Goes on with what is in a folder; what is known of it comes at once. */
  *#enter(levels: Level[], path: Uint8Array, { subtree, name }: Node): Generator<Entry> {
    if (subtree === undefined) return;
    const key = this.#keyOf(path, subtree);
    if (this.#empty.has(key)) return;
    if (this.#damaged.has(keyOf(key))) {
      levels.at(-1)?.addBelow({ name, found: undefined });
      return;
    }
    const known = this.#known.get(keyOf(key));
    if (known !== undefined) {
      levels.at(-1)?.addBelow({ name, found: known });
      yield* known.entries(path);
      return;
    }
    this.#options.signal?.throwIfAborted();
    this.#options.onFolder?.(++this.#folders);
    levels.push(new Level(this.#repository, { path, name, subtree, key }));
  }

  #remember({ key, found }: Level): void {
    if (found === undefined) return;
    if (found.count === 0) {
      if (this.#empty.count < EMPTY_MAX) this.#empty.add(key);
      return;
    }
    if (this.#knownParts + found.partCount > MATCHES_MAX) {
      this.#known.clear();
      this.#knownParts = 0;
    }
    this.#known.set(keyOf(key), found);
    this.#knownParts += found.partCount;
  }

  #keyOf(path: Uint8Array, { id }: TreeReference): Uint8Array {
    if (!this.#search.isByPath) return id;
    return this.#repository.context.blake3.hash(Buffer.concat([id, path]));
  }
}

interface Folder {
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  readonly subtree: TreeReference;
  readonly key: Uint8Array;
}

/** The entries of one folder, one after another, and what was found in it. */
class Level {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
  /** In order; undefined when it is too much to be kept. */
  found: Findings | undefined = new Findings();
  readonly path: Uint8Array;
  readonly #pieces: AsyncGenerator<readonly Node[]>;
  #piece: readonly Node[] = [];
  #at = 0;

  constructor(repository: Repository, { path, name, subtree, key }: Folder) {
    this.name = name;
    this.key = key;
    this.path = path;
    this.#pieces = readNodes(repository, subtree);
  }

  /** Reads entries, when all that were read have been taken; false when there are no more. */
  async fill(): Promise<boolean> {
    const { value, done } = await this.#pieces.next();
    this.#piece = done === true ? [] : value;
    this.#at = 0;
    return done !== true;
  }

  /** The next entry of those that were read. */
  next(): Candidate | undefined {
    const node = this.#piece[this.#at++];
    if (node === undefined) return undefined;
    return { node, name: node.name, path: () => joinPath(this.path, node.name) };
  }

  add(node: Node): void {
    if (this.found?.count === MATCHES_EACH_MAX) this.found = undefined;
    this.found?.add(node);
  }

  /** What was found in a folder that is in this one. */
  addBelow({ name, found }: { readonly name: Uint8Array; readonly found: Findings | undefined }): void {
    if (found === undefined || (this.found?.count ?? 0) + found.count > MATCHES_EACH_MAX) this.found = undefined;
    else if (found.count > 0) this.found?.addBelow(name, found);
  }
}
