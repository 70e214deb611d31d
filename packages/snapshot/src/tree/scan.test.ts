import { ByteWriter } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isName } from "./name.js";
import { secondsMax } from "./node.js";
import { comparePostOrder } from "./post-order.js";
import { noReference } from "./reference.js";
import { ScanDecoder, ScanEncoder, type ScanRecord, scanEntryCountMax, scanPathLengthMax } from "./scan.js";
import { decodeScanStats, encodeScanStats, type ScanColumns, type ScanStats } from "./scan-stats.js";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const entry = fc.record({
  ctimeSeconds: fc.integer({ min: -secondsMax, max: secondsMax }),
  ctimeNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  low: u32,
  high: u32,
  deviceMajor: u32,
  deviceMinor: u32,
  birthSeconds: fc.integer({ min: -secondsMax, max: secondsMax }),
  birthNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
});
const stats: fc.Arbitrary<ScanStats> = fc.array(entry, { maxLength: 8 }).map((entries) => ({
  ctimeSeconds: Float64Array.from(entries, (x) => x.ctimeSeconds),
  ctimeNanoseconds: Uint32Array.from(entries, (x) => x.ctimeNanoseconds),
  inodes: Uint32Array.from(entries.flatMap((x) => [x.low, x.high])),
  deviceMajor: Uint32Array.from(entries, (x) => x.deviceMajor),
  deviceMinor: Uint32Array.from(entries, (x) => x.deviceMinor),
  birthSeconds: Float64Array.from(entries, (x) => x.birthSeconds),
  birthNanoseconds: Uint32Array.from(entries, (x) => x.birthNanoseconds),
}));
const name = fc.uint8Array({ minLength: 1, maxLength: 3 }).filter(isName);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => joined(names));
const digest = fc.uint8Array({ minLength: 16, maxLength: 16 });
const tree = fc.record({
  level: fc.integer({ min: 0, max: 8 }),
  length: fc.integer({ min: 1, max: 4 * 1024 * 1024 }),
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
const records = fc
  .uniqueArray(fc.record({ path, digest, tree, stats }), { maxLength: 8, selector: (x) => `${x.path}` })
  .chain((list) => fc.record({ path: fc.constant(empty()), digest, tree, stats }).map((root) => [...list, root]))
  .map((list) => list.sort((a, b) => comparePostOrder(a.path, b.path)))
  .map((list) =>
    list.map(({ stats: values, ...record }): ScanRecord => {
      return { ...record, entryCount: values.ctimeSeconds.length, columns: encodeScanStats(values) };
    }),
  );

const noColumns: ScanColumns = { ctimes: empty(), inodes: empty(), devices: empty(), births: empty() };
const aTree = { level: 0, length: 5, id: new Uint8Array(32) };
const directory = (text: string): ScanRecord => {
  return { path: encode(text), digest: new Uint8Array(16), tree: aTree, entryCount: 0, columns: noColumns };
};
const oneEntry = (): Pick<ScanRecord, "entryCount" | "columns"> => {
  const columns = {
    ctimes: new Uint8Array(2),
    inodes: new Uint8Array(8),
    devices: new Uint8Array(2),
    births: new Uint8Array(2),
  };
  return { entryCount: 1, columns };
};

describe("ScanEncoder", () => {
  it("is undone by ScanDecoder, whatever the pieces", () => {
    fc.assert(
      fc.property(records, fc.array(fc.integer({ min: 0, max: 200 })), (list, sizes) => {
        const bytes = encodeAll(list);
        expect(decodeAll(bytes, sizes)).toEqual(list);
        expect(decodeAll(bytes, new Array(bytes.length).fill(1))).toEqual(list);
      }),
    );
  });

  it("refuses records out of order", () => {
    for (const [first, second] of [
      ["a", "a/b"],
      ["b", "a"],
      ["a", "a"],
      ["", "a"],
      ["a-b", "a/c"],
    ] as const) {
      const encoder = new ScanEncoder();
      encoder.append(directory(first));
      expect(() => encoder.append(directory(second))).toThrow("follows");
    }
  });

  it("refuses what is not a path relative to a root", () => {
    for (const text of ["/a", "a/", "a//b", ".", "a/..", "a\0", "a".repeat(1025)]) {
      expect(() => new ScanEncoder().append(directory(text))).toThrow(RangeError);
    }
  });

  it("takes a path of 1 MiB and no byte more", () => {
    const deep = (length: number) => `${"a/".repeat(scanPathLengthMax / 2).slice(0, length - 3)}bcd`;
    const list = [directory(deep(scanPathLengthMax)), directory("")];
    // Comparing byte by byte, as toEqual() does, takes seconds.
    const paths = decodeAll(encodeAll(list), []).map((record) => Buffer.from(record.path));
    expect(paths.map((found, at) => found.equals(list[at]!.path))).toEqual([true, true]);
    expect(() => new ScanEncoder().append(directory(`${deep(scanPathLengthMax)}e`))).toThrow(RangeError);
  });

  it("takes no tree only for a root with one entry", () => {
    const file = { ...directory(""), ...oneEntry(), tree: noReference };
    expect(decodeAll(encodeAll([file]), [])).toEqual([file]);
    for (const wrong of [
      { ...file, path: encode("a") },
      { ...file, entryCount: 0, columns: noColumns },
      { ...file, tree: { ...noReference, level: 1 } },
      { ...file, tree: { ...noReference, id: new Uint8Array(32).fill(1) } },
      { ...file, tree: { ...aTree, level: 9 } },
      { ...file, tree: { ...aTree, length: 4 * 1024 * 1024 + 1 } },
      { ...file, tree: { ...aTree, id: new Uint8Array(31) } },
      { ...file, digest: new Uint8Array(15) },
      { ...file, entryCount: 2 },
      { ...file, entryCount: scanEntryCountMax + 1 },
    ]) {
      expect(() => new ScanEncoder().append(wrong)).toThrow(RangeError);
    }
  });
});

describe("ScanDecoder", () => {
  /** A stream of one record in which each part can be replaced. */
  const stream = (parts: Partial<Record<"head" | "path" | "digest" | "tree" | "count" | "columns", number[]>>) =>
    Uint8Array.from(
      [
        parts.head ?? [...encode("BCATSCN1")],
        parts.path ?? [0, 0],
        parts.digest ?? new Array(16).fill(0),
        parts.tree ?? [0, 5, ...new Array(32).fill(0)],
        parts.count ?? [0],
        parts.columns ?? [0, 0, 0, 0],
      ].flat(),
    );
  const noTree = [0, 0, ...new Array(32).fill(0)];

  it("takes what the cases below change", () => {
    expect(decodeAll(stream({}), [])).toEqual([directory("")]);
  });

  it.each([
    ["another magic", { head: [...encode("BCATSCN2")] }],
    ["shared bytes where there are none", { path: [1, 0] }],
    ["a path above 1 MiB", { path: [0, ...varint(scanPathLengthMax + 1)] }],
    ["a path with a slash at the end", { path: [0, 2, 0x61, 0x2f] }],
    ["level 9", { tree: [9, 5, ...new Array(32).fill(0)] }],
    ["a tree above 4 MiB", { tree: [0, ...varint(4 * 1024 * 1024 + 1), ...new Array(32).fill(0)] }],
    ["no tree and no entry", { tree: noTree }],
    ["no tree below the root", { path: [0, 1, 0x61], tree: noTree, count: [1], columns: [2, 0, 0, 8] }],
    ["more entries than allowed", { count: varint(scanEntryCountMax + 1) }],
    ["ctimes too short", { count: [1], columns: [1, 0, 8, ...new Array(8).fill(0), 2, 0, 0, 2, 0, 0] }],
    [
      "ctimes too long",
      { count: [1], columns: [14, ...new Array(14).fill(0), 8, ...new Array(8).fill(0), 2, 0, 0, 2, 0, 0] },
    ],
    [
      "inodes that are not 8 bytes each",
      { count: [1], columns: [2, 0, 0, 7, ...new Array(7).fill(0), 2, 0, 0, 2, 0, 0] },
    ],
    ["a number in a longer form", { count: [0x80, 0x00] }],
    ["a number that is too large", { count: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] }],
  ])("refuses %s as soon as it is there, whatever the pieces", (_, parts) => {
    expect(() => decodeAll(stream(parts), [])).toThrow(CorruptError);
    expect(() => decodeAll(stream(parts), new Array(200).fill(1))).toThrow(CorruptError);
  });

  it("refuses a path that shares more with the one before than it says", () => {
    const two = (shared: number, rest: string) => {
      const [first, root] = [new ScanEncoder().append(directory("ab")), stream({}).subarray(8)];
      return Buffer.concat([first, stream({ path: [shared, rest.length, ...encode(rest)] }).subarray(8), root]);
    };
    const list = [directory("ab"), directory("ac"), directory("")];
    expect(decodeAll(two(1, "c"), [])).toEqual(list);
    expect(() => decodeAll(two(0, "ac"), [])).toThrow("shares more bytes than it says");
    expect(() => decodeAll(two(3, "c"), [])).toThrow("number of shared bytes 3 is above 2");
  });

  it("refuses a stream that ends early, also at the end of a record", () => {
    const list = [directory("a/b"), directory("a"), directory("")];
    const bytes = encodeAll(list);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeAll(bytes.subarray(0, length), [])).toThrow(CorruptError);
      expect(() => decodeAll(bytes.subarray(0, length), new Array(length).fill(1))).toThrow(CorruptError);
    }
  });

  it("refuses what follows the record of the root", () => {
    const bytes = Buffer.concat([encodeAll([directory("")]), stream({ path: [0, 1, 0x61] }).subarray(8)]);
    expect(() => decodeAll(bytes, [])).toThrow("follows");
  });

  it("does not go on after damage", () => {
    const decoder = new ScanDecoder("it");
    expect(() => [...decoder.feed(stream({ path: [1, 0] }))]).toThrow(CorruptError);
    expect(() => [...decoder.feed(stream({}))]).toThrow("found damaged before");
    expect(() => decoder.end()).toThrow("found damaged before");
  });

  it("hands out records that outlive what it was fed", () => {
    const list = [{ ...directory("a"), ...oneEntry(), digest: new Uint8Array(16).fill(7) }, directory("")];
    const bytes = Uint8Array.from(encodeAll(list));
    const decoder = new ScanDecoder("it");
    const found = [...decoder.feed(bytes)];
    bytes.fill(0xff);
    expect(() => [...decoder.feed(bytes)]).toThrow(CorruptError);
    expect(found).toEqual(list);
  });

  it("gives records that were not taken with the next piece", () => {
    const list = [directory("a"), directory("b"), directory("")];
    const decoder = new ScanDecoder("it");
    const found: ScanRecord[] = [];
    for (const record of decoder.feed(encodeAll(list))) {
      found.push(record);
      break;
    }
    expect(() => decoder.end()).toThrow(CorruptError);
    found.push(...decoder.feed(empty()));
    decoder.end();
    expect(found).toEqual(list);
  });

  it("takes no memory for a column that was not fed", () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 64 }, () => {
      const decoder = new ScanDecoder("it");
      const count = varint(scanEntryCountMax);
      expect([...decoder.feed(stream({ count, columns: varint(scanEntryCountMax * 13) }))]).toEqual([]);
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    for (const decoder of decoders) expect(() => decoder.end()).toThrow("it ends inside a record");
  });
});

