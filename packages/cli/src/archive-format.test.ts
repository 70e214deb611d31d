import { expect, test } from "vitest";
import { checkFormat, formatOfName } from "./archive-format.js";

test.each([
  ["a.zip", "zip"],
  ["/x.tar/A.ZIP", "zip"],
  ["a.tar", "tar"],
  ["a.tar.gz", undefined],
  ["zip", undefined],
  ["a.zip.part", undefined],
  [undefined, undefined],
] as const)("formatOfName() of %j is %j", (name, format) => {
  expect(formatOfName(name)).toBe(format);
});

test.each([
  ["tar", "a.zip", /a tar archive to "a\.zip": its name says zip; leave --archive out, or end the name in \.tar/],
  ["zip", "a.tar", /its name says tar/],
  ["tar", "a.tar.gz", /its name says that it is packed.*gzip/],
  ["zip", "a.TGZ", /packed/],
  ["tar", "a.tar.zst", /packed/],
] as const)("checkFormat() refuses %s for %s", (format, name, says) => {
  expect(() => checkFormat(format, name)).toThrow(says);
});

test("checkFormat() takes names that say nothing, or the same", () => {
  for (const name of ["a", "a.tar", "/dev/fd/3", "tar.gz/a", "notes.txt.gz"]) checkFormat("tar", name);
  checkFormat("zip", "a.zip");
});
