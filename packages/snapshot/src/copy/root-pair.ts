/** A root as a snapshot of the source and its copy have it. */
import type { Root } from "@bcat/repository";
import { decodeLeaf } from "../tree/leaf.js";
import { compareBytes } from "../tree/name.js";
import type { NodePair } from "./counterpart.js";
import type { SnapshotPair } from "./known-copies.js";

export interface RootPair {
  readonly snapshots: SnapshotPair;
  readonly source: Root;
  readonly target: Root;
  readonly nodes: NodePair;
}

/** Undefined where one of both has none at `path`. */
export function rootsOf(pair: SnapshotPair | undefined, path: Uint8Array): RootPair | undefined {
  const [source, target] = [pair?.source, pair?.target].map((info) =>
    info?.snapshot.roots.find((root) => compareBytes(root.path, path) === 0),
  );
  if (pair === undefined || source === undefined || target === undefined) return undefined;
  const nodeOf = ({ node }: Root) => decodeLeaf(node, { root: true, what: "a root" })[0]!;
  return { snapshots: pair, source, target, nodes: { source: nodeOf(source), target: nodeOf(target) } };
}
