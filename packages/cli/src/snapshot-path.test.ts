import { expect, test } from "vitest";
import { snapshotPath } from "./snapshot-path.js";

test.each([
  ["/a//b/", "/a/b"],
  ["./all", "all"],
  ["a/./b/../c", "a/c"],
  ["/", "/"],
  ["/..", "/"],
])("snapshotPath(%j) is %s", (typed, path) => {
  expect(snapshotPath(typed)).toEqual(Buffer.from(path));
});

test("snapshotPath() of the root itself is undefined", () => {
  expect([snapshotPath("."), snapshotPath("./")]).toEqual([undefined, undefined]);
});
