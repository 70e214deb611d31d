import { expect, test } from "vitest";
import { UnreadPaths } from "./unread-paths.js";

const named = (...paths: string[]) => paths.map((path) => ({ path: Buffer.from(path), message: "it is broken" }));

test.each([
  ["/a/b", true],
  ["/a/b/c/d", true],
  ["/a/bc", false],
  ["/a", false],
  ["/", false],
])("mayHold(%s) is %s when /a/b could not be read", (path, expected) => {
  const unread = new UnreadPaths({ total: 1, first: named("/a/b") });
  expect(unread.mayHold(Buffer.from(path))).toBe(expected);
});

test("mayHold() is true of any path when not all errors are named, and of none without errors", () => {
  expect(new UnreadPaths({ total: 2, first: named("/a") }).mayHold(Buffer.from("/b"))).toBe(true);
  expect(new UnreadPaths({ total: 0, first: [] }).mayHold(Buffer.from("/b"))).toBe(false);
});
