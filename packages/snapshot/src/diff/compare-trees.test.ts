import { SourceError } from "@bcat/errors";
import { expect, test } from "vitest";
import { compareTrees } from "./compare-trees.js";
import type { Side, Tree } from "./tree.js";

/** A folder, or with undefined something else; a name may come with the error that its folder fails with behind it. */
interface Names {
  readonly [name: string]: Names | Error | undefined;
}

interface Entry extends Side {
  readonly names: Names;
}

/** Each entry is a piece of its own; folders have no id. */
function treeOf(names: Names): Tree<Entry> {
  const entry = (name: string, below: Names): Entry => ({ name: Buffer.from(name), node: undefined, names: below });
  return {
    top: entry("", names),
    async *children(folder) {
      for (const [name, below] of Object.entries(folder.names)) {
        if (below instanceof Error) throw below;
        yield [entry(name, below ?? {})];
      }
    },
  };
}

async function compared(left: Names, right: Names): Promise<string[]> {
  const lines: string[] = [];
  for await (const pair of compareTrees(treeOf(left), treeOf(right))) {
    const sides = `${pair.left === undefined ? "" : "<"}${pair.right === undefined ? "" : ">"}`;
    lines.push(`${pair.path} ${pair.fault?.message ?? sides}`);
  }
  return lines;
}

test("both are gone through at once, in order of path", async () => {
  expect(await compared({ a: { x: {} }, c: {} }, { b: {}, c: { y: {} } })).toEqual([
    "/ <>",
    "/a <",
    "/a/x <",
    "/b >",
    "/c <>",
    "/c/y >",
  ]);
});

test("a folder that cannot be read is said, whenever that shows, and the others are compared", async () => {
  const gone = new SourceError("it has gone");
  expect(await compared({ a: { x: {} }, b: {} }, { a: { z: gone }, b: {} })).toEqual([
    "/ <>",
    "/a <>",
    "/a it has gone",
    "/b <>",
  ]);
  expect(await compared({ a: { x: {}, y: {} }, b: {} }, { a: { x: {}, z: gone }, b: {} })).toEqual([
    "/ <>",
    "/a <>",
    "/a/x <>",
    "/a it has gone",
    "/b <>",
  ]);
});

test("what is no fault of the source ends it", async () => {
  await expect(compared({ a: {} }, { a: { z: new Error("lost") } })).rejects.toThrow("lost");
});
