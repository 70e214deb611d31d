/** Segments that are sealed as they should be and say what none may say: refused before memory is taken for it. */
import { decodeHeader, ObjectType, objectKey, openGcm, sealGcm } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { beforeAll, expect, test } from "vitest";
import { type BlobKind, DATA, TREE } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { CODEC_ZSTD, type FrameTables, KEY_KIND_SYMMETRIC } from "../tables.js";
import { createTestContext } from "../test-context.js";
import { memorySource } from "./byte-source.js";
import { ENTRY_SIZE, FOOTER_PAGE, PACK_RECORD_MAX, pageNonce } from "./layout.js";
import { encodePackRecord } from "./pack-record.js";
import { PageCache } from "./page-cache.js";
import { Segment } from "./segment.js";
import { SegmentWriter } from "./segment-writer.js";

const MEBIBYTE = 2 ** 20;
const NAME = "written";

let context: PackContext;
beforeAll(async () => {
  context = await createTestContext();
});

interface Written {
  readonly kind?: BlobKind;
  readonly pack?: number;
  readonly offset?: number;
  readonly length?: number;
  readonly record?: Uint8Array;
}

/** A pack of `frameCount` frames of 1 MiB, each stored in 17 bytes. */
function encodeRecord(frameCount: number, size = 2 ** 20): Uint8Array {
  const keys = [{ kind: KEY_KIND_SYMMETRIC, epoch: 0, domain: 0, encapsulation: new Uint8Array(32) }];
  const frame = { key: 0, codec: CODEC_ZSTD, salt: new Uint8Array(16), storedLength: 17, plainLength: MEBIBYTE };
  const frames = Array.from({ length: frameCount }, (_, i) => ({
    ...frame,
    storedOffset: 17 * i,
    plainOffset: MEBIBYTE * i,
  }));
  const tables: FrameTables = { keys, frames };
  return encodePackRecord({ reference: { session: 1, unique: new Uint8Array(16) }, size, ...tables });
}

/** A segment of one entry, whose id is zero, and one pack. */
function write({ kind = DATA, pack = 0, offset = 0, length = 1, record = encodeRecord(1) }: Written): Uint8Array {
  const pieces: Uint8Array[] = [];
  const sink = (piece: Uint8Array) => pieces.push(piece);
  const writer = new SegmentWriter(context, { kind, epoch: 0, domain: 0, name: NAME, isPadded: true, sink });
  const entry = new Uint8Array(ENTRY_SIZE);
  new DataView(entry.buffer).setUint32(16, pack, true);
  new DataView(entry.buffer).setUint32(20, offset, true);
  new DataView(entry.buffer).setUint32(24, length, true);
  writer.addEntry(entry);
  writer.addPackRecord(record);
  writer.finish();
  return Buffer.concat(pieces);
}

function open(bytes: Uint8Array): Segment {
  const { gcm: _, ...plain } = context;
  new Segment(plain, { name: NAME, source: memorySource(bytes) }, new PageCache(1 << 20));
  return new Segment(context, { name: NAME, source: memorySource(bytes) }, new PageCache(1 << 20));
}

/** The segment with another padded footer, sealed again. */
function withFooter(bytes: Uint8Array, change: (padded: Buffer) => Buffer | undefined): Uint8Array {
  const head = bytes.subarray(0, 48);
  const key = objectKey(
    context.keys,
    decodeHeader(head.subarray(0, 16), { type: ObjectType.SEGMENT, name: NAME }),
    head.subarray(16),
    NAME,
  );
  const length = Buffer.from(bytes).readUInt32LE(bytes.length - 16);
  const start = bytes.length - 16 - length;
  const additional = Buffer.concat([head, Buffer.from(NAME)]);
  const padded = Buffer.from(openGcm(key, pageNonce(FOOTER_PAGE), additional, bytes.subarray(start, -16))!);
  const sealed = sealGcm(key, pageNonce(FOOTER_PAGE), additional, change(padded) ?? padded);
  const trailer = Buffer.from(bytes.subarray(-16));
  trailer.writeUInt32LE(sealed.length);
  return Buffer.concat([bytes.subarray(0, start), sealed, trailer]);
}

test("an entry may have any place that the format allows", () => {
  for (const { kind, lengthMax } of [
    { kind: DATA, lengthMax: 64 * MEBIBYTE },
    { kind: TREE, lengthMax: 4 * MEBIBYTE },
  ] as const) {
    for (const [offset, length] of [
      [0, 1],
      [0, lengthMax],
      [2 ** 30 - lengthMax, lengthMax],
      [2 ** 30 - 1, 1],
    ] as const) {
      const segment = open(write({ kind, offset, length }));
      expect(segment.find(new Uint8Array(32))).toEqual([{ pack: 0, offset, length }]);
    }
  }
});

