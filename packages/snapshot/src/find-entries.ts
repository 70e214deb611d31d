/**
 * Finds what a path as typed means in a snapshot. An absolute path is that; a relative one may be
 *
 *     photos/a.jpg        below the current folder, as it was typed at backup,
 *                         or below a root: /home/me is one, /home/me/photos/a.jpg is meant,
 *     me/photos/a.jpg     or from the last parts of a root on.
 *
 * or each of these with names as they are shown, with `\\` and `\xNN`. Where these are different entries,
 * none is taken.
 */
import { BcatError, NearNames } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { findDeeper } from "./find-deeper.js";
import { componentsOf, isAtOrBelow, joinNames, joinPath } from "./path.js";
import { type Entry, rootEntries } from "./root-entries.js";
import { meaningsOf } from "./shown-path.js";
import { knownSnapshots, type SnapshotInfo } from "./snapshots.js";
import { compareBytes, showName } from "./tree/name.js";
import { readNodes } from "./tree/tree-reader.js";
import { isUndo } from "./undo-tag.js";

const SLASH = 0x2f;
/** Paths that an error names. */
const NAMED_MAX = 3;
const HOW_TO_TELL =
  "give its absolute path, with \\\\ for each backslash of its name, or the bytes that \\xNN stands for";

export interface FindOptions {
  /** The folder that relative paths are below, absolute; unknown to the core. */
  readonly currentFolder?: Uint8Array | undefined;
}

/** One meaning of a path: the absolute path that it may stand for. */
interface Reading {
  readonly names: readonly Uint8Array[];
  /** Names in front of those that were typed. */
  readonly untyped: number;
}

/** Where a reading leads to nothing. */
interface Stop {
  /** The path that it is of. */
  readonly wanted: Uint8Array;
  readonly folder: Uint8Array;
  /** Names as typed that were found. */
  readonly found: number;
  readonly near: readonly Uint8Array[];
  readonly isFile: boolean;
}

/** What a path stands for. */
export interface FoundEntries {
  /** Absolute. */
  readonly path: Uint8Array;
  /** The entry there, or, when the path is above them, roots. */
  readonly entries: readonly Entry[];
}

type Outcome = { readonly entries: readonly Entry[] } | { readonly stop: Stop };

/**
 * The entry at `path`. A path above roots stands for all of them that are below it.
 *
 * @throws BcatError not-found, naming what is near; usage when a relative path has several meanings
 */
export async function findEntries(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array,
  options: FindOptions = {},
): Promise<FoundEntries> {
  const roots = rootEntries(info);
  const meanings = new Map<string, FoundEntries>();
  const stops: Stop[] = [];
  const typings = meaningsOf(path);
  for (const typed of typings) {
    for (const reading of readingsOf(typed, roots, options.currentFolder)) {
      const outcome = await lookUp(repository, roots, reading);
      if ("stop" in outcome) stops.push(outcome.stop);
      else meanings.set(keyOf(reading.names), { path: pathOf(reading.names), entries: outcome.entries });
    }
  }
  const [meaning, ...others] = meanings.values();
  if (meaning === undefined) throw await notFound({ repository, path, info, roots, stops });
  if (others.length === 0) return meaning;
  const named = [...meanings.values()].slice(0, NAMED_MAX).map((one) => showName(one.path));
  const which = `which ${showName(path)} of snapshot ${info.number} is meant`;
  const remedy = typings.length === 1 ? "give its absolute path" : HOW_TO_TELL;
  throw new BcatError("usage", `Cannot tell ${which}, ${named.join(" or ")}: ${remedy}`);
}

/** The entry of the current folder, when it was backed up. */
export async function findCurrentFolder(
  repository: Repository,
  info: SnapshotInfo,
  { currentFolder }: FindOptions,
): Promise<Entry | undefined> {
  if (currentFolder === undefined) return undefined;
  const roots = rootEntries(info);
  const names = componentsOf(currentFolder);
  if (!roots.some((root) => startsWith(names, componentsOf(root.path)))) return undefined;
  const outcome = await lookUp(repository, roots, { names, untyped: names.length });
  return "stop" in outcome ? undefined : outcome.entries[0];
}

function readingsOf(path: Uint8Array, roots: readonly Entry[], currentFolder: Uint8Array | undefined): Reading[] {
  const typed = componentsOf(path);
  if (path[0] === SLASH) return [{ names: withoutParents(typed), untyped: 0 }];
  const readings = new Map<string, Reading>();
  const add = (before: readonly Uint8Array[], names: readonly Uint8Array[]) => {
    const all = withoutParents([...before, ...names]);
    const key = keyOf(all);
    if (!readings.has(key)) readings.set(key, { names: all, untyped: before.length });
  };
  if (currentFolder !== undefined) add(componentsOf(currentFolder), typed);
  // Up from a root nobody can have meant.
  for (const root of typed.some(isParent) ? [] : roots) {
    const names = componentsOf(root.path);
    add(names, typed);
    for (let length = 1; length <= Math.min(names.length, typed.length); length++) {
      const before = names.slice(0, names.length - length);
      if (startsWith(typed, names.slice(before.length))) add(before, typed);
    }
  }
  return [...readings.values()];
}

