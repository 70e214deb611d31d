import { NodeType } from "@bcat/snapshot";
import { describe, expect, test } from "vitest";
import type { Entry } from "./entry.js";
import { type SortOptions, sortEntries } from "./entry-order.js";

const entries = [file("/b/x.txt", 2, 30), file("/b/y.c", 300, 10), file("/b.d/z", 0, 20), file("/c/w.txt", 2, 5)];

function file(path: string, size: number, mtimeSeconds: number): Entry {
  const content = { kind: "inline", bytes: new Uint8Array(size) } as const;
  const node = { name: Buffer.from(path), type: NodeType.file, mode: 0o644, uid: 0, gid: 0, user: "", group: "" };
  return { path: Buffer.from(path), node: { ...node, mtimeSeconds, mtimeNanoseconds: 0, content } };
}

async function* each(): AsyncGenerator<Entry> {
  yield* entries;
}

async function order(options: Pick<SortOptions, "sort" | "reverse" | "countMax">): Promise<string> {
  const sorted = await sortEntries(each(), { ...options, signal: new AbortController().signal });
  return sorted
    .map(({ path }) =>
      Buffer.from(path)
        .toString()
        .at(path.lastIndexOf(0x2f) + 1),
    )
    .join("");
}

describe("sortEntries()", () => {
  test.each([
    ["name", "xyzw"],
    ["size", "zxwy"],
    ["time", "wyzx"],
    ["mtime", "wyzx"],
    ["extension", "zyxw"],
  ] as const)("by %s is %s, and backwards in reverse", async (sort, expected) => {
    expect(await order({ sort, reverse: false })).toBe(expected);
    expect(await order({ sort, reverse: true })).toBe([...expected].reverse().join(""));
  });

  test("refuses more entries than it may hold", async () => {
    await expect(order({ sort: "size", reverse: false, countMax: 3 })).rejects.toThrow(/more than 3 entries/);
  });
});
