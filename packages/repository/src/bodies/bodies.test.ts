/**
 * All bodies against one table: golden files (never written by a test), round trips, truncations, flipped bits, newer
 * fields. What is particular to one body is at the end.
 */

import { readdirSync, readFileSync } from "node:fs";
import { CHUNK_SIZE_MAX, DEFAULT_CHUNKER } from "@bcat/chunker";
import { ByteWriter, encodeRecord, type Field, readFields } from "@bcat/codec";
import { CorruptError, isBcatError } from "@bcat/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ConfigBody, decodeConfig, encodeConfig } from "./config.js";
import { type Counts, countNames, laterCountNames } from "./counts.js";
import { decodeLogRecord, encodeLogRecord, type LogRecord } from "./log.js";
import { decodeOutcome, encodeOutcome, type Outcome, type SnapshotOutcome } from "./outcome.js";
import { decodeSession, encodeSession, type SessionBody } from "./session.js";
import type { Snapshot } from "./snapshot.js";

const number = fc.integer({ min: 1, max: 9_999_999_999 });
const time = fc.maxSafeInteger().map((value) => value + 0);
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const texts = fc.array(text, { maxLength: 4 });
const fixedBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const nameReference = fc.record({ session: number, unique: fixedBytes(16) });
const segmentReference = fc.record({
  session: number,
  unique: fixedBytes(16),
  size: fc.maxSafeNat(),
  hash: fixedBytes(32),
});
const head = { time, host: text };
const chunkSize = fc.integer({ min: 1024, max: CHUNK_SIZE_MAX });

const registers = fc.record({ kind: fc.constantFrom("postgres" as const, "storage" as const), id: fixedBytes(16) });
const config: fc.Arbitrary<ConfigBody> = fc.record(
  {
    chunker: fc.oneof(
      chunkSize.map((size) => ({ kind: "fixed" as const, minimum: size, average: size, maximum: size })),
      fc.uniqueArray(chunkSize, { minLength: 3, maxLength: 3 }).map((sizes) => {
        const [minimum, average, maximum] = sizes.sort((a, b) => a - b) as [number, number, number];
        return { kind: "cdc" as const, minimum, average, maximum };
      }),
    ),
    created: time,
    version: text,
    registers,
    isForOneWriter: fc.constant(true),
    parity: fc.integer({ min: 1, max: 100 }),
  },
  { requiredKeys: ["chunker", "created", "version"] },
);

const session: fc.Arbitrary<SessionBody> = fc.record({
  kind: fc.constantFrom("backup" as const, "prune" as const),
  start: time,
  host: text,
  user: text,
  clientId: fixedBytes(16),
  version: text,
});

const counts = fc
  .tuple(fc.tuple(...countNames.map(() => fc.maxSafeNat())), fc.array(fc.maxSafeNat(), { maxLength: 4 }))
  .map(([values, later]) => {
    const named = Object.fromEntries(countNames.map((name, index) => [name, values[index]])) as unknown as Counts;
    const appended = Object.fromEntries(
      laterCountNames.flatMap((name, i) => (i < later.length ? [[name, later[i]]] : [])),
    );
    const rest = later.slice(laterCountNames.length);
    return { ...named, ...appended, ...(rest.length === 0 ? {} : { later: rest }) };
  });

const errors = fc.array(fc.record({ path: fc.uint8Array({ maxLength: 9 }), message: text }), { maxLength: 5 });

