import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAtOrBelow } from "./path.js";
import { PathIndex } from "./path-index.js";

/** Few names, some of which sort before and behind a slash, and are no UTF-8. */
const name = fc.constantFrom("a", "b", "a-", "a!", "a0", "\xff", "aa");
const path = fc
  .array(name, { maxLength: 4 })
  .map((names) => new Uint8Array(Buffer.from(`/${names.join("/")}`, "latin1")));
const paths = fc.oneof(fc.array(path, { maxLength: 6 }), fc.array(path, { minLength: 9, maxLength: 40 }));

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

interface Item {
  readonly path: Uint8Array;
}

describe("PathIndex", () => {
  it("finds the first that is at, above or below a path, as who goes through all does", () => {
    fc.assert(
      fc.property(paths, path, (given, wanted) => {
        const items = given.map((path) => ({ path }));
        const index = new PathIndex<Item>(items, (item) => item.path);
        const text = textOf(wanted);
        expect(index.at(wanted)).toBe(items.find((item) => textOf(item.path) === text));
        expect(index.atOrAbove(wanted)).toBe(items.find((item) => isAtOrBelow(wanted, item.path)));
        const below = items.filter((item) => isAtOrBelow(item.path, wanted));
        expect(index.hasAtOrBelow(wanted)).toBe(below.length > 0);
        const first = new Map<string, Item>();
        for (const item of below) if (!first.has(textOf(item.path))) first.set(textOf(item.path), item);
        const sorted = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
        expect(index.atOrBelow(wanted)).toEqual(sorted);
      }),
    );
  });

  it("looks at each item once, however often it is asked", () => {
    const items = Array.from({ length: 5_000 }, (_, i) => ({ path: Buffer.from(`/folder/${i}/file`) }));
    let looks = 0;
    const index = new PathIndex(items, (item) => {
      looks++;
      return item.path;
    });
    for (const { path } of items) {
      expect(index.atOrAbove(path)?.path).toBe(path);
      expect(index.hasAtOrBelow(path.subarray(0, -5))).toBe(true);
      expect(index.atOrBelow(path)).toHaveLength(1);
    }
    expect(looks).toBe(items.length);
  });
});
