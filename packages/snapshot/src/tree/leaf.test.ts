import { ByteWriter, encodeRecord, readFields } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentWeight, encodeContent } from "./content.js";
import { decodeLeaf, encodeLeaf, nodeWeight } from "./leaf.js";
import { compareBytes, isName } from "./name.js";
import { type Content, contentSize, leafNodeCountMax, type Node, NodeType, secondsMax, treeSizeMax } from "./node.js";

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const id = bytes(32, 32);
const reference = fc.record({
  level: fc.integer({ min: 0, max: 8 }),
  length: fc.integer({ min: 1, max: treeSizeMax }),
  id,
});
const chunk = fc.record({ id, length: fc.integer({ min: 1, max: 64 * 1024 * 1024 }) });
const content: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ kind: fc.constant("inline" as const), bytes: bytes(0, 300) }),
  fc.record({ kind: fc.constant("chunks" as const), chunks: fc.array(chunk, { minLength: 1, maxLength: 64 }) }),
  fc.record({ kind: fc.constant("list" as const), size: fc.integer({ min: 1, max: 2 ** 53 - 1 }), list: reference }),
);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const ownerName = fc.oneof(
  fc.constantFrom("", "root", "alice"),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.constant(Uint8Array.of(0xff, 0x41)),
);
const common = {
  name: bytes(1, 12).filter(isName),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.oneof(fc.constantFrom(0, 1000), u32),
  gid: fc.oneof(fc.constantFrom(0, 1000), u32),
  user: ownerName,
  group: ownerName,
  mtimeSeconds: fc.integer({ min: -secondsMax, max: secondsMax }),
  mtimeNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
};
const attributes = fc
  .uniqueArray(fc.record({ name: bytes(1, 6), content }), { minLength: 1, maxLength: 3, selector: (x) => `${x.name}` })
  .map((list) => list.sort((a, b) => compareBytes(a.name, b.name)));
const rare = { attributes, flags: fc.integer({ min: 1, max: 2 ** 53 - 1 }), linkGroup: bytes(8, 8) };
const accessTime = fc.record({
  atimeSeconds: fc.integer({ min: -secondsMax, max: secondsMax }),
  atimeNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
});
const ofFile = { hasChanged: fc.constant(true as const), hasHoles: fc.constant(true as const) };
const ofType: readonly Record<string, fc.Arbitrary<unknown>>[] = [
  { type: fc.constant(NodeType.file), content },
  { type: fc.constant(NodeType.directory), subtree: reference },
  { type: fc.constant(NodeType.symlink), target: bytes(1, 20).filter((target) => !target.includes(0)) },
  { type: fc.constantFrom(NodeType.characterDevice, NodeType.blockDevice), major: u32, minor: u32 },
  { type: fc.constantFrom(NodeType.fifo, NodeType.socket) },
];
const node = fc.oneof(
  ...ofType.map((parts) => {
    const required: Record<string, fc.Arbitrary<unknown>> = { ...common, ...parts };
    const marks = "content" in parts ? ofFile : {};
    const all = fc.record({ ...required, ...rare, ...marks }, { requiredKeys: Object.keys(required) as never[] });
    return fc.tuple(all, fc.option(accessTime)).map(([entry, time]) => ({ ...entry, ...time }));
  }),
) as unknown as fc.Arbitrary<Node>;
const nodes = fc
  .uniqueArray(node, { maxLength: 12, selector: (x) => `${x.name}` })
  .map((list) => list.sort((a, b) => compareBytes(a.name, b.name)));

const plain: Node = {
  name: Uint8Array.of(0x61),
  type: NodeType.file,
  mode: 0o644,
  uid: 0,
  gid: 0,
  user: "",
  group: "",
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  content: { kind: "inline", bytes: new Uint8Array(0) },
};
const { content: _content, ...bare } = plain;
const fifo: Node = { ...bare, type: NodeType.fifo };
const inline = (length: number): Content => ({ kind: "inline", bytes: new Uint8Array(length) });
const chunks = (count: number, length = 1): Content => {
  return { kind: "chunks", chunks: Array.from({ length: count }, () => ({ id: new Uint8Array(32), length })) };
};
const list = (level: number, length: number, size = 1): Content => {
  return { kind: "list", size, list: { level, length, id: new Uint8Array(32) } };
};
const name = (text: string) => new TextEncoder().encode(text);
const attribute = (length: number) => ({ name: new Uint8Array(length).fill(1), content: inline(0) });