const snapshot: fc.Arbitrary<Snapshot> = fc.record(
  {
    complete: fc.boolean(),
    parent: number,
    roots: fc
      .uniqueArray(fc.stringMatching(/^\/[a-c]{1,3}$/), { maxLength: 4 })
      .map((paths) =>
        paths.sort().map((path) => ({ path: encodeText(path), node: Uint8Array.of(1), scan: encodeText(path) })),
      ),
    start: time,
    end: time,
    zone: text,
    host: text,
    user: text,
    clientId: fixedBytes(16),
    version: text,
    tags: texts,
    excludes: texts,
    options: texts,
    counts,
    errors: errors.map((first) => ({ total: first.length, first })),
    logHead: fc.integer({ min: 0, max: 9_999_999_999 }),
    seen: fc.array(fc.record({ number, hash: fixedBytes(32) }), { maxLength: 3 }),
    original: fc.oneof(
      fc.record({ number, time }),
      fc.record(
        { number, time, repository: fixedBytes(16), place: number, placeThere: number },
        { requiredKeys: ["number", "time", "repository"] },
      ),
    ),
    isTimeSaid: fc.constant(true),
    parents: fc.array(fc.record({ path: fc.uint8Array({ minLength: 1, maxLength: 20 }), number }), {
      minLength: 1,
      maxLength: 3,
    }),
    foldersAbove: fc.array(
      fc.record({ path: fc.uint8Array({ minLength: 1, maxLength: 20 }), node: fc.uint8Array({ maxLength: 60 }) }),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: [...requiredSnapshotKeys()] },
);

const changes = {
  added: fc.array(segmentReference, { maxLength: 3 }),
  removed: fc.array(nameReference, { maxLength: 3 }),
};
const base = fc.record({ segments: fc.array(segmentReference, { maxLength: 3 }), snapshots: fc.array(number) });

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant("snapshot" as const), ...changes, snapshot }),
  fc.record(
    { kind: fc.constant("compaction" as const), ...changes, base },
    { requiredKeys: ["kind", "added", "removed"] },
  ),
  fc.record({ kind: fc.constant("void" as const), reason: text }),
);

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const keySlot = fc.record({ number: fc.integer({ min: 1, max: 255 }), id: bytes16 });
const logEntry = fc.oneof(
  fc.record({ kind: fc.constant("condemn" as const), packs: fc.array(nameReference, { minLength: 1, maxLength: 4 }) }),
  fc.record({
    kind: fc.constantFrom("forget" as const, "pin" as const, "unpin" as const),
    snapshots: fc.array(number, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("epoch" as const), epoch: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant("domain" as const), domain: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant("mode" as const), registers: fc.constantFrom("same" as const, "elsewhere" as const) }),
  fc.record({ kind: fc.constant("key-add" as const), slot: keySlot, owner: fc.record({ user: text, host: text }) }),
  fc.record({ kind: fc.constant("key-remove" as const), slot: keySlot, keeper: bytes16 }),
);
const log: fc.Arbitrary<LogRecord> = fc
  .tuple(fc.record({ ...head, session: number }, { requiredKeys: ["time", "host"] }), logEntry)
  .map(([common, entry]) => ({ ...common, ...entry }));

interface Codec {
  readonly values: fc.Arbitrary<unknown>;
  readonly encode: (value: never) => Uint8Array;
  readonly decode: (bytes: Uint8Array, what?: string) => unknown;
}

const codecs: Record<string, Codec> = {
  config: { values: config, encode: encodeConfig, decode: decodeConfig },
  session: { values: session, encode: encodeSession, decode: decodeSession },
  outcome: { values: outcome, encode: encodeOutcome, decode: decodeOutcome },
  log: { values: log, encode: encodeLogRecord, decode: decodeLogRecord },
};

interface Golden {
  readonly codec: string;
  readonly description: string;
  readonly value: unknown;
  readonly hex: string;
}

const goldens = readdirSync(new URL("golden/", import.meta.url))
  .sort()
  .map((file): [string, Golden] => {
    const source = readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8");
    return [
      file,
      JSON.parse(source, (_, value) => (isHex(value) ? Uint8Array.from(Buffer.from(value.bytes, "hex")) : value)),
    ];
  });

describe("golden bodies", () => {
  it("are all there", () => {
    expect(goldens.map(([file]) => file)).toEqual([
      "compaction.json",
      "config-fixed.json",
      "config-one-writer.json",
      "config-parity.json",
      "config-registers.json",
      "config.json",
      "log-condemn-damaged.json",
      "log-condemn.json",
      "log-domain.json",
      "log-epoch.json",
      "log-forget.json",
      "log-key-add.json",
      "log-key-remove.json",
      "log-mode.json",
      "log-pin-note.json",
      "log-pin.json",
      "log-unpin.json",
      "session-prune.json",
      "session.json",
      "snapshot-copy.json",
      "snapshot-minimal.json",
      "snapshot.json",
      "void.json",
    ]);
  });

  it.each(goldens)("%s is what its value encodes to and decodes from", (_, golden) => {
    const codec = codecs[golden.codec]!;
    const bytes = Uint8Array.from(Buffer.from(golden.hex, "hex"));
    expect(Buffer.from(codec.encode(golden.value as never)).toString("hex")).toBe(golden.hex);
    expect(codec.decode(bytes)).toEqual(golden.value);
  });

  it.each(goldens)("%s is refused when truncated", (_, golden) => {
    const bytes = Uint8Array.from(Buffer.from(golden.hex, "hex"));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => codecs[golden.codec]!.decode(bytes.subarray(0, length))).toThrow(CorruptError);
    }
  });

  it.each(goldens)("%s with a bit flipped is refused, or is what it decodes to encodes to", (_, golden) => {
    const { encode, decode } = codecs[golden.codec]!;
    const bytes = Uint8Array.from(Buffer.from(golden.hex, "hex"));
    let refused = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      const [error, value] = attempt(() => decode(flipped));
      const right = error === undefined ? Buffer.compare(encode(value as never), flipped) === 0 : isRefusal(error);
      if (!right) expect.unreachable(`bit ${bit}: ${error}`);
      if (error !== undefined) refused++;
    }
    expect(refused).toBeGreaterThan(8);
  });
});

