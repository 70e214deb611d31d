import { BcatError } from "@bcat/errors";
import { expect, test } from "vitest";
import { describeError, sentence } from "./errors.js";

test("describeError() gives the code and message of a BcatError", () => {
  const error = new BcatError("no-repository", "Cannot open it: it is not there");
  expect(describeError(error, "ls")).toMatchObject({ exitCode: 10, message: "Cannot open it: it is not there" });
});

test("describeError() of anything else says how to see more", () => {
  expect(describeError(new TypeError("x is undefined"), "ls")).toMatchObject({
    exitCode: 1,
    message: "unexpected TypeError: x is undefined (set BCAT_DEBUG=1 to see where)",
  });
  expect(describeError("text", undefined)).toMatchObject({ exitCode: 1 });
});

test("sentence() begins small, as what follows a colon does", () => {
  for (const word of ["Cannot", "Unknown", "Missing", "There"])
    expect(sentence(`${word} Bcat`)).toBe(`${word.toLowerCase()} Bcat`);
});

test("sentence() is one line without controls", () => {
  expect(sentence('Cannot read "a\n\u001b[2J"')).toBe('cannot read "a\\x0a\\x1b[2J"');
});