test("an entry that is empty, too long, or not within the largest stream is refused wherever it is met", () => {
  for (const place of [
    { kind: DATA, offset: 0, length: 0 },
    { kind: DATA, offset: 0, length: 64 * MEBIBYTE + 1 },
    { kind: TREE, offset: 0, length: 4 * MEBIBYTE + 1 },
    { kind: DATA, offset: 0, length: 0xffff_ffff },
    { kind: DATA, offset: 2 ** 30, length: 1 },
    { kind: TREE, offset: 2 ** 30 - 10, length: 11 },
    { kind: DATA, offset: 0xffff_ffff, length: 1 },
    { kind: DATA, pack: 1, offset: 0, length: 1 },
  ] as const) {
    const segment = open(write(place));
    const what = JSON.stringify(place);
    expect(() => segment.has(new Uint8Array(32)), what).toThrow(CorruptError);
    expect(() => segment.find(new Uint8Array(32)), what).toThrow(CorruptError);
    expect(() => [...segment.entries()], what).toThrow(CorruptError);
  }
});

test("a pack may have a stream of 1 GiB, and no more", () => {
  expect(open(write({ record: encodeRecord(1024) })).packRecord(0).frames).toHaveLength(1024);
  const larger = open(write({ record: encodeRecord(1025) }));
  expect(() => larger.packRecord(0)).toThrow(/stream of 1074790400 bytes, allowed are 1073741824/);
});

test("the frames of a pack lie in the pack", () => {
  expect(open(write({ record: encodeRecord(3, 3 * 17) })).packRecord(0).size).toBe(51);
  const smaller = open(write({ record: encodeRecord(3, 3 * 17 - 1) }));
  expect(() => smaller.packRecord(0)).toThrow(CorruptError);
});

test("a pack record that is longer than any can be is refused when the segment is opened", () => {
  expect(() => open(write({ record: new Uint8Array(PACK_RECORD_MAX) })).packRecord(0)).toThrow(CorruptError);
  expect(() => open(write({ record: new Uint8Array(PACK_RECORD_MAX + 1) }))).toThrow(/pack record 0 of \d+ bytes/);
});

test("a footer may have any number of zeros behind its body, and nothing else", () => {
  const bytes = write({});
  for (const zeros of [0, 1, 65_535, 200_000]) {
    const segment = open(withFooter(bytes, (padded) => Buffer.concat([padded, Buffer.alloc(zeros)])));
    expect(segment.find(new Uint8Array(32))).toHaveLength(1);
    const other = (padded: Buffer) => Buffer.concat([padded, Buffer.alloc(zeros), Buffer.from([1])]);
    expect(() => open(withFooter(bytes, other))).toThrow(/padding is not zero/);
  }
});

test("a footer that is shorter or longer than it says, or counts more than there is, is refused", () => {
  const bytes = write({});
  const fill = (padded: Buffer, at: number) => padded.fill(255, at, at + 4);
  const changes: Record<string, (padded: Buffer) => Buffer | undefined> = {
    "a body longer than the footer": (padded) => fill(padded, 0),
    "a body longer by one byte": (padded) => void padded.writeUInt32LE(padded.length - 3, 0),
    "a body shorter than its fixed part": (padded) => void padded.writeUInt32LE(15, 0),
    "a body with less at its end": (padded) => void padded.writeUInt32LE(padded.readUInt32LE(0) - 1, 0),
    "padding that is not zero": (padded) => Buffer.concat([padded, Buffer.from([0, 1])]),
    "4,294,967,295 entries": (padded) => fill(padded, 4 + 4),
    "4,294,967,295 packs": (padded) => fill(padded, 4 + 8),
    "4,294,967,295 bytes of packs": (padded) => fill(padded, 4 + 12),
    "a filter of 4,294,967,295 segments": (padded) => fill(padded, 4 + 16 + 16 + 4 + 8),
  };
  expect(open(withFooter(bytes, () => undefined)).find(new Uint8Array(32))).toHaveLength(1);
  for (const [what, change] of Object.entries(changes)) {
    const hostile = withFooter(bytes, change);
    expect(() => open(hostile), what).toThrow(CorruptError);
    const source = memorySource(hostile);
    expect(() => new Segment(context, { name: NAME, source }, new PageCache(0)), what).toThrow(CorruptError);
  }
});