describe.each(Object.entries(codecs))("%s", (name, { values, encode, decode }) => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value as never))).toEqual(value);
      }),
    );
  });

  it("keeps a field of a newer version that is not critical", () => {
    fc.assert(
      fc.property(values, (value) => {
        const fields = readFields(encode(value as never), { limit: 2 ** 24, what: "it" });
        const newer: Field = { number: 120, critical: false, value: Uint8Array.of(7) };
        const bytes = encodeRecord([...fields, newer]);
        const decoded = decode(bytes);
        expect(decoded).toEqual({ ...(value as object), unknown: [newer] });
        expect(encode(decoded as never)).toEqual(bytes);
      }),
      { numRuns: 20 },
    );
  });

  it("says newer-format for a field of a newer version that is critical, and for an unknown kind", () => {
    const [value] = fc.sample(values, 1);
    const fields = readFields(encode(value as never), { limit: 2 ** 24, what: "it" });
    const critical = encodeRecord([...fields, { number: 120, critical: true, value: Uint8Array.of(7) }]);
    expect(String(attempt(() => decode(critical, "x/9"))[0])).toContain("Cannot read x/9: field 120 is not known");
    expect(isBcatError(attempt(() => decode(critical))[0], "newer-format")).toBe(true);
    const kind = replaced(encode(value as never), 1, Uint8Array.from([99, ...fields[0]!.value.subarray(1)]));
    expect(isBcatError(attempt(() => decode(kind))[0], "newer-format")).toBe(true);
  });

  it("does not write unknown fields that it knows", () => {
    const [value] = fc.sample(values, 1);
    const unknown = [{ number: 1, critical: false, value: Uint8Array.of(7) }];
    expect(() => encode({ ...(value as object), unknown } as never)).toThrow(RangeError);
  });

  it("refuses a body without its first field", () => {
    const bytes = encodeRecord([{ number: 2, critical: name === "outcome", value: new Uint8Array(8) }]);
    expect(attempt(() => decode(bytes))[0]).toBeInstanceOf(CorruptError);
  });
});

describe("config", () => {
  const chunker = (kind: number, ...sizes: number[]) =>
    replaced(
      encodeConfig({ chunker: DEFAULT_CHUNKER, created: 0, version: "1" }),
      1,
      written((writer) => {
        writer.u8(kind);
        for (const size of sizes) writer.u32(size);
      }),
    );

  it("takes sizes that a chunker can cut into", () => {
    expect(decodeConfig(chunker(1, 64, 256, CHUNK_SIZE_MAX)).chunker.kind).toBe("cdc");
    for (const sizes of [
      [1, 256, 1024],
      [1024, 256, 4096],
      [256, 256, 1024],
      [64, 256, CHUNK_SIZE_MAX + 1],
    ] as const) {
      expect(() => decodeConfig(chunker(1, ...sizes))).toThrow("no chunker cuts into");
    }
    expect(() => decodeConfig(chunker(2, 64, 64, 65))).toThrow("no chunker cuts into");
    const percent = (value: number) =>
      encodeConfig({ chunker: DEFAULT_CHUNKER, created: 0, version: "1", parity: value });
    for (const value of [0, 101]) expect(() => decodeConfig(percent(value))).toThrow(CorruptError);
    const tooSmall = { ...DEFAULT_CHUNKER, minimum: 1 };
    expect(() => encodeConfig({ chunker: tooSmall, created: 0, version: "1" })).toThrow(RangeError);
  });
});

