import { expect, test } from "vitest";
import { joinPath, splitPath } from "./path.js";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

test.each([
  ["", "", ""],
  ["", "a", "a"],
  ["a", "", "a"],
  ["/", "a", "/a"],
  ["/a", "b/c", "/a/b/c"],
  ["\xff", "\xfe", "\xff/\xfe"],
])("joinPath() of %j and %j is %j", (a, b, joined) => {
  expect(text(joinPath(Buffer.from(a, "latin1"), Buffer.from(b, "latin1")))).toBe(joined);
});

test.each([
  ["/", "/", ""],
  ["/a", "/", "a"],
  ["/a/b", "/a", "b"],
  ["/\xff/\xfe\xfd", "/\xff", "\xfe\xfd"],
])("splitPath() of %j gives the folder %j and the name %j", (path, folder, name) => {
  const split = splitPath(Buffer.from(path, "latin1"));
  expect({ folder: text(split.folder), name: text(split.name) }).toEqual({ folder, name });
});
