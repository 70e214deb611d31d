/** Compares what snapshots hold with what the files of their machine held while they were made. */

import { type Node, readContent, readDirectory } from "../independent-reader/tree.js";
import { LEFT_OUT } from "./actors.js";
import type { ShownSnapshot } from "./oracle/registers.js";
import { Violation } from "./oracle/violation.js";
import type { SimulatedProcess } from "./process.js";
import type { Version } from "./source.js";
import type { World } from "./world.js";

/** All snapshots that are there. @throws Violation */
export function compareAll(world: World): number {
  const snapshots = world.oracle.snapshots();
  for (const [number, snapshot] of snapshots) compareSnapshot(world, number, snapshot);
  return snapshots.size;
}

function compareSnapshot(world: World, number: number, snapshot: ShownSnapshot): void {
  const first = firstOf(world, number, snapshot);
  const [owner, ...clones] = world.owners.of(first);
  if (owner === undefined) throw new Violation("restored-wrong", `snapshot ${number} is nobody's`);
  try {
    compareWith(owner, world, number, snapshot);
  } catch (error) {
    const [clone] = clones;
    if (clone === undefined) throw error;
    compareWith(clone, world, number, snapshot);
  }
}

function compareWith(owner: SimulatedProcess, world: World, number: number, snapshot: ShownSnapshot): void {
  const { read } = world.oracle;
  const found = new Map<string, Buffer>();
  const visit = (node: Node, path: string): void => {
    if (node.content !== undefined && node.hasChanged !== true) found.set(path, readContent(read, node.content));
    if (node.content !== undefined && node.hasChanged === true) found.set(path, Buffer.of());
    if (node.directory === undefined) return;
    for (const child of readDirectory(read, node.directory)) visit(child, `${path}/${child.name.toString("latin1")}`);
  };
  for (const { path, node } of snapshot.roots) visit(node, path);
  const roots = snapshot.roots.map(({ path }) => path);
  const window = { begin: owner.begun, end: world.owners.decidedAt(firstOf(world, number, snapshot))! };
  for (const [path, versions] of owner.machine.source.history) {
    if (!roots.some((root) => path.startsWith(`${root}/`))) continue;
    const content = found.get(path);
    // What was not stored yet when it was interrupted is not there.
    if (content === undefined && !snapshot.isComplete) continue;
    if (content === undefined && snapshot.original !== undefined && path.endsWith(`/${LEFT_OUT}`)) continue;
    if (!during(versions, window).some((version) => isSame(version, content)))
      throw new Violation("restored-wrong", `snapshot ${number} has another ${path} than ${owner.name} saw`);
    found.delete(path);
  }
  for (const path of found.keys())
    throw new Violation("restored-wrong", `snapshot ${number} has ${path}, which never was`);
}

/** The number of the snapshot that this one was made from, or its own. */
function firstOf({ oracle }: World, number: number, snapshot: ShownSnapshot): number {
  let first = number;
  for (let at: ShownSnapshot | undefined = snapshot; at?.original !== undefined; ) {
    first = at.original;
    at = oracle.snapshot(first);
  }
  return first;
}

/** What a file held in a part of the time at least; undefined while it was not there. */
function during(
  versions: readonly Version[],
  { begin, end }: { begin: number; end: number },
): (Uint8Array | undefined)[] {
  const contents: (Uint8Array | undefined)[] = [];
  if (versions[0]!.since >= begin) contents.push(undefined);
  for (const [i, { since, content }] of versions.entries()) {
    const until = versions[i + 1]?.since ?? Number.POSITIVE_INFINITY;
    if (since <= end && until >= begin) contents.push(content);
  }
  return contents;
}

function isSame(version: Uint8Array | undefined, content: Buffer | undefined): boolean {
  if (version === undefined || content === undefined) return version === content;
  return Buffer.compare(version, content) === 0;
}
