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

export type Counts = Readonly<Record<(typeof countNames)[number], number>> & {
  /** What a later version counts, kept; absent when there is none. */
  readonly later?: readonly number[];
};

export function writeCounts(writer: ByteWriter, counts: Counts): void {
  for (const name of countNames) writer.varint(counts[name]);
  for (const count of counts.later ?? []) writer.varint(count);
}

export function readCounts(reader: ByteReader): Counts {
  const entries = countNames.map((name) => [name, reader.varint()] as const);
  const named = Object.fromEntries(entries) as Record<(typeof countNames)[number], number>;
  const later = readList(reader, () => reader.varint());
  return later.length === 0 ? named : { ...named, later };
}
