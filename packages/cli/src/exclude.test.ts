import { expect, test } from "vitest";
import { parseExcludes, readExcludeFiles } from "./exclude.js";
import { expandVariables } from "./expand-variables.js";

const options = { flag: "--exclude-file", variables: {}, onNotice: () => {} };

test("parseExcludes() leaves out space, empty lines and comments, and counts lines", () => {
  expect(parseExcludes("# all\n *.o \r\n\n  # more\n!keep.o\na b")).toEqual([
    { text: "*.o", line: 2 },
    { text: "!keep.o", line: 5 },
    { text: "a b", line: 6 },
  ]);
});

test("readExcludeFiles() refuses a file that is not there", async () => {
  await expect(readExcludeFiles(["/nowhere/at all"], options)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringMatching(/: no such file or directory \(ENOENT\)$/),
  });
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: a variable for the file.
test.each([
  ["$HOME/a", "/home/me/a", []],
  ["x${HOME}y", "x/home/mey", []],
  ["a$$b$", "a$b$", []],
  ["$HOMER/$_X1", "/", ["HOMER", "_X1"]],
  ["$RECYCLE.BIN", ".BIN", ["RECYCLE"]],
  ["a$.b $/ 5$ é$é", "a$.b $/ 5$ é$é", []],
  ["$1x", "x", ["1"]],
  ["${}a", "a", [""]],
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
])("expandVariables() makes %s %s", (text, expanded, unset) => {
  expect(expandVariables(text, { HOME: "/home/me" })).toEqual({ text: expanded, unset });
});