describe("encodeScanStats()", () => {
  it("is undone by decodeScanStats()", () => {
    fc.assert(
      fc.property(stats, (values) => {
        const columns = encodeScanStats(values);
        const entryCount = values.ctimeSeconds.length;
        expect(decodeScanStats({ columns, entryCount }, { what: "it" })).toEqual(values);
      }),
    );
  });

  it("refuses arrays of different lengths, and times beyond the limit", () => {
    const [values] = fc.sample(
      stats.filter((x) => x.ctimeSeconds.length > 0),
      1,
    );
    for (const column of Object.keys(values!)) {
      expect(() => encodeScanStats({ ...values!, [column]: new Float64Array(0) })).toThrow(RangeError);
    }
    for (const seconds of [secondsMax + 1, -secondsMax - 1, Number.NaN, 0.5]) {
      const count = values!.ctimeSeconds.length;
      expect(() => encodeScanStats({ ...values!, ctimeSeconds: new Float64Array(count).fill(seconds) })).toThrow(
        RangeError,
      );
    }
  });
});

describe("decodeScanStats()", () => {
  it.each([
    ["ctimes too few", "ctimes", []],
    ["ctimes too many", "ctimes", [0, 0, 0, 0]],
    ["a ctime beyond the limit", "ctimes", [...varint(2 ** 51 + 2), 0]],
    ["10^9 nanoseconds", "births", [0, ...varint(1e9)]],
    ["inodes too many", "inodes", new Array(16).fill(0)],
    ["a device number of 2^32", "devices", [0, ...varint(2 ** 32)]],
    ["devices too many", "devices", [0, 0, 0]],
  ])("refuses %s", (_, column, value) => {
    const { entryCount, columns } = oneEntry();
    const changed = { entryCount, columns: { ...columns, [column]: Uint8Array.from(value) } };
    expect(() => decodeScanStats(changed, { what: "it" })).toThrow(CorruptError);
    expect(() => decodeScanStats(changed, { what: "it" })).toThrow(`Cannot read it, ${column}: `);
  });
});

function encodeAll(list: readonly ScanRecord[]): Uint8Array {
  const encoder = new ScanEncoder();
  return Buffer.concat(list.map((record) => encoder.append(record)));
}

/** @param sizes of the pieces; one more takes the rest. */
function decodeAll(bytes: Uint8Array, sizes: readonly number[]): ScanRecord[] {
  const decoder = new ScanDecoder("it");
  const found: ScanRecord[] = [];
  let position = 0;
  for (const size of [...sizes, bytes.length]) {
    found.push(...decoder.feed(bytes.subarray(position, position + size)));
    position += size;
  }
  decoder.end();
  return found;
}

function joined(names: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(names.flatMap((part, index) => (index === 0 ? [...part] : [0x2f, ...part])));
}

function varint(value: number): number[] {
  const writer = new ByteWriter();
  writer.varint(value);
  return [...writer.finish()];
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function empty(): Uint8Array {
  return new Uint8Array(0);
}
