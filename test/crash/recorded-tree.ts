/**
 * What a folder holds, written down so that a restored one can be compared with it: names as bytes, types, modes,
 * mtimes as exactly as they can be restored here, and the SHA-256 of contents. Knows nothing of bcat, on purpose.
 */
import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { timeUnit } from "../kit/exact-times.js";

/** A line for each entry, by its path below the folder, whose own path is empty. */
export type RecordedTree = ReadonlyMap<string, string>;

const SLASH = Buffer.from("/");

export function recordTree(folder: string): RecordedTree {
  const tree = new Map<string, string>();
  recordEntry(tree, Buffer.from(folder), Buffer.alloc(0));
  return tree;
}

/** What differs, a line for each difference: none when the trees are equal. */
export function compareTrees(expected: RecordedTree, found: RecordedTree): string[] {
  const differences: string[] = [];
  for (const [path, line] of expected) {
    const other = found.get(path);
    if (other === undefined) differences.push(`"${path}" is missing`);
    else if (other !== line) differences.push(`"${path}" was ${line}, is ${other}`);
  }
  for (const path of found.keys()) if (!expected.has(path)) differences.push(`"${path}" is new`);
  return differences;
}

function recordEntry(tree: Map<string, string>, path: Buffer, relative: Buffer): void {
  const stat = lstatSync(path, { bigint: true });
  tree.set(relative.toString("latin1"), describe(path, stat));
  if (!stat.isDirectory()) return;
  for (const name of readdirSync(path, { encoding: "buffer" })) {
    const below = relative.length === 0 ? name : Buffer.concat([relative, SLASH, name]);
    recordEntry(tree, Buffer.concat([path, SLASH, name]), below);
  }
}

function describe(path: Buffer, stat: BigIntStats): string {
  const head = `mode ${stat.mode.toString(8)} mtime ${stat.mtimeNs / timeUnit}`;
  if (stat.isSymbolicLink()) return `${head} to ${readlinkSync(path, { encoding: "buffer" }).toString("latin1")}`;
  if (!stat.isFile()) return head;
  return `${head} size ${stat.size} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}