describe("encodeLeaf()", () => {
  it("is undone by decodeLeaf()", () => {
    fc.assert(
      fc.property(nodes, (list) => {
        expect(decodeLeaf(encodeLeaf(list))).toEqual(list);
      }),
    );
  });

  it("depends on the nodes alone, not on the order in which owners appear", () => {
    const [a, b] = [
      { ...plain, uid: 7 },
      { ...plain, name: name("b"), uid: 3 },
    ];
    const swapped = encodeLeaf([
      { ...a, uid: 3 },
      { ...b, uid: 7 },
    ]);
    const value = (leaf: Uint8Array) =>
      readFields(leaf, { limit: 1000, what: "it" }).find((x) => x.number === 5)?.value;
    expect(value(encodeLeaf([a, b]))).toEqual(value(swapped));
  });

  /** What is allowed at a limit, and what is refused beyond it. */
  const limits: [string, Partial<Node>, Partial<Node>][] = [
    ["name", { name: name("a".repeat(1024)) }, { name: name("a".repeat(1025)) }],
    ["dots", { name: name("...") }, { name: name("..") }],
    ["dot", { name: name(".a") }, { name: name(".") }],
    ["slash", { name: name("a.b") }, { name: name("a/b") }],
    ["zero", { name: Uint8Array.of(1) }, { name: Uint8Array.of(0) }],
    ["emptiness of a name", { name: name("a") }, { name: name("") }],
    ["mode", { mode: 0o7777 }, { mode: 0o10000 }],
    ["uid", { uid: 0xffff_ffff }, { uid: 2 ** 32 }],
    ["gid", { gid: 0xffff_ffff }, { gid: 2 ** 32 }],
    ["user", { user: "u".repeat(256) }, { user: "u".repeat(257) }],
    ["group", { group: "é".repeat(128) }, { group: "é".repeat(129) }],
    ["late mtime", { mtimeSeconds: secondsMax }, { mtimeSeconds: secondsMax + 1 }],
    ["early mtime", { mtimeSeconds: -secondsMax }, { mtimeSeconds: -secondsMax - 1 }],
    ["nanoseconds", { mtimeNanoseconds: 999_999_999 }, { mtimeNanoseconds: 1_000_000_000 }],
    ["inline content", { content: inline(65_536) }, { content: inline(65_537) }],
    ["chunk count", { content: chunks(64) }, { content: chunks(65) }],
    ["least chunk count", { content: chunks(1) }, { content: chunks(0) }],
    ["chunk length", { content: chunks(1, 2 ** 26) }, { content: chunks(1, 2 ** 26 + 1) }],
    ["least chunk length", { content: chunks(1, 1) }, { content: chunks(1, 0) }],
    ["level", { content: list(8, 1) }, { content: list(9, 1) }],
    ["tree length", { content: list(0, treeSizeMax) }, { content: list(0, treeSizeMax + 1) }],
    ["least tree length", { content: list(0, 1) }, { content: list(0, 0) }],
    ["list size", { content: list(0, 1, 2 ** 53 - 1) }, { content: list(0, 1, 2 ** 53) }],
    ["least list size", { content: list(0, 1, 1) }, { content: list(0, 1, 0) }],
    ["attribute name", { attributes: [attribute(255)] }, { attributes: [attribute(256)] }],
    ["least attribute name", { attributes: [attribute(1)] }, { attributes: [attribute(0)] }],
    ["flags", { flags: 2 ** 53 - 1 }, { flags: 2 ** 53 }],
    ["link group", { linkGroup: new Uint8Array(8) }, { linkGroup: new Uint8Array(9) }],
  ];
  it.each(limits)("takes %s at the limit, and refuses it beyond", (_, allowed, refused) => {
    expect(decodeLeaf(encodeLeaf([{ ...plain, ...allowed }]))).toEqual([{ ...plain, ...allowed }]);
    expect(() => encodeLeaf([{ ...plain, ...refused }])).toThrow(RangeError);
  });

  it("takes 1,024 attributes in ascending order, targets of 65,535 bytes, device numbers of 32 bits", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: Uint8Array.of(i >>> 8, i), content: inline(0) }));
    expect(decodeLeaf(encodeLeaf([{ ...plain, attributes: many(1024) }]))[0]?.attributes).toEqual(many(1024));
    expect(() => encodeLeaf([{ ...plain, attributes: many(1025) }])).toThrow(RangeError);
    expect(() => encodeLeaf([{ ...plain, attributes: many(3).reverse() }])).toThrow(RangeError);
    const link = (length: number): Node => ({
      ...bare,
      type: NodeType.symlink,
      target: new Uint8Array(length).fill(1),
    });
    expect(decodeLeaf(encodeLeaf([link(65_535)]))).toEqual([link(65_535)]);
    for (const length of [0, 65_536]) expect(() => encodeLeaf([link(length)])).toThrow(RangeError);
    expect(() => encodeLeaf([{ ...bare, type: NodeType.symlink, target: Uint8Array.of(1, 0) }])).toThrow(RangeError);
    const device = (minor: number): Node => ({ ...bare, type: NodeType.blockDevice, major: 0, minor });
    expect(decodeLeaf(encodeLeaf([device(0xffff_ffff)]))).toEqual([device(0xffff_ffff)]);
    expect(() => encodeLeaf([device(2 ** 32)])).toThrow(RangeError);
  });

  it("takes 65,536 nodes, in ascending order", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        ...fifo,
        name: Uint8Array.of(0x61, 128 + (i >>> 14), 128 + ((i >>> 7) & 127), 128 + (i & 127)),
      }));
    expect(decodeLeaf(encodeLeaf(many(leafNodeCountMax)))).toHaveLength(leafNodeCountMax);
    expect(() => encodeLeaf(many(leafNodeCountMax + 1))).toThrow(RangeError);
    expect(() => encodeLeaf(many(2).reverse())).toThrow("follows");
    expect(() => encodeLeaf([plain, plain])).toThrow("follows");
  });

  it("refuses more than 4 MiB", () => {
    const large = Array.from({ length: 65 }, (_, i) => ({
      ...plain,
      name: Uint8Array.of(100 + i),
      content: inline(65_000),
    }));
    expect(decodeLeaf(encodeLeaf(large.slice(0, 64)))).toHaveLength(64);
    expect(() => encodeLeaf(large)).toThrow(RangeError);
  });

  it("refuses a node that lacks what its type has, or has what it lacks", () => {
    const extras: Partial<Node>[] = [
      { content: inline(0) },
      { subtree: { level: 0, length: 1, id: new Uint8Array(32) } },
      { target: Uint8Array.of(1) },
      { major: 1, minor: 1 },
    ];
    for (const type of Object.values(NodeType)) {
      const fitting = [{}, ...extras].filter((extra) => {
        try {
          encodeLeaf([{ ...bare, ...extra, type }]);
          return true;
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return false;
        }
      });
      expect(fitting).toHaveLength(1);
      for (const extra of extras.filter((candidate) => candidate !== fitting[0])) {
        expect(() => encodeLeaf([{ ...bare, ...fitting[0], ...extra, type }])).toThrow(RangeError);
      }
    }
    expect(() => encodeLeaf([{ ...fifo, major: 1 }])).toThrow(RangeError);
    expect(() => encodeLeaf([{ ...bare, type: 8 as NodeType }])).toThrow(RangeError);
  });

  it("marks the files alone, a bit each", () => {
    const files = Array.from({ length: 9 }, (_, i) => ({ ...plain, name: name(`f${i}`) }));
    const marked = [{ ...fifo, name: name("a") }, ...files.with(8, { ...files[8]!, hasChanged: true as const })];
    const column = (leaf: Uint8Array) => readFields(leaf, { limit: 10_000, what: "it" }).find((x) => x.number === 15);
    expect(column(encodeLeaf(marked))?.value).toEqual(Uint8Array.of(0, 1));
    expect(column(encodeLeaf(files))).toBeUndefined();
    expect(decodeLeaf(encodeLeaf(marked))).toEqual(marked);
    expect(() => encodeLeaf([{ ...fifo, hasChanged: true }])).toThrow(RangeError);
  });

  it("takes exactly one node without a name for a root", () => {
    const root = { ...plain, name: new Uint8Array(0) };
    const leaf = encodeLeaf([root], { root: true });
    expect(decodeLeaf(leaf, { root: true })).toEqual([root]);
    expect(() => decodeLeaf(leaf)).toThrow(CorruptError);
    expect(() => decodeLeaf(encodeLeaf([plain]), { root: true })).toThrow(CorruptError);
    expect(() => decodeLeaf(encodeLeaf([]), { root: true })).toThrow(CorruptError);
    for (const wrong of [[], [plain], [root, plain]])
      expect(() => encodeLeaf(wrong, { root: true })).toThrow(RangeError);
  });
});

