import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePostOrder } from "./post-order.js";

const encode = (path: string) => new TextEncoder().encode(path);
const path = fc
  .array(fc.stringMatching(/^[!/-0a\xff]{1,3}$/).map((name) => name.replaceAll("/", "-")))
  .map((x) => x.join("/"));

/** The order as the page says it, on components. */
function compareSlowly(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text === "" ? [] : text.split("/"))) as [string[], string[]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = Buffer.compare(Buffer.from(left[i]!), Buffer.from(right[i]!));
    if (order !== 0) return order;
  }
  return Math.sign(right.length - left.length);
}

describe("comparePostOrder()", () => {
  it("puts directories after those below them, siblings by name, the root last", () => {
    const paths = ["a/b/c", "a/b", "a/b!", "a/c", "a", "a!/x", "a!", "a0", "b/a", "b", ""];
    const shuffled = [...paths].reverse();
    expect(shuffled.sort((a, b) => comparePostOrder(encode(a), encode(b)))).toEqual(paths);
  });

  it("is the order of components", () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(comparePostOrder(encode(a), encode(b)))).toBe(compareSlowly(a, b));
      }),
      { numRuns: 20 * (readConfigureGlobal().numRuns ?? 100) },
    );
  });
});
