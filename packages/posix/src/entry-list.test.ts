import { expect, test } from "vitest";
import { EntryList } from "./entry-list.js";

test("reserve() refuses what 32 bits cannot tell the place of", () => {
  const list = new EntryList();
  list.length = 2 ** 32 - 10;
  const message = "Cannot list a directory: 4294967296 bytes of entries are above the limit 4294967295";
  expect(() => list.reserve(10)).toThrow(new RangeError(message));
});