describe("snapshot", () => {
  const golden = goldens.find(([file]) => file === "snapshot.json")![1].value as SnapshotOutcome;
  const bytes = encodeOutcome(golden);
  const withPaths = (...paths: string[]): SnapshotOutcome => {
    const roots = paths.map((path) => ({ path: encodeText(path), node: Uint8Array.of(1), scan: new Uint8Array(0) }));
    return { ...golden, snapshot: { ...golden.snapshot, roots } };
  };
  const written18 = (...paths: string[]) =>
    replaced(
      bytes,
      18,
      written((writer) => {
        for (const path of paths) {
          writer.text(path);
          writer.bytes(Uint8Array.of(1));
          writer.bytes(new Uint8Array(0));
        }
      }),
    );

  it.each([[["/"]], [["/a", "/a-b", "/b/c", "/b/d"]], [["/..."]], [["/a", "/aa"]], [[`/${"a".repeat(65_535)}`]]])(
    "takes roots %j",
    (paths) => {
      expect(decodeOutcome(encodeOutcome(withPaths(...paths)))).toEqual(withPaths(...paths));
    },
  );

  it.each([
    [["a"]],
    [[""]],
    [["/a/"]],
    [["//a"]],
    [["/a//b"]],
    [["/."]],
    [["/a/.."]],
    [["/a\0"]],
    [["/b", "/a"]],
    [["/a", "/a"]],
    [["/", "/a"]],
    [["/a", "/a-b", "/a/c"]],
    [[`/${"a".repeat(65_536)}`]],
  ])("refuses roots %j", (paths) => {
    expect(() => encodeOutcome(withPaths(...paths))).toThrow(RangeError);
    expect(attempt(() => decodeOutcome(written18(...paths)))[0]).toBeInstanceOf(CorruptError);
  });

  it("lists at most 100 errors, and no more than it counts", () => {
    const list = (total: number, length: number): SnapshotOutcome => {
      const first = Array.from({ length }, () => ({ path: encodeText("/x"), message: "m" }));
      return { ...golden, snapshot: { ...golden.snapshot, errors: { total, first } } };
    };
    const field31 = (total: number, length: number) =>
      replaced(
        bytes,
        31,
        written((writer) => {
          writer.varint(total);
          for (let i = 0; i < 2 * length; i++) writer.text("m");
        }),
      );
    expect(decodeOutcome(encodeOutcome(list(1000, 100)))).toEqual(list(1000, 100));
    expect(decodeOutcome(field31(1000, 100)).kind).toBe("snapshot");
    for (const [total, length] of [
      [1000, 101],
      [2, 3],
      [0, 1],
    ] as const) {
      expect(() => encodeOutcome(list(total, length))).toThrow(RangeError);
      expect(() => decodeOutcome(field31(total, length))).toThrow(CorruptError);
    }
    expect(() => decodeOutcome(field31(0, 0))).toThrow("counts none");
  });

  it("names at most three outcomes seen", () => {
    const seen = Array.from({ length: 4 }, () => ({ number: 1, hash: new Uint8Array(32) }));
    expect(() => encodeOutcome({ ...golden, snapshot: { ...golden.snapshot, seen } })).toThrow(RangeError);
    const item = [1, ...new Array(39).fill(0)];
    expect(decodeOutcome(replaced(bytes, 33, Uint8Array.from([item, item, item].flat()))).kind).toBe("snapshot");
    expect(() => decodeOutcome(replaced(bytes, 33, Uint8Array.from([item, item, item, item].flat())))).toThrow(
      "above 3",
    );
  });

  it("refuses numbers that no register has", () => {
    for (const parent of [0, 10_000_000_000]) {
      expect(() => encodeOutcome({ ...golden, snapshot: { ...golden.snapshot, parent } })).toThrow(RangeError);
      const value = written((writer) => writer.varint(parent));
      expect(() => decodeOutcome(replaced(bytes, 17, value))).toThrow(CorruptError);
    }
  });

  it("refuses a completeness that is neither 0 nor 1", () => {
    expect(() => decodeOutcome(replaced(bytes, 16, Uint8Array.of(2)))).toThrow(CorruptError);
  });

  it("refuses fewer counts than there are", () => {
    expect(() => decodeOutcome(replaced(bytes, 30, new Uint8Array(14)))).toThrow(CorruptError);
    expect(decodeOutcome(replaced(bytes, 30, new Uint8Array(15))).kind).toBe("snapshot");
  });
});