async function lookUp(repository: Repository, roots: readonly Entry[], reading: Reading): Promise<Outcome> {
  const { names } = reading;
  const below = roots.filter((root) => startsWith(componentsOf(root.path), names));
  if (below.length > 0) return { entries: below };
  let stop: Stop | undefined;
  for (const root of roots) {
    if (!startsWith(names, componentsOf(root.path))) continue;
    const outcome = await descend(repository, root, reading);
    if ("entries" in outcome) return outcome;
    stop = outcome.stop;
  }
  return { stop: stop ?? stopAboveRoots(roots, reading) };
}

async function descend(repository: Repository, root: Entry, { names, untyped }: Reading): Promise<Outcome> {
  let entry = root;
  for (let depth = componentsOf(root.path).length; depth < names.length; depth++) {
    const near = new NearNames(names[depth]!);
    const isFile = entry.node.subtree === undefined;
    const child = isFile ? undefined : await findChild(repository, entry, names[depth]!, near);
    if (child === undefined) {
      const found = depth - untyped;
      return { stop: { wanted: pathOf(names), folder: entry.path, found, near: near.names, isFile } };
    }
    entry = child;
  }
  return { entries: [entry] };
}

async function findChild(
  repository: Repository,
  parent: Entry,
  name: Uint8Array,
  near: NearNames,
): Promise<Entry | undefined> {
  for await (const nodes of readNodes(repository, parent.node.subtree!)) {
    const node = nodes.find((other) => compareBytes(other.name, name) === 0);
    if (node !== undefined) return { path: joinPath(parent.path, name), node };
    for (const other of nodes) near.offer(other.name);
  }
  return undefined;
}

/** The folders above the roots have no entries, but names that are known. */
function stopAboveRoots(roots: readonly Entry[], { names, untyped }: Reading): Stop {
  const paths = roots.map((root) => componentsOf(root.path));
  let depth = 0;
  while (paths.some((path) => startsWith(path, names.slice(0, depth + 1)))) depth++;
  const above = names.slice(0, depth);
  const near = new NearNames(names[depth]!);
  const siblings = paths.filter((path) => path.length > depth && startsWith(path, above)).map((path) => path[depth]!);
  for (const name of new Map(siblings.map((one) => [keyOf([one]), one])).values()) near.offer(name);
  return { wanted: pathOf(names), folder: pathOf(above), found: depth - untyped, near: near.names, isFile: false };
}

interface Failure {
  readonly repository: Repository;
  readonly path: Uint8Array;
  readonly info: SnapshotInfo;
  readonly roots: readonly Entry[];
  readonly stops: readonly Stop[];
}

async function notFound(failure: Failure): Promise<BcatError> {
  const { path, info, roots } = failure;
  const named = roots.slice(0, NAMED_MAX).map((root) => showName(root.path));
  const where =
    roots.length > NAMED_MAX ? `${named.join(", ")} and ${roots.length - NAMED_MAX} more` : named.join(", ");
  return new BcatError(
    "not-found",
    `Cannot find ${showName(path)} in snapshot ${info.number}, which has ${where}${await hintOf(failure)}`,
  );
}

/** What may have been meant: near names first, then the same names deeper down, then another snapshot. */
async function hintOf({ repository, path, info, roots, stops }: Failure): Promise<string> {
  const furthest = Math.max(...stops.map(({ found }) => found));
  const last = stops.filter(({ found }) => found === furthest);
  const near = last.flatMap((stop) => stop.near.map((name) => showName(joinPath(stop.folder, name))));
  const file = last.find(({ isFile, found }) => isFile && found > 0);
  if (file !== undefined) return `; ${showName(file.folder)} is no folder`;
  const names = path[0] === SLASH ? [] : withoutParents(componentsOf(path));
  const deeper = names.length === 0 ? [] : await findDeeper(repository, roots, { names, atMost: NAMED_MAX });
  const meant = [...new Set([...near, ...deeper.map(showName)])];
  if (meant.length > 0) return `; did you mean ${meant.slice(0, NAMED_MAX).join(" or ")}?`;
  const elsewhere = stops.filter(({ wanted }) => !roots.some((root) => isAtOrBelow(wanted, root.path)));
  const other = otherWith(repository, info, elsewhere);
  return other === undefined ? "" : `; snapshot ${other.number} is of ${showName(other.root)}`;
}

/** The newest other snapshot with a source that is what is looked for, or above it. Reads nothing. */
function otherWith(repository: Repository, info: SnapshotInfo, stops: readonly Stop[]) {
  for (const { number, snapshot } of knownSnapshots(repository).reverse()) {
    if (number === info.number || isUndo(snapshot)) continue;
    const root = snapshot.roots.find(({ path }) => stops.some((stop) => isAtOrBelow(stop.wanted, path)));
    if (root !== undefined) return { number, root: root.path };
  }
  return undefined;
}

/** `..` takes the name before it away, as typed: links are not followed. */
function withoutParents(names: readonly Uint8Array[]): Uint8Array[] {
  const left: Uint8Array[] = [];
  for (const name of names) {
    if (isParent(name)) left.pop();
    else left.push(name);
  }
  return left;
}

function isParent(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;
}

function startsWith(names: readonly Uint8Array[], prefix: readonly Uint8Array[]): boolean {
  return prefix.length <= names.length && prefix.every((name, i) => compareBytes(name, names[i]!) === 0);
}

function pathOf(names: readonly Uint8Array[]): Uint8Array {
  return joinPath(Uint8Array.of(SLASH), joinNames(names));
}

function keyOf(names: readonly Uint8Array[]): string {
  return Buffer.from(pathOf(names)).toString("latin1");
}
