/** Walking the entries of a snapshot. */
import type { Repository } from "@bcat/repository";
import { entriesAbove, waysToRoots } from "./entries-above.js";
import { type FindOptions, type FoundEntries, findCurrentFolder, findEntries } from "./find-entries.js";
import { joinPath } from "./path.js";
import { type Entry, rootEntries } from "./root-entries.js";
import type { SnapshotInfo } from "./snapshots.js";
import { compareBytes } from "./tree/name.js";
import { NodeType } from "./tree/node.js";
import { readNodes } from "./tree/tree-reader.js";
import { Turns } from "./turns.js";

export interface WalkOptions extends FindOptions {
  /** False: of a folder at the path that is asked for only what is right in it. */
  readonly recursive?: boolean;
}

/**
 * All entries of a snapshot, or `path` and all below it: directories before what is in them, by name. `.` is the current
 * folder if that was backed up, else everything. Folders above the roots are there as far as the snapshot knows them.
 *
 * @throws BcatError not-found, usage; CorruptError
 */
export async function* listEntries(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array | undefined,
  options: WalkOptions = {},
): AsyncGenerator<Entry> {
  const { recursive = true } = options;
  const found = path === undefined ? undefined : await findStart(repository, info, path, options);
  if (found === undefined) for (const root of rootEntries(info)) yield* walk(repository, root);
  else if (isEntry(found)) yield* listStart(repository, found.entries[0]!, recursive);
  else if (!recursive) yield* entriesAbove(info, found);
  else {
    for (const { folders, root } of waysToRoots(info, found)) {
      yield* folders;
      yield* walk(repository, root);
    }
  }
}

/** Undefined for everything. */
async function findStart(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array,
  options: FindOptions,
): Promise<FoundEntries | undefined> {
  if (!isHere(path)) return await findEntries(repository, info, path, options);
  const here = await findCurrentFolder(repository, info, options);
  return here === undefined ? undefined : { path: here.path, entries: [here] };
}

/** False for a path above roots. */
function isEntry({ path, entries }: FoundEntries): boolean {
  return entries.length === 1 && compareBytes(entries[0]!.path, path) === 0;
}

async function* listStart(repository: Repository, entry: Entry, recursive: boolean): AsyncGenerator<Entry> {
  if (recursive) yield* walk(repository, entry);
  else {
    yield entry;
    yield* children(repository, entry);
  }
}

/** True for `.`, however it was typed. */
export function isHere(path: Uint8Array): boolean {
  return path.length === 1 && path[0] === 0x2e;
}

/**
 * With the levels in a list: generators inside one another take stack for each, and time for each at every entry. What
 * comes out of memory waits for nothing, so that others, as signals, are given their turns.
 */
async function* walk(repository: Repository, start: Entry): AsyncGenerator<Entry> {
  yield start;
  const turns = new Turns(repository.environment.now);
  const levels = [children(repository, start)];
  for (let last = levels.at(-1); last !== undefined; last = levels.at(-1)) {
    const { value, done } = await last.next();
    if (done === true) {
      levels.pop();
      continue;
    }
    if (turns.entry()) await turns.take();
    yield value;
    if (value.node.type === NodeType.directory) levels.push(children(repository, value));
  }
}

async function* children(repository: Repository, { path, node }: Entry): AsyncGenerator<Entry, undefined> {
  if (node.type !== NodeType.directory || node.subtree === undefined) return;
  for await (const nodes of readNodes(repository, node.subtree)) {
    for (const child of nodes) yield { path: joinPath(path, child.name), node: child };
  }
}
