import { ByteWriter, encodeRecord, readFields } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeChunkLeaf, decodeInner, encodeChunkLeaf, encodeInner, type InnerList } from "./list.js";
import { compareBytes, isName } from "./name.js";
import { treeSizeMax } from "./node.js";

const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
const chunk = fc.record({ id, length: fc.integer({ min: 1, max: 64 * 1024 * 1024 }) });
const child = {
  id,
  length: fc.integer({ min: 1, max: treeSizeMax }),
  span: fc.integer({ min: 1, max: 2 ** 48 }),
};
const level = fc.integer({ min: 1, max: 8 });
const chunkList = fc.record({
  level,
  over: fc.constant("chunks" as const),
  children: fc.array(fc.record(child), { minLength: 1, maxLength: 20 }),
});
const nodeChild = fc.record({ ...child, firstName: fc.uint8Array({ minLength: 1, maxLength: 9 }).filter(isName) });
const nodeList = fc.record({
  level,
  over: fc.constant("nodes" as const),
  children: fc
    .uniqueArray(nodeChild, { minLength: 1, maxLength: 20, selector: (x) => `${x.firstName}` })
    .map((children) => children.sort((a, b) => compareBytes(a.firstName, b.firstName))),
});

const anId = new Uint8Array(32);
const one = { id: anId, length: 1, span: 1 };
const named = { ...one, firstName: Uint8Array.of(0x61) };

function replaced(bytes: Uint8Array, number: number, ...value: number[]): Uint8Array {
  const fields = readFields(bytes, { limit: treeSizeMax, what: "it" });
  return encodeRecord(
    fields.map((field) => (field.number === number ? { ...field, value: Uint8Array.from(value) } : field)),
  );
}

function varint(value: number): number[] {
  const writer = new ByteWriter();
  writer.varint(value);
  return [...writer.finish()];
}

describe("encodeChunkLeaf()", () => {
  it("is undone by decodeChunkLeaf()", () => {
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 50 }), (chunks) => {
        expect(decodeChunkLeaf(encodeChunkLeaf(chunks))).toEqual(chunks);
      }),
    );
  });

  it("refuses no chunks, and chunks that cannot be", () => {
    expect(() => encodeChunkLeaf([])).toThrow(RangeError);
    for (const length of [0, 2 ** 26 + 1]) expect(() => encodeChunkLeaf([{ id: anId, length }])).toThrow(RangeError);
    expect(() => encodeChunkLeaf([{ id: new Uint8Array(31), length: 1 }])).toThrow(RangeError);
  });
});

describe("decodeChunkLeaf()", () => {
  const leaf = encodeChunkLeaf([
    { id: anId, length: 1 },
    { id: anId, length: 2 },
  ]);

  it.each([
    ["a length too few", 2, [1]],
    ["a length too many", 2, [1, 2, 3]],
    ["length 0", 2, [0, 1]],
    ["a length above 64 MiB", 2, [1, ...varint(2 ** 26 + 1)]],
    ["half an id", 3, new Array(48).fill(0)],
    ["another kind", 1, [3]],
  ])("refuses %s", (_, number, value) => {
    expect(() => decodeChunkLeaf(replaced(leaf, number, ...value))).toThrow(CorruptError);
  });

  it("refuses a list without chunks", () => {
    const kind = { number: 1, critical: true, value: Uint8Array.of(2) };
    expect(() => decodeChunkLeaf(encodeRecord([kind]), "it")).toThrow("Cannot read it: it is a list without chunks");
  });
});

describe("encodeInner()", () => {
  it("is undone by decodeInner()", () => {
    fc.assert(
      fc.property(fc.oneof(chunkList, nodeList), (list) => {
        expect(decodeInner(encodeInner(list))).toEqual(list);
      }),
    );
  });

  const refused: [string, InnerList][] = [
    ["level 0", { level: 0, over: "chunks", children: [one] }],
    ["level 9", { level: 9, over: "chunks", children: [one] }],
    ["no children", { level: 1, over: "chunks", children: [] }],
    ["span 0", { level: 1, over: "chunks", children: [{ ...one, span: 0 }] }],
    ["spans of 2^53", { level: 1, over: "chunks", children: [one, { ...one, span: 2 ** 53 - 1 }] }],
    ["length 0", { level: 1, over: "chunks", children: [{ ...one, length: 0 }] }],
    ["a length above 4 MiB", { level: 1, over: "chunks", children: [{ ...one, length: treeSizeMax + 1 }] }],
    ["half an id", { level: 1, over: "chunks", children: [{ ...one, id: new Uint8Array(16) }] }],
    ["a first name that is none", { level: 1, over: "nodes", children: [{ ...named, firstName: new Uint8Array(0) }] }],
    ["first names that do not ascend", { level: 1, over: "nodes", children: [named, named] }],
  ];
  it.each(refused)("refuses %s", (_, list) => {
    expect(() => encodeInner(list)).toThrow(RangeError);
  });
});

describe("decodeInner()", () => {
  const list = encodeInner({
    level: 1,
    over: "nodes",
    children: [named, { ...named, firstName: Uint8Array.of(0x62) }],
  });

  it.each([
    ["level 0", 2, [0]],
    ["level 9", 2, [9]],
    ["two levels", 2, [1, 1]],
    ["a list over neither nodes nor chunks", 3, [3]],
    ["first names over chunks", 3, [2]],
    ["length 0", 4, [0, 1]],
    ["a length above 4 MiB", 4, [1, ...varint(treeSizeMax + 1)]],
    ["a length too many", 4, [1, 1, 1]],
    ["a child without an id", 5, new Array(32).fill(0)],
    ["span 0", 6, [1, 0]],
    ["spans of 2^53", 6, [1, ...varint(2 ** 53 - 1)]],
    ["a span too many", 6, [1, 1, 1]],
    ["first names that do not ascend", 7, [1, 0x62, 1, 0x62]],
    ["a first name with a slash", 7, [1, 0x2f, 1, 0x62]],
    ["a first name too few", 7, [1, 0x61]],
    ["a first name too many", 7, [1, 0x61, 1, 0x62, 1, 0x63]],
    ["another kind", 1, [2]],
  ])("refuses %s", (_, number, value) => {
    expect(() => decodeInner(replaced(list, number, ...value))).toThrow(CorruptError);
  });

  it("refuses a list without children", () => {
    const fields = readFields(list, { limit: treeSizeMax, what: "it" }).slice(0, 3);
    expect(() => decodeInner(encodeRecord(fields))).toThrow("it has no children");
  });
});
