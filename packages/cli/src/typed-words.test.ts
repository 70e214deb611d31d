import { textOfBytes } from "@bcat/errors";
import { expect, test } from "vitest";
import { typedVariable, typedWords } from "./typed-words.js";

const never = () => {
  throw new Error("Asked the system");
};
const latin = (...words: string[]) => Buffer.from(words.map((word) => `${word}\0`).join(""), "latin1");

test("typedWords() asks nobody where no word has lost anything", () => {
  expect(typedWords(["ls", "größe"], never)).toEqual(["ls", "größe"]);
  expect(typedWords([], never)).toEqual([]);
});

test("typedWords() gives the bytes of the last words, whatever is before them", () => {
  const words = ["ls", "", "f\ufffd"];
  for (const before of [[], ["node"], ["node", "--title", "x\xff", "bcat"]])
    expect(typedWords(words, () => latin(...before, "ls", "", "f\xff"))).toEqual(["ls", "", "f\udcff"]);
  const fffd = Buffer.from("\ufffd");
  expect(typedWords(["\ufffd"], () => Buffer.concat([fffd, Buffer.of(0)]))).toEqual([textOfBytes(fffd)]);
});

test.each([
  ["nothing is told", Buffer.alloc(0)],
  ["there are fewer", latin("f\xff")],
  ["others are told", latin("bcat", "ls", "g\xff")],
  ["they are cut off", latin("bcat", "ls", "f\xff").subarray(0, -1)],
])("typedWords() refuses what is not known: %s", (_, told) => {
  expect(() => typedWords(["ls", "f\ufffd"], () => told)).toThrow(/Cannot use "f\ufffd".*U\+FFFD.*--files-from-raw/);
});

test("typedVariable() gives the bytes of a variable, where they are those of its value", () => {
  const told = () => latin("A=x\xff", "BCAT_EXCLUDE=f\xff=", "B=");
  expect(typedVariable("BCAT_EXCLUDE", "f\ufffd=", told)).toBe("f\udcff=");
  expect(typedVariable("BCAT_EXCLUDE", "g\ufffd", told)).toBe("g\ufffd");
  expect(typedVariable("BCAT_INCLUDE", "\ufffd", told)).toBe("\ufffd");
  expect(typedVariable("BCAT_EXCLUDE", "plain", never)).toBe("plain");
});
