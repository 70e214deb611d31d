import { expect, test } from "vitest";
import { meaningsOf } from "./shown-path.js";

const meanings = (path: string) => meaningsOf(Buffer.from(path)).map((one) => Buffer.from(one).toString("latin1"));

test.each([
  ["/a/b", ["/a/b"]],
  ["", [""]],
  ["/", ["/"]],
  ["a\\b/", ["a\\b/"]],
  ["/a\\xff/b", ["/a\\xff/b", "/a\xff/b"]],
  ["x\\\\y/\\xe4", ["x\\\\y/\\xe4", "x\\y/\\xe4", "x\\\\y/\xe4", "x\\y/\xe4"]],
  ["a\\x2fb", ["a\\x2fb"]],
])("meaningsOf(%j) is %j", (path, expected) => {
  expect(meanings(path)).toEqual(expected);
});

test("meaningsOf() of many names takes all as they are, or as they are shown", () => {
  const [plain, shown] = [Array(1_000).fill("\\xff").join("/"), Array(1_000).fill("\xff").join("/")];
  expect(meanings(plain)).toEqual([plain, shown]);
});
