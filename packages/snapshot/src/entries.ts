/** Walking the entries of a snapshot, and finding one by its path. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { joinPath } from "./path.js";
import type { SnapshotInfo } from "./snapshots.js";
import { decodeLeaf } from "./tree/leaf.js";
import { compareBytes, showName } from "./tree/name.js";
import { type Node, NodeType } from "./tree/node.js";
import { readNodes } from "./tree/tree-reader.js";

/** A node and where it was backed up from. */
export interface Entry {
  /** Absolute. */
  readonly path: Uint8Array;
  readonly node: Node;
}

const SLASH = 0x2f;

/** The roots of a snapshot, as entries. @throws CorruptError */
export function rootEntries(info: SnapshotInfo): Entry[] {
  return info.snapshot.roots.map(({ path, node }) => {
    const what = `a root of snapshot ${info.number}`;
    return { path, node: decodeLeaf(node, { root: true, what })[0]! };
  });
}

/**
 * All entries of a snapshot, or `path` and all below it: directories before what is in them, by name.
 *
 * @throws BcatError not-found; CorruptError
 */
export async function* listEntries(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array | undefined,
): AsyncGenerator<Entry> {
  const starts = path === undefined ? rootEntries(info) : await findEntries(repository, info, path);
  for (const entry of starts) yield* walk(repository, entry);
}

/** With the levels in a list: generators inside one another take stack for each, and time for each at every entry. */
async function* walk(repository: Repository, start: Entry): AsyncGenerator<Entry> {
  yield start;
  const levels = [children(repository, start)];
  for (let last = levels.at(-1); last !== undefined; last = levels.at(-1)) {
    const { value, done } = await last.next();
    if (done === true) {
      levels.pop();
      continue;
    }
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

/**
 * The entry at `path`: absolute, or relative to a root. An absolute path above the roots stands for all of them.
 *
 * @throws BcatError not-found, or usage when a relative path is in several roots
 */
export async function findEntries(repository: Repository, info: SnapshotInfo, path: Uint8Array): Promise<Entry[]> {
  const roots = rootEntries(info);
  const wanted = path[0] === SLASH ? components(path) : undefined;
  const found: Entry[] = [];
  for (const root of roots) {
    const rootComponents = components(root.path);
    if (wanted === undefined) {
      const entry = await descend(repository, root, components(path));
      if (entry !== undefined) found.push(entry);
    } else if (startsWith(wanted, rootComponents)) {
      const entry = await descend(repository, root, wanted.slice(rootComponents.length));
      if (entry !== undefined) found.push(entry);
    } else if (startsWith(rootComponents, wanted)) found.push(root);
  }
  if (found.length === 0) {
    const where = roots.map((root) => showName(root.path)).join(", ");
    throw new BcatError("not-found", `Cannot find ${showName(path)} in snapshot ${info.number}, which has ${where}`);
  }
  if (wanted === undefined && found.length > 1) {
    throw new BcatError(
      "usage",
      `Cannot tell which ${showName(path)} of snapshot ${info.number} is meant: give its absolute path`,
    );
  }
  return found;
}

async function descend(repository: Repository, root: Entry, names: readonly Uint8Array[]): Promise<Entry | undefined> {
  let entry: Entry | undefined = root;
  for (const name of names) {
    if (entry?.node.subtree === undefined) return undefined;
    entry = await findChild(repository, entry, name);
  }
  return entry;
}

async function findChild(repository: Repository, parent: Entry, name: Uint8Array): Promise<Entry | undefined> {
  for await (const nodes of readNodes(repository, parent.node.subtree!)) {
    const node = nodes.find((other) => compareBytes(other.name, name) === 0);
    if (node !== undefined) return { path: joinPath(parent.path, name), node };
  }
  return undefined;
}

/** The names in a path; empty ones and `.` are left out, as the system does. */
function components(path: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path[i] !== SLASH) continue;
    const name = path.subarray(start, i);
    if (name.length > 0 && !(name.length === 1 && name[0] === 0x2e)) names.push(name);
    start = i + 1;
  }
  return names;
}

function startsWith(names: readonly Uint8Array[], prefix: readonly Uint8Array[]): boolean {
  return prefix.length <= names.length && prefix.every((name, i) => compareBytes(name, names[i]!) === 0);
}