describe("outcome", () => {
  it("refuses fields of another kind", () => {
    const fields = readFields(encodeOutcome({ kind: "void", reason: "x" }), { limit: 1000, what: "it" });
    const added = { number: 2, critical: true, value: new Uint8Array(64).fill(0, 0).with(0, 1) };
    const bytes = encodeRecord([fields[0]!, added, fields[1]!]);
    expect(() => decodeOutcome(bytes)).toThrow("Cannot read outcome: a void has a field 2");
  });

  it("has both fields of a base or neither", () => {
    const base = { segments: [], snapshots: [] };
    const bytes = encodeOutcome({ kind: "compaction", added: [], removed: [], base });
    const fields = readFields(bytes, { limit: 1000, what: "it" });
    expect(decodeOutcome(bytes)).toEqual({ kind: "compaction", added: [], removed: [], base });
    expect(() => decodeOutcome(encodeRecord(fields.slice(0, -1)))).toThrow("field 5 is missing");
  });
});

describe("log", () => {
  const record = { time: 0, host: "" };

  it("has nothing to say about no pack or snapshot", () => {
    expect(() => encodeLogRecord({ ...record, kind: "condemn", packs: [] })).toThrow(RangeError);
    expect(() => encodeLogRecord({ ...record, kind: "forget", snapshots: [] })).toThrow(RangeError);
  });

  it("refuses fields of another kind", () => {
    const bytes = encodeLogRecord({ ...record, kind: "epoch", epoch: 1 });
    expect(() => decodeLogRecord(replaced(bytes, 1, Uint8Array.of(6)))).toThrow("a domain has a field 18");
  });

  it("knows no key slot 0", () => {
    const slot = { number: 0, id: new Uint8Array(16) };
    const bytes = encodeLogRecord({ ...record, kind: "key-add", slot, owner: { user: "", host: "" } });
    expect(() => decodeLogRecord(bytes)).toThrow("a key slot has the number 0");
  });

  it("says newer-format for an unknown mode", () => {
    const bytes = replaced(encodeLogRecord({ ...record, kind: "mode", registers: "same" }), 20, Uint8Array.of(3));
    expect(isBcatError(attempt(() => decodeLogRecord(bytes))[0], "newer-format")).toBe(true);
  });
});

/** The same record with another value of one field. */
function replaced(bytes: Uint8Array, fieldNumber: number, value: Uint8Array): Uint8Array {
  const fields = readFields(bytes, { limit: 2 ** 24, what: "it" });
  expect(fields.some((field) => field.number === fieldNumber)).toBe(true);
  return encodeRecord(fields.map((field) => (field.number === fieldNumber ? { ...field, value } : field)));
}

function written(fill: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  fill(writer);
  return writer.finish();
}

function encodeText(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function attempt<T>(run: () => T): [unknown, T | undefined] {
  try {
    return [undefined, run()];
  } catch (error) {
    return [error, undefined];
  }
}

function isRefusal(error: unknown): boolean {
  return isBcatError(error, "corrupt") || isBcatError(error, "newer-format");
}

function isHex(value: unknown): value is { bytes: string } {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "bytes" && "bytes" in value;
}

function requiredSnapshotKeys() {
  return [
    "complete",
    "roots",
    "start",
    "end",
    "zone",
    "host",
    "user",
    "clientId",
    "version",
    "tags",
    "excludes",
    "options",
    "counts",
    "errors",
    "logHead",
    "seen",
  ] as const;
}
