/** Compares what snapshots hold with what the files of their machine held while they were made. */

import { type Node, readContent, readDirectory } from "../independent-reader/tree.js";
import { LEFT_OUT } from "./actors.js";
import type { Oracle } from "./oracle/oracle.js";
import type { ShownSnapshot } from "./oracle/registers.js";
import { Violation } from "./oracle/violation.js";
import type { SimulatedProcess } from "./process.js";
import type { Home } from "./second.js";
import type { Version } from "./source.js";
import type { World } from "./world.js";

/** All snapshots that are there, copies with what their originals were made from. @throws Violation */
export function compareAll(world: World): number {
  const { second } = world;
  const homes = [world, ...(second === undefined ? [] : [second])];
  const mayLack = homes.some(({ oracle }) => oracle.rot.hasBeen);
  let count = 0;
  for (const { id, oracle } of homes)
    for (const [number, snapshot] of oracle.snapshots()) {
      compareSnapshot(oracle, { number, snapshot, first: firstOf(homes, { id, number }), mayLack });
      count++;
    }
  return count;
}

/** Where a snapshot lies. */
interface Found {
  readonly id: string;
  readonly number: number;
}

interface Compared {
  readonly number: number;
  readonly snapshot: ShownSnapshot;
  /** The one that it was made from, if it was, and whose files those are. */
  readonly first: Pick<Home, "owners"> & { readonly number: number };
  /** A repair may have left something out of it, or out of what it was copied from. */
  readonly mayLack: boolean;
}

function compareSnapshot(oracle: Oracle, compared: Compared): void {
  const { owners, number } = compared.first;
  const [owner, ...clones] = owners.of(number);
  if (owner === undefined) throw new Violation("restored-wrong", `snapshot ${compared.number} is nobody's`);
  try {
    compareWith(owner, oracle, compared);
  } catch (error) {
    const [clone] = clones;
    if (clone === undefined) throw error;
    compareWith(clone, oracle, compared);
  }
}

function compareWith(owner: SimulatedProcess, oracle: Oracle, { number, snapshot, first, mayLack }: Compared): void {
  const { read } = oracle;
  const found = new Map<string, Buffer>();
  const visit = (node: Node, path: string): void => {
    if (node.content !== undefined && node.hasChanged !== true) found.set(path, readContent(read, node.content));
    if (node.content !== undefined && node.hasChanged === true) found.set(path, Buffer.of());
    if (node.directory === undefined) return;
    for (const child of readDirectory(read, node.directory)) visit(child, `${path}/${child.name.toString("latin1")}`);
  };
  for (const { path, node } of snapshot.roots) visit(node, path);
  const roots = snapshot.roots.map(({ path }) => path);
  const window = { begin: owner.begun, end: first.owners.decidedAt(first.number)! };
  for (const [path, versions] of owner.machine.source.history) {
    if (!roots.some((root) => path.startsWith(`${root}/`))) continue;
    const content = found.get(path);
    if (content === undefined && snapshot.original !== undefined && mayLack) continue;
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

/** The snapshot that this one was made from, here or in the other repository, or itself. */
function firstOf(homes: readonly Home[], { id, number }: Found): Compared["first"] {
  const { oracle, owners } = homes.find((home) => home.id === id)!;
  const { original, copiedFrom = id } = oracle.snapshot(number) ?? {};
  return original === undefined ? { owners, number } : firstOf(homes, { id: copiedFrom, number: original });
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
