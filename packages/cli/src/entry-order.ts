/** Entries of a snapshot in another order than that of their paths. */
import type { Entry, Node } from "@bcat/snapshot";
import { sizeOf } from "./entry.js";
import { usageError } from "./usage.js";

/** By path, as they are walked; by bytes; by time of modification; by what stands behind the last dot of the name. */
export const sorts = ["name", "size", "time", "mtime", "extension"] as const;

export type Sort = (typeof sorts)[number];

export interface SortOptions {
  readonly sort: Sort;
  readonly reverse: boolean;
  readonly signal: AbortSignal;
  /** Entries that are held in memory, some hundred bytes each. */
  readonly countMax?: number;
}

const COUNT_MAX = 2_000_000;

/** Of equals the first path first. @throws BcatError usage when there are too many to hold */
export async function sortEntries(
  entries: AsyncIterable<Entry>,
  { sort, reverse, signal, countMax = COUNT_MAX }: SortOptions,
): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const { path, node } of entries) {
    signal.throwIfAborted();
    if (all.length === countMax)
      throw usageError(`Cannot sort more than ${countMax} entries: give the path of a folder`);
    all.push({ path, node: withoutContent(node) });
  }
  const compare = comparisons[sort];
  if (compare !== undefined) all.sort(compare);
  return reverse ? all.reverse() : all;
}

const comparisons: Readonly<Record<Sort, ((a: Entry, b: Entry) => number) | undefined>> = {
  // The order they come in.
  name: undefined,
  size: (a, b) => (sizeOf(a.node) ?? 0) - (sizeOf(b.node) ?? 0),
  time: compareTimes,
  mtime: compareTimes,
  extension: (a, b) => Buffer.compare(extensionOf(a.path), extensionOf(b.path)),
};

function compareTimes({ node: a }: Entry, { node: b }: Entry): number {
  return a.mtimeSeconds - b.mtimeSeconds || a.mtimeNanoseconds - b.mtimeNanoseconds;
}

/** With its dot; empty for a name that has none. */
function extensionOf(path: Uint8Array): Uint8Array {
  const dot = path.lastIndexOf(0x2e);
  return dot > path.lastIndexOf(0x2f) ? path.subarray(dot) : new Uint8Array(0);
}

/** Of a content only its size is kept. */
function withoutContent(node: Node): Node {
  const size = sizeOf(node);
  return size === undefined ? node : { ...node, content: { kind: "list", size, list: nowhere } };
}

const nowhere = { level: 0, length: 0, id: new Uint8Array(0) };
