import { expect, test } from "vitest";
import { snapshotPath, snapshotPathIn } from "./snapshot-path.js";

test.each([
  ["/a//b/", "/a/b"],
  ["./all", "all"],
  ["a/./b/../c", "a/c"],
  ["../a/", "../a"],
  [".", "."],
  ["./", "."],
  ["/", "/"],
  ["/..", "/"],
])("snapshotPath(%j) is %s", (typed, path) => {
  expect(snapshotPath(typed)).toEqual(Buffer.from(path));
});

test.each([
  ["/a", "b", "/a/b"],
  ["/a/", "/b/", "/a/b"],
  ["a", ".", "a"],
])("snapshotPathIn(%j, %j) is %s", (sub, typed, path) => {
  expect(snapshotPathIn(sub, typed)).toEqual(Buffer.from(path));
});
