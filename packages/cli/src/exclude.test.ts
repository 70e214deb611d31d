import { expect, test } from "vitest";
import { parseExcludes, readExcludeFiles } from "./exclude.js";

test("parseExcludes() leaves out space, empty lines and comments", () => {
  expect(parseExcludes("# all\n *.o \r\n\n  # more\n!keep.o\na b")).toEqual(["*.o", "!keep.o", "a b"]);
});

test("readExcludeFiles() refuses a file that is not there", async () => {
  await expect(readExcludeFiles(["/nowhere/at all"])).rejects.toMatchObject({
    code: "usage",
    message: expect.stringMatching(/: no such file or directory \(ENOENT\)$/),
  });
});
