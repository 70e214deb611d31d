/** The counts of a snapshot, field 30 of docs/format.md section 8: varints, numbered by their order. */
import type { ByteReader, ByteWriter } from "@bcat/codec";
import { readList } from "./fields.js";

/** What is numbered in field 30, in this order. */
export const countNames = [
  "files",
  "directories",
  "symlinks",
  "others",
  "bytes",
  "filesNew",
  "filesChanged",
  "filesUnmodified",
  "directoriesNew",
  "directoriesChanged",
  "directoriesUnmodified",
  "dataChunksAdded",
  "treeChunksAdded",
  "plainBytesAdded",
  "storedBytesAdded",
] as const;

/** What follows those, in this order; 0 where the list has ended before. */
export const laterCountNames = ["filesChangedWhileRead"] as const;

export type Counts = Readonly<Record<(typeof countNames)[number], number>> & {
  readonly [Name in (typeof laterCountNames)[number]]?: number;
} & {
  /** What a later version counts, kept; absent when there is none. */
  readonly later?: readonly number[];
};

export function writeCounts(writer: ByteWriter, counts: Counts): void {
  for (const name of countNames) writer.varint(counts[name]);
  for (const count of laterCounts(counts)) writer.varint(count);
}

export function readCounts(reader: ByteReader): Counts {
  const entries = countNames.map((name) => [name, reader.varint()] as const);
  const named = Object.fromEntries(entries) as Record<(typeof countNames)[number], number>;
  const rest = readList(reader, () => reader.varint());
  const known = laterCountNames.flatMap((name, i) => (rest[i] === undefined ? [] : [[name, rest[i]] as const]));
  const later = rest.slice(laterCountNames.length);
  return { ...named, ...Object.fromEntries(known), ...(later.length === 0 ? {} : { later }) };
}

/** Without zeros at the end that nobody has written. */
function laterCounts(counts: Counts): number[] {
  const { later = [] } = counts;
  const known = laterCountNames.map((name) => counts[name]);
  if (later.length > 0) return [...known.map((count) => count ?? 0), ...later];
  const length = known.findLastIndex((count) => count !== undefined) + 1;
  return known.slice(0, length).map((count) => count ?? 0);
}
