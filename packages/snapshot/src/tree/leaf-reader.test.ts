import { encodeRecord, readFields } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import { describe, expect, it } from "vitest";
import { readTreeRecord } from "./columns.js";
import { encodeLeaf } from "./leaf.js";
import { leafField } from "./leaf-fields.js";
import { LeafReader } from "./leaf-reader.js";
import { type Node, NodeType, treeSizeMax } from "./node.js";

const common = { mode: 0o644, uid: 0, gid: 0, user: "", group: "", mtimeSeconds: 0, mtimeNanoseconds: 0 };
const subtree = { level: 0, length: 9, id: new Uint8Array(32).fill(7) };
const nodes: Node[] = [
  { ...common, name: Buffer.from("a"), type: NodeType.file, content: { kind: "inline", bytes: new Uint8Array(3) } },
  { ...common, name: Buffer.from("b"), type: NodeType.directory, subtree },
  { ...common, name: Buffer.from("c"), type: NodeType.symlink, target: Buffer.from("t") },
  { ...common, name: Buffer.from("d"), type: NodeType.blockDevice, major: 1, minor: 2 },
];
const leaf = encodeLeaf(nodes);

/** The leaf with other bytes in a column. */
function openWith(column: keyof typeof leafField, ...value: number[]): LeafReader {
  const fields = readFields(leaf, { limit: treeSizeMax, what: "it" }).map((field) =>
    field.number === leafField[column] ? { ...field, value: Uint8Array.from(value) } : field,
  );
  return new LeafReader(readTreeRecord(encodeRecord(fields), "it"));
}

describe("LeafReader", () => {
  it("says of each node what the node itself says", () => {
    const reader = new LeafReader(readTreeRecord(leaf, "it"));
    const told = nodes.map((_, i) => ({
      name: Buffer.from(reader.names.at(i)).toString(),
      type: reader.typeOf(i),
      subtree: reader.subtreeOf(i),
    }));
    expect(told).toEqual(
      reader.nodes().map((node) => ({
        name: Buffer.from(node.name).toString(),
        type: node.type,
        subtree: node.subtree,
      })),
    );
    expect(reader.count).toBe(4);
    expect(reader.nodes()).toBe(reader.nodes());
  });

  it.each([
    ["names that do not ascend", "names", [1, 0x62, 1, 0x61, 1, 0x63, 1, 0x64]],
    ["a name that leads out", "names", [2, 0x2e, 0x2e, 1, 0x62, 1, 0x63, 1, 0x64]],
    ["a name that ends too early", "names", [1, 0x61, 1, 0x62, 1, 0x63, 2, 0x64]],
    ["type 0", "types", [1, 2, 0, 5]],
    ["type 8", "types", [1, 2, 3, 8]],
    ["a type too few", "types", [1, 2, 3]],
    ["a type too many", "types", [1, 2, 3, 5, 6]],
    ["level 9 of what is in a directory", "subtrees", [9, 9, ...subtree.id]],
    ["more directories than there are", "subtrees", [0, 9, ...subtree.id, 0, 9, ...subtree.id]],
  ] as const)("refuses %s before anything is told", (_, column, value) => {
    expect(() => openWith(column, ...value)).toThrow(CorruptError);
  });

  it.each([
    ["modes", [0, 0x10, 0, 0, 0, 0, 0, 0]],
    ["owners", [9, 0, 0, 0]],
    ["contents", [3, 0]],
    ["targets", [1, 0]],
    ["devices", [1, 2, 3]],
  ] as const)("refuses malformed %s when a node is asked for, each time", (column, value) => {
    const reader = openWith(column, ...value);
    expect(reader.subtreeOf(1)).toEqual(subtree);
    for (let i = 0; i < 2; i++) expect(() => reader.nodes()).toThrow(CorruptError);
  });
});
