/**
 * All tree codecs against one table: golden files (never written by a test), truncations, flipped bits, newer fields.
 */

import { readdirSync, readFileSync } from "node:fs";
import { encodeRecord, readFields } from "@bcat/codec";
import { CorruptError, isBcatError } from "@bcat/errors";
import { readConfigureGlobal } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeLeaf, encodeLeaf } from "./leaf.js";
import { decodeChunkLeaf, decodeInner, encodeChunkLeaf, encodeInner } from "./list.js";
import { type Node, NodeType, treeSizeMax } from "./node.js";
import { ScanDecoder, ScanEncoder, type ScanRecord } from "./scan.js";
import { decodeScanStats, encodeScanStats, type ScanStats } from "./scan-stats.js";
import { decodeTree } from "./tree.js";

// Of tens of thousands of errors nobody reads where they came from, which takes longer than all else.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const LARGE = 256;
/** Of large ones, in `npm test`; each place in a byte is met all the same. The long runs flip all. */
const bitsApart = readConfigureGlobal().numRuns === undefined ? 1 : 5;

interface Codec {
  readonly encode: (value: never) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

type ScanValue = Omit<ScanRecord, "columns"> & { readonly stats: Record<keyof ScanStats, number[]> };

const codecs: Record<string, Codec> = {
  leaf: { encode: (nodes: Node[]) => encodeLeaf(nodes), decode: (bytes) => decodeLeaf(bytes) },
  root: {
    encode: (nodes: Node[]) => encodeLeaf(nodes, { root: true }),
    decode: (bytes) => decodeLeaf(bytes, { root: true }),
  },
  chunks: { encode: encodeChunkLeaf, decode: (bytes) => decodeChunkLeaf(bytes) },
  inner: { encode: encodeInner, decode: (bytes) => decodeInner(bytes) },
  scan: { encode: encodeScan, decode: decodeScan },
};

interface Golden {
  readonly codec: string;
  readonly description: string;
  readonly value: unknown;
  readonly hex: string;
}

const goldens = readdirSync(new URL("golden/", import.meta.url))
  .sort()
  .map((file): [string, Golden & { readonly bytes: Uint8Array }] => {
    const source = readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8");
    const golden = JSON.parse(source, (_, value) => (isHex(value) ? fromHex(value.bytes) : value));
    return [file, { ...golden, bytes: fromHex(golden.hex) }];
  });
const trees = goldens.filter(([, golden]) => golden.codec !== "scan" && golden.codec !== "root");
const everyField = goldens.find(([file]) => file === "leaf-every-field.json")![1];

describe("golden trees", () => {
  it("are all there, and one has every type of node and every field", () => {
    expect(goldens.map(([file]) => file)).toEqual([
      "chunk-leaf.json",
      "inner-chunks.json",
      "inner-nodes.json",
      "leaf-empty.json",
      "leaf-every-field.json",
      "leaf-one.json",
      "leaf-root.json",
      "scan-file.json",
      "scan.json",
    ]);
    const nodes = everyField.value as Node[];
    expect(new Set(nodes.map((node) => node.type))).toEqual(new Set(Object.values(NodeType)));
    expect(fieldNumbers(everyField.bytes)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  it.each(goldens)("%s is what its value encodes to and decodes from", (_, golden) => {
    const { encode, decode } = codecs[golden.codec]!;
    expect(Buffer.from(encode(golden.value as never)).toString("hex")).toBe(golden.hex);
    expect(decode(golden.bytes)).toEqual(golden.value);
    expect(decode(Buffer.concat([Buffer.of(1), golden.bytes, Buffer.of(1)]).subarray(1, -1))).toEqual(golden.value);
  });

  it.each(goldens)("%s is refused when truncated, or when a byte follows", (_, golden) => {
    const { decode } = codecs[golden.codec]!;
    for (let length = 0; length < golden.bytes.length; length++) {
      expect(() => decode(golden.bytes.subarray(0, length))).toThrow(CorruptError);
    }
    expect(() => decode(Uint8Array.from([...golden.bytes, 0]))).toThrow(CorruptError);
  });

  it.each(goldens)("%s with a bit flipped is refused, or is what it decodes to encodes to", (_, golden) => {
    const { encode, decode } = codecs[golden.codec]!;
    let refused = 0;
    let newer = 0;
    const step = golden.bytes.length > LARGE ? bitsApart : 1;
    for (let bit = 0; bit < golden.bytes.length * 8; bit += step) {
      const flipped = golden.bytes.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      const [error, value] = attempt(() => decode(flipped));
      if (error !== undefined) {
        if (!isRefusal(error)) expect.unreachable(`bit ${bit}: ${error}`);
        refused++;
      } else if (golden.codec !== "scan" && fieldNumbers(flipped).some((number) => number > 14)) newer++;
      else if (Buffer.compare(encode(value as never), flipped) !== 0) expect.unreachable(`bit ${bit}`);
    }
    expect(refused).toBeGreaterThan(8);
    // Only the tags of the last uncritical fields can become those of uncritical fields that are not known.
    expect(newer).toBeLessThanOrEqual(golden === everyField ? 12 : 4);
  });

  it.each(goldens)("%s with a byte replaced by any other is no other error", (_, golden) => {
    const { decode } = codecs[golden.codec]!;
    for (let position = 0; position < golden.bytes.length; position++) {
      const changed = golden.bytes.slice();
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        changed[position] = byte;
        const [error] = attempt(() => decode(changed));
        if (error !== undefined && !isRefusal(error)) expect.unreachable(`byte ${position}: ${error}`);
      }
    }
  });
});

describe("decodeTree()", () => {
  it.each(trees)("tells by the first field what %s is", (_, golden) => {
    const tree = decodeTree(golden.bytes, "tree 12ab…");
    const value = tree.kind === "nodes" ? tree.nodes : tree.kind === "chunks" ? tree.chunks : tree.list;
    expect(tree.kind).toBe(golden.codec === "leaf" ? "nodes" : golden.codec);
    expect(value).toEqual(golden.value);
  });

  it("says newer-format for a kind or a critical field that it does not know", () => {
    for (const kind of [0, 4, 255]) {
      const [error] = attempt(() => decodeTree(encodeRecord([field(1, true, kind)]), "tree 12ab…"));
      expect(isBcatError(error, "newer-format")).toBe(true);
    }
    for (const [, golden] of trees) {
      const fields = readFields(golden.bytes, { limit: treeSizeMax, what: "it" });
      const [error] = attempt(() => decodeTree(encodeRecord([...fields, field(50, true, 1)]), "tree 12ab…"));
      expect(isBcatError(error, "newer-format")).toBe(true);
      expect(String(error)).toContain("Cannot read tree 12ab…: field 50 is not known to this version");
    }
  });

  it("ignores a field that it does not know and that is not critical", () => {
    for (const [, golden] of trees) {
      const fields = readFields(golden.bytes, { limit: treeSizeMax, what: "it" });
      const newer = encodeRecord([...fields, field(50, false, 1)]);
      expect(decodeTree(newer, "it")).toEqual(decodeTree(golden.bytes, "it"));
    }
  });

  it("refuses a record without a kind, or with a longer one", () => {
    for (const fields of [[], [field(2, true, 1)], [field(1, false, 1)], [field(1, true, 1, 1)]]) {
      expect(() => decodeTree(encodeRecord(fields), "it")).toThrow("Cannot read it: it does not begin with its kind");
    }
  });

  it("takes 4 MiB and no byte more", () => {
    const filler = (length: number) => ({ number: 50, critical: false, value: new Uint8Array(length) });
    const head = encodeRecord([field(1, true, 1), filler(2 ** 17)]).length - 2 ** 17;
    const largest = encodeRecord([field(1, true, 1), filler(treeSizeMax - head)]);
    expect(largest).toHaveLength(treeSizeMax);
    expect(decodeTree(largest, "it")).toEqual({ kind: "nodes", nodes: [] });
    const larger = encodeRecord([field(1, true, 1), filler(treeSizeMax - head + 1)]);
    expect(() => decodeTree(larger, "it")).toThrow("4194305 bytes are above 4194304");
  });
});

function field(number: number, critical: boolean, ...value: number[]) {
  return { number, critical, value: Uint8Array.from(value) };
}

function fieldNumbers(bytes: Uint8Array): number[] {
  return readFields(bytes, { limit: treeSizeMax, what: "it" }).map(({ number }) => number);
}

function encodeScan(values: readonly ScanValue[]): Uint8Array {
  const encoder = new ScanEncoder();
  const pieces = values.map(({ stats, ...record }) => {
    const columns = encodeScanStats({
      ctimeSeconds: Float64Array.from(stats.ctimeSeconds),
      ctimeNanoseconds: Uint32Array.from(stats.ctimeNanoseconds),
      inodes: Uint32Array.from(stats.inodes),
      deviceMajor: Uint32Array.from(stats.deviceMajor),
      deviceMinor: Uint32Array.from(stats.deviceMinor),
      birthSeconds: Float64Array.from(stats.birthSeconds),
      birthNanoseconds: Uint32Array.from(stats.birthNanoseconds),
    });
    return encoder.append({ ...record, columns });
  });
  return Uint8Array.from(Buffer.concat(pieces));
}

function decodeScan(bytes: Uint8Array): ScanValue[] {
  const decoder = new ScanDecoder("scan");
  const values = [...decoder.feed(bytes)].map(({ columns, ...record }) => {
    const stats = decodeScanStats({ columns, entryCount: record.entryCount }, { what: "scan" });
    const entries = Object.entries(stats).map(([name, column]) => [name, [...column]]);
    return { ...record, stats: Object.fromEntries(entries) as ScanValue["stats"] };
  });
  decoder.end();
  return values;
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

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
