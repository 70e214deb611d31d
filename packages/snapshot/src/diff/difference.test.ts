import { expect, test } from "vitest";
import type { Content } from "../tree/node.js";
import { isSameContent } from "./difference.js";

const id = (fill: number) => new Uint8Array(32).fill(fill);
/** Of each kind, and two that differ in one thing alone. */
const contents: Content[] = [
  { kind: "inline", bytes: new Uint8Array(0) },
  { kind: "inline", bytes: Uint8Array.of(1) },
  { kind: "inline", bytes: Uint8Array.of(1, 2) },
  { kind: "chunks", chunks: [{ id: id(1), length: 5 }] },
  { kind: "chunks", chunks: [{ id: id(2), length: 5 }] },
  {
    kind: "chunks",
    chunks: [
      { id: id(1), length: 5 },
      { id: id(2), length: 5 },
    ],
  },
  { kind: "list", size: 10, list: { level: 0, length: 9, id: id(1) } },
  { kind: "list", size: 11, list: { level: 0, length: 9, id: id(1) } },
  { kind: "list", size: 10, list: { level: 0, length: 9, id: id(2) } },
];

test("contents are the same when all of them is, and none is that of an entry without", () => {
  for (const [i, left] of contents.entries()) {
    for (const [j, right] of contents.entries()) expect(isSameContent(left, structuredClone(right))).toBe(i === j);
    expect(isSameContent(left, undefined)).toBe(false);
    expect(isSameContent(undefined, left)).toBe(false);
  }
  expect(isSameContent(undefined, undefined)).toBe(true);
});
