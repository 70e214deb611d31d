import { expect, test } from "vitest";
import { shellNegation } from "./shell-negation.js";

test.each([
  ["[!a-z].o", "[!a-z]"],
  ["/x/[ab]*[!c]", "[!c]"],
  ["[!\\]a]", "[!\\]a]"],
  ["[^a]", undefined],
  ["[a!]", undefined],
  ["[\\!a]", undefined],
  ["\\[!a]", undefined],
  ["[!]", undefined],
  ["![a]", undefined],
  ["a[!", undefined],
])("shellNegation(%s) is %s", (pattern, found) => {
  expect(shellNegation(pattern)).toBe(found);
});
