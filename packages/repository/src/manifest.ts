/**
 * The manifest of the local index: what of the repository its runs cover. Local, not part of the format; sealed as an
 * object named `manifest`, so that one of another repository, or a damaged one, does not open.
 *
 *     1  varint: all sessions up to this number are accounted for, but for those of field 3
 *     2  list of varint n ‖ BLAKE3 of outcomes/<n>: the newest three covered, newest first
 *     3  list of varint: sessions without outcome when last looked at
 *     4  list of bytes: bodies of log/1, log/2, …
 *     5  list of bytes: names of the runs
 */
import { ByteReader, ByteWriter, decodeRecord, encodeRecord, type Field } from "@bcat/codec";
import { hashSize, type SeenOutcome } from "./bodies/snapshot.js";

export interface Manifest {
  readonly sessions: number;
  readonly seen: readonly SeenOutcome[];
  readonly open: readonly number[];
  readonly log: readonly Uint8Array[];
  readonly runs: readonly string[];
}

const SIZE_MAX = 16 * 2 ** 20;
const LAYOUT = new Map([1, 2, 3, 4, 5].map((number) => [number, { critical: true }]));

export function encodeManifest(manifest: Manifest): Uint8Array {
  const fields: Field[] = [];
  const add = (number: number, write: (writer: ByteWriter) => void) => {
    const writer = new ByteWriter();
    write(writer);
    if (writer.length > 0) fields.push({ number, critical: true, value: writer.finish() });
  };
  add(1, (writer) => writer.varint(manifest.sessions));
  add(2, (writer) => {
    for (const { number, hash } of manifest.seen) {
      writer.varint(number);
      writer.raw(hash);
    }
  });
  add(3, (writer) => {
    for (const number of manifest.open) writer.varint(number);
  });
  add(4, (writer) => {
    for (const body of manifest.log) writer.bytes(body);
  });
  add(5, (writer) => {
    for (const name of manifest.runs) writer.bytes(Buffer.from(name));
  });
  return encodeRecord(fields);
}

/** @throws CorruptError; the caller takes that as "no manifest" */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const { fields } = decodeRecord(bytes, { known: LAYOUT, limit: SIZE_MAX, what: "manifest" });
  const list = <T>(number: number, read: (reader: ByteReader) => T): T[] => {
    const reader = new ByteReader(fields.get(number) ?? new Uint8Array(0), "manifest");
    const items: T[] = [];
    while (reader.remaining > 0) items.push(read(reader));
    return items;
  };
  return {
    sessions: list(1, (reader) => reader.varint())[0] ?? 0,
    seen: list(2, (reader) => ({ number: reader.varint(), hash: reader.raw(hashSize) })),
    open: list(3, (reader) => reader.varint()),
    log: list(4, (reader) => reader.bytes(SIZE_MAX)),
    runs: list(5, (reader) => Buffer.from(reader.bytes(256)).toString()),
  };
}
