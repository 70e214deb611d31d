/**
 * The manifest of the local index: what of the repository is known here. Local, not part of the format; sealed as an
 * object of a name that no object of a repository has, so that one of another repository, or a damaged one, does not
 * open. Another layout gets another name: programs that do not know it begin anew.
 *
 *     1  varint: all sessions up to this number are accounted for, but for those of field 3
 *     2  list of varint n ‖ BLAKE3 of outcomes/<n>: the newest three covered, newest first
 *     3  list of varint: sessions without outcome when last looked at
 *     4  list of bytes: bodies of log/1, log/2, …
 *     5  list of bytes: names of the runs
 *     6  list of segment references: named by outcomes, and not in the runs yet
 *     7  list of bytes: texts that summaries name by their index
 *     8  list of summaries (summary.ts)
 *     9  list of segment references: the current segments
 *     10 varint: packs that the log up to this number condemns are in no current segment
 *     11 varint: the number of field 10 as it was before
 */
import { ByteReader, ByteWriter, decodeRecord, encodeRecord, type Field } from "@bcat/codec";
import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import type { PackContext } from "@bcat/pack";
import { readSegmentReference, type SegmentReference, writeSegmentReference } from "./bodies/references.js";
import { hashSize, type SeenOutcome } from "./bodies/snapshot.js";
import { readSummary, type SnapshotSummary, TextTable, writeSummary } from "./summary.js";

export interface Manifest {
  readonly sessions: number;
  readonly seen: readonly SeenOutcome[];
  readonly open: readonly number[];
  readonly log: readonly Uint8Array[];
  readonly runs: readonly string[];
  readonly pending: readonly SegmentReference[];
  readonly summaries: ReadonlyMap<number, SnapshotSummary>;
  readonly segments: readonly SegmentReference[];
  readonly droppedHead: number;
  readonly droppedBefore: number;
}

/** A larger one, of a very long log, is not kept: the next process reads everything again. */
export const manifestSizeMax = 32 * 2 ** 20;
const SIZE_MAX = 40 * 2 ** 20;
const OBJECT = { type: ObjectType.PARTIAL, name: "local/manifest/6", epoch: 0, domain: 0 } as const;
const LAYOUT = new Map([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((number) => [number, { critical: true }]));

/** The sealed manifest, or undefined when it is too large to be kept. */
export function sealManifest(context: PackContext, manifest: Manifest): Uint8Array | undefined {
  const body = encodeManifest(manifest);
  return body.length > manifestSizeMax ? undefined : sealObject(context, OBJECT, body);
}

/** The manifest in `bytes`, or undefined when they are none of this repository and this layout. */
export function openManifest(context: PackContext, bytes: Uint8Array): Manifest | undefined {
  try {
    return decodeManifest(openObject(context.keys, OBJECT, bytes).body);
  } catch (error) {
    if (!isBcatError(error)) throw error;
    return undefined;
  }
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const fields: Field[] = [];
  const add = (number: number, write: (writer: ByteWriter) => void) => {
    const writer = new ByteWriter();
    write(writer);
    if (writer.length > 0) fields.push({ number, critical: true, value: writer.finish() });
  };
  const list = <T>(number: number, items: Iterable<T>, write: (writer: ByteWriter, item: T) => void) =>
    add(number, (writer) => {
      for (const item of items) write(writer, item);
    });
  const table = new TextTable();
  const summaries = new ByteWriter();
  for (const [number, summary] of manifest.summaries) writeSummary(summaries, number, summary, table);
  add(1, (writer) => writer.varint(manifest.sessions));
  list(2, manifest.seen, (writer, { number, hash }) => {
    writer.varint(number);
    writer.raw(hash);
  });
  list(3, manifest.open, (writer, number) => writer.varint(number));
  list(4, manifest.log, (writer, body) => writer.bytes(body));
  list(5, manifest.runs, (writer, name) => writer.text(name));
  list(6, manifest.pending, writeSegmentReference);
  list(7, table.texts, (writer, text) => writer.bytes(text));
  add(8, (writer) => writer.raw(summaries.finish()));
  list(9, manifest.segments, writeSegmentReference);
  add(10, (writer) => writer.varint(manifest.droppedHead));
  add(11, (writer) => writer.varint(manifest.droppedBefore));
  return encodeRecord(fields);
}

/** @throws CorruptError, BcatError newer-format; the caller takes that as "no manifest" */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const { fields } = decodeRecord(bytes, { known: LAYOUT, limit: SIZE_MAX, what: "manifest" });
  const list = <T>(number: number, read: (reader: ByteReader) => T): T[] => {
    const reader = new ByteReader(fields.get(number) ?? new Uint8Array(0), "manifest");
    const items: T[] = [];
    while (reader.remaining > 0) items.push(read(reader));
    return items;
  };
  const table = new TextTable(list(7, (reader) => reader.bytes(SIZE_MAX)));
  return {
    sessions: list(1, (reader) => reader.varint())[0] ?? 0,
    seen: list(2, (reader) => ({ number: reader.varint(), hash: reader.raw(hashSize) })),
    open: list(3, (reader) => reader.varint()),
    log: list(4, (reader) => reader.bytes(SIZE_MAX)),
    runs: list(5, (reader) => reader.text(256)),
    pending: list(6, readSegmentReference),
    summaries: new Map(list(8, (reader) => readSummary(reader, table))),
    segments: list(9, readSegmentReference),
    droppedHead: list(10, (reader) => reader.varint())[0] ?? 0,
    droppedBefore: list(11, (reader) => reader.varint())[0] ?? 0,
  };
}
