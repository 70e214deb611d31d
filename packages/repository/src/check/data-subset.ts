/** Which packs a check reads, when it is not to read all: a fixed part, or those that were read longest ago. */
import { parseObjectName } from "@bcat/pack";
import type { ReadMemory } from "./read-memory.js";

export type DataSubset =
  /** The packs of part 1 to `parts`, always the same ones. */
  | { readonly kind: "part"; readonly part: number; readonly parts: number }
  /** So much of all packs, percent of their bytes. */
  | { readonly kind: "share"; readonly percent: number }
  | { readonly kind: "size"; readonly bytes: number };

/** A pack that may be read. */
export interface SizedPack {
  readonly name: string;
  readonly size: number;
}

/** Names of the packs to read: of a share or a size those read longest ago, until there are as many bytes, and one at least. */
export function choosePacks(subset: DataSubset, packs: readonly SizedPack[], memory: ReadMemory): ReadonlySet<string> {
  if (subset.kind === "part") {
    const { part, parts } = subset;
    return new Set(packs.map(({ name }) => name).filter((name) => partOf(name, parts) === part));
  }
  const all = packs.reduce((sum, { size }) => sum + size, 0);
  const wanted = subset.kind === "size" ? subset.bytes : (all * subset.percent) / 100;
  const chosen = new Set<string>();
  let bytes = 0;
  for (const { name, size } of [...packs].sort((a, b) => compareByAge(memory, a, b))) {
    if (bytes >= wanted && chosen.size > 0) break;
    chosen.add(name);
    bytes += size;
  }
  return chosen;
}

/** 1 to `parts`, by the random part of the name: parts are about equal, and a pack stays in its own. */
function partOf(name: string, parts: number): number {
  const { unique } = parseObjectName(name)!;
  return (Buffer.from(unique).readUInt32BE(0) % parts) + 1;
}

/** What was never read comes first; what was read in one run in an order that says nothing of when it was written. */
function compareByAge(memory: ReadMemory, a: SizedPack, b: SizedPack): number {
  const difference =
    (memory.lastRead(a.name) ?? Number.NEGATIVE_INFINITY) - (memory.lastRead(b.name) ?? Number.NEGATIVE_INFINITY);
  if (difference > 0) return 1;
  if (difference < 0) return -1;
  return a.name < b.name ? -1 : 1;
}
