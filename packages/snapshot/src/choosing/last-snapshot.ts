/** The newest snapshot that has an entry. */
import type { Repository } from "@bcat/repository";
import { componentsOf, isAtOrBelow } from "../path.js";
import { rootEntries } from "../root-entries.js";
import { knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";
import type { TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";

/** Snapshots that are looked into: one costs as many reads as the path has names, where its folders have changed. */
const LOOKED_MAX = 1_000;

export interface LastSnapshot {
  readonly info: SnapshotInfo | undefined;
  /** Older ones were not looked into. */
  readonly isCut: boolean;
}

/** The newest snapshot that `among` takes and that has the path, or a folder above it, as a source. */
export async function findSourceOf(
  repository: Repository,
  path: Uint8Array,
  among: (info: ListedSnapshot) => boolean,
): Promise<SnapshotInfo | undefined> {
  const found = knownSnapshots(repository).findLast((info) => among(info) && covers(info, path));
  return found === undefined ? undefined : await readSnapshot(repository, found.number);
}

/** Looks through the snapshots that `among` takes and that have the path, or a folder above it, as a source. */
export async function findLastWith(
  repository: Repository,
  path: Uint8Array,
  among: (info: ListedSnapshot) => boolean,
): Promise<LastSnapshot> {
  const candidates = knownSnapshots(repository).filter((info) => among(info) && covers(info, path));
  /** Folders, with what was looked for below them, that have it not. */
  const without = new Set<string>();
  for (const { number } of candidates.toReversed().slice(0, LOOKED_MAX)) {
    const info = await readSnapshot(repository, number);
    if (info !== undefined && (await has(repository, info, path, without))) return { info, isCut: false };
  }
  return { info: undefined, isCut: candidates.length > LOOKED_MAX };
}

function covers({ snapshot }: ListedSnapshot, path: Uint8Array): boolean {
  return snapshot.roots.some((root) => isAtOrBelow(path, root.path));
}

async function has(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array,
  without: Set<string>,
): Promise<boolean> {
  const root = rootEntries(info).find((entry) => isAtOrBelow(path, entry.path));
  if (root === undefined) return false;
  let folder: TreeReference | undefined = root.node.subtree;
  const passed: string[] = [];
  const names = componentsOf(path).slice(componentsOf(root.path).length);
  for (const [depth, name] of names.entries()) {
    if (folder === undefined) return false;
    const key = `${depth} ${Buffer.from(folder.id).toString("latin1")}`;
    if (without.has(key)) return false;
    passed.push(key);
    const node = await find(repository, folder, name);
    if (node === undefined) {
      for (const each of passed) without.add(each);
      return false;
    }
    folder = node.subtree;
  }
  return true;
}

async function find(repository: Repository, folder: TreeReference, name: Uint8Array) {
  for await (const nodes of readNodes(repository, folder)) {
    const last = nodes.at(-1);
    if (last === undefined || compareBytes(last.name, name) < 0) continue;
    return nodes.find((node) => compareBytes(node.name, name) === 0);
  }
  return undefined;
}
