import { describe, expect, it } from "vitest";
import { contentChunkCountMax, decodeContent, encodeContent, inlineSizeTarget } from "../../tree/content.js";
import { contentSize } from "../../tree/node.js";
import { ContentBuilder } from "./content-builder.js";

const idOf = (i: number) => new Uint8Array(32).fill(i % 251);

function build(count: number, lengthOf: (i: number) => number) {
  const trees: Uint8Array[] = [];
  const builder = new ContentBuilder((bytes) => {
    trees.push(bytes);
    return idOf(trees.length);
  });
  const chunks = Array.from({ length: count }, (_, i) => ({ id: idOf(i), length: lengthOf(i) }));
  const id = new Uint8Array(32);
  for (const chunk of chunks) {
    id.set(chunk.id);
    builder.add(id, chunk.length);
  }
  return { builder, chunks, trees };
}

describe("ContentBuilder", () => {
  it.each([1, 2, contentChunkCountMax])("finish() encodes %i chunks as encodeContent() does", (count) => {
    const { builder, chunks } = build(count, (i) => [1, 127, 128, 65_536, 2 ** 26][i % 5]!);
    expect([...builder.finish(undefined)]).toEqual([...encodeContent({ kind: "chunks", chunks })]);
  });

  it("finish() makes a list of more chunks than stay in a node", () => {
    const { builder, trees } = build(contentChunkCountMax + 1, () => 1_000);
    const content = decodeContent(builder.finish(undefined));
    expect(content.kind).toBe("list");
    expect(contentSize(content)).toBe((contentChunkCountMax + 1) * 1_000);
    expect(trees.length).toBeGreaterThan(0);
  });

  it.each([0, 1, 127, 128, inlineSizeTarget])("finish() encodes %i bytes inline as encodeContent() does", (length) => {
    const { builder } = build(0, () => 0);
    const bytes = new Uint8Array(length).fill(7);
    expect([...builder.finish(bytes)]).toEqual([...encodeContent({ kind: "inline", bytes })]);
  });

  it("restart() forgets what was added, and finish() too", () => {
    const { builder } = build(70, () => 9);
    builder.restart();
    builder.add(idOf(3), 5);
    const expected = [...encodeContent({ kind: "chunks", chunks: [{ id: idOf(3), length: 5 }] })];
    expect([...builder.finish(undefined)]).toEqual(expected);
    builder.add(idOf(3), 5);
    expect([...builder.finish(undefined)]).toEqual(expected);
  });
});