describe("decodeLeaf()", () => {
  const marks = { hasChanged: true, hasHoles: true, atimeSeconds: -1, atimeNanoseconds: 5 } as const;
  const pair: Node[] = [
    { ...plain, uid: 1, attributes: [attribute(1)], flags: 1, linkGroup: new Uint8Array(8), ...marks },
    { ...bare, name: name("b"), type: NodeType.symlink, target: name("t") },
    { ...bare, name: name("c"), type: NodeType.blockDevice, major: 1, minor: 2 },
    { ...bare, name: name("d"), type: NodeType.directory, subtree: { level: 0, length: 9, id: new Uint8Array(32) } },
  ];
  const leaf = encodeLeaf(pair);
  const id32 = new Array(32).fill(0);
  const big = (...values: number[]) => {
    const writer = new ByteWriter();
    for (const value of values) writer.varint(value);
    return [...writer.finish()];
  };

  it.each([
    ["names that do not ascend", 2, [1, 0x61, 1, 0x61, 1, 0x63, 1, 0x64]],
    ["a name with a slash", 2, [1, 0x2f, 1, 0x62, 1, 0x63, 1, 0x64]],
    ["a name of 1,025 bytes", 2, [...big(1025), ...new Array(1025).fill(0x61), 1, 0x62, 1, 0x63, 1, 0x64]],
    ["a name too few", 2, [1, 0x61, 1, 0x62, 1, 0x63]],
    ["a name too many", 2, [1, 0x61, 1, 0x62, 1, 0x63, 1, 0x64, 1, 0x65]],
    ["type 8", 3, [1, 3, 8, 2]],
    ["type 0", 3, [0, 3, 5, 2]],
    ["another type", 3, [6, 3, 5, 2]],
    ["a mode of 0o10000", 4, [0, 0x10, 0, 0, 0, 0, 0, 0]],
    ["owners that do not ascend", 5, [1, 0, 0, 0, 0, 0, 0, 0]],
    ["an owner twice", 5, [0, 0, 0, 0, 0, 0, 0, 0]],
    ["a uid of 2^32", 5, [0, 0, 0, 0, ...big(2 ** 32), 0, 0, 0]],
    ["a user of 257 bytes", 5, [0, 0, 0, 0, 1, 0, ...big(257), ...new Array(257).fill(1), 0]],
    ["an owner that is not used", 5, [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]],
    ["an owner that is not there", 6, [1, 0, 0, 2]],
    ["an mtime beyond the limit", 7, [...big(2 ** 51), 0, 2, 0, 0, 0, 0, 0]],
    ["10^9 nanoseconds", 7, [0, ...big(1e9), 0, 0, 0, 0, 0, 0]],
    ["content of kind 3", 8, [3, 0]],
    ["inline content of 65,537 bytes", 8, [0, ...big(65_537), ...new Array(65_537).fill(0)]],
    ["no chunks", 8, [1, 0]],
    ["65 chunks", 8, [1, 65, ...new Array(65).fill([1, ...id32]).flat()]],
    ["a chunk of length 0", 8, [1, 1, 0, ...id32]],
    ["a chunk above 64 MiB", 8, [1, 1, ...big(2 ** 26 + 1), ...id32]],
    ["a list of size 0", 8, [2, 0, 0, 1, ...id32]],
    ["more content than files", 8, [0, 0, 0, 0]],
    ["level 9", 9, [9, 1, ...id32]],
    ["tree length 0", 9, [0, 0, ...id32]],
    ["tree length above 4 MiB", 9, [0, ...big(treeSizeMax + 1), ...id32]],
    ["an empty target", 10, [0]],
    ["a target with a byte 0", 10, [1, 0]],
    ["a target of 65,536 bytes", 10, [...big(65_536), ...new Array(65_536).fill(1)]],
    ["a device number of 2^32", 11, [1, ...big(2 ** 32)]],
    ["attributes beyond the last node", 12, [4, 1, 1, 1, 0, 0]],
    ["attributes of a second node beyond the last", 12, [0, 1, 1, 1, 0, 0, 3, 1, 1, 1, 0, 0]],
    ["no attributes", 12, [0, 0]],
    ["1,025 attributes", 12, [0, ...big(1025)]],
    ["attributes that do not ascend", 12, [0, 2, 1, 1, 0, 0, 1, 1, 0, 0]],
    ["an attribute without a name", 12, [0, 1, 0, 0, 0]],
    ["an attribute's name of 256 bytes", 12, [0, 1, ...big(256), ...new Array(256).fill(1), 0, 0]],
    ["flags 0", 13, [0, 0]],
    ["half a link group", 14, [0, 1, 2, 3, 4]],
    ["a mark of a second file, where there is one", 15, [3]],
    ["a mark in a second byte", 15, [1, 1]],
    ["marks that end with a zero byte", 15, [1, 0]],
    ["a mark of nothing", 15, [0]],
    ["holes of a second file, where there is one", 16, [2]],
    ["holes of a ninth file, where there is one", 16, [1, 1]],
    ["a byte without holes at the end", 16, [1, 0]],
    ["an access time beyond the last node", 17, [4, 0, 0]],
    ["an access time beyond the limit", 17, [0, ...big(2 ** 51 + 2), 0]],
    ["10^9 nanoseconds of an access time", 17, [0, 0, ...big(1e9)]],
    ["half an access time", 17, [0, 0]],
  ])("refuses %s", (_, number, value) => {
    const fields = readFields(leaf, { limit: treeSizeMax, what: "it" });
    const changed = fields.map((field) =>
      field.number === number ? { ...field, value: Uint8Array.from(value) } : field,
    );
    expect(() => decodeLeaf(encodeRecord(changed), { what: "tree 12ab…" })).toThrow(CorruptError);
    expect(() => decodeLeaf(encodeRecord(changed), { what: "tree 12ab…" })).toThrow("Cannot read tree 12ab…");
  });

  it("refuses a leaf that lacks a column, or has an empty one", () => {
    const fields = readFields(leaf, { limit: treeSizeMax, what: "it" });
    for (const { number, critical } of fields.slice(1)) {
      const without = fields.filter((field) => field.number !== number);
      if (critical) expect(() => decodeLeaf(encodeRecord(without))).toThrow(CorruptError);
      const emptied = fields.map((field) => (field.number === number ? { ...field, value: new Uint8Array(0) } : field));
      expect(() => decodeLeaf(encodeRecord(emptied))).toThrow(`field ${number} is empty`);
    }
  });

  it("refuses columns of an empty directory", () => {
    const fields = readFields(leaf, { limit: treeSizeMax, what: "it" });
    for (const field of fields.slice(1)) {
      expect(() => decodeLeaf(encodeRecord([fields[0]!, field]))).toThrow(CorruptError);
    }
  });

  it("refuses 65,537 nodes", () => {
    const value = new Uint8Array((leafNodeCountMax + 1) * 2).map((_, i) => (i % 2 === 0 ? 1 : 0x61));
    const names = { number: 2, critical: true, value };
    const kind = { number: 1, critical: true, value: Uint8Array.of(1) };
    expect(() => decodeLeaf(encodeRecord([kind, names]))).toThrow("more than 65536 nodes");
  });
});

describe("nodeWeight()", () => {
  it("is 32 and the lengths of name, content, target and attributes", () => {
    expect(nodeWeight(fifo)).toBe(33);
    expect(nodeWeight(plain)).toBe(33 + 2);
    expect(nodeWeight({ ...bare, type: NodeType.symlink, target: name("abc") })).toBe(36);
    expect(nodeWeight({ ...fifo, attributes: [attribute(2), attribute(200)] })).toBe(33 + (3 + 2) + (202 + 2));
  });

  it("counts content as it is encoded", () => {
    fc.assert(
      fc.property(content, (value) => {
        expect(contentWeight(value)).toBe(encodeContent(value).length);
      }),
    );
  });
});

describe("contentSize()", () => {
  it("is the number of bytes of the file", () => {
    expect([contentSize(inline(5)), contentSize(chunks(3, 7)), contentSize(list(0, 1, 99))]).toEqual([5, 21, 99]);
  });
});
