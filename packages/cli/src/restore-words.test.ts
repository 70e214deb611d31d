import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { Options } from "./options.js";
import { readRestoreWords } from "./restore-words.js";

function read(line: string) {
  const { operands, target } = divide(line.split(" "));
  const flags = { target: { kind: "text", description: "" } } as const;
  const given = new Map(target === undefined ? [] : [["target", [target]]]);
  return readRestoreWords({ operands, options: new Options(flags, given, {}), variables: {} });
}

function divide(words: string[]): { operands: string[]; target: string | undefined } {
  const flag = words.indexOf("-t");
  if (flag < 0) return { operands: words, target: undefined };
  return { operands: words.toSpliced(flag, 2), target: words[flag + 1] };
}

const bytes = (path: string) => Buffer.from(path);
const named = (...paths: string[]) => ({ paths: paths.map(bytes), targetMayBeName: true });
const into = (...paths: string[]) => ({ paths: paths.map(bytes), targetMayBeName: false });

describe("readRestoreWords()", () => {
  test.each([
    ["12 all /x", "all"],
    ["12 all -t /x", "all"],
    ["12 -t /x", "full-paths"],
    ["12:/a -t /x", { contentsOf: bytes("/a") }],
    ["12:/a/ all /x", { contentsOf: bytes("/a") }],
    ["12:a /x", { contentsOf: bytes("a") }],
    ["12:/a b /x", named("/a/b")],
    ["12 a /x", named("a")],
    ["12 a /x/", into("a")],
    ["12 a .", into("a")],
    ["12 a x/..", into("a")],
    ["12 a x..", named("a")],
    ["12 a -t /x", into("a")],
    ["12 a b /x", into("a", "b")],
    ["12 ./all b /x", into("all", "b")],
    ["12 . /x", named(".")],
  ])("of %s wants %j", (line, wanted) => {
    const read12 = read(line);
    expect(read12.selector).toBe("12");
    expect(read12.wanted).toEqual(wanted);
  });

  test("makes the target absolute", () => {
    expect(read("latest all x/y").target).toBe(resolve("x/y"));
    expect(read("latest -t x").target).toBe(resolve("x"));
  });

  test.each([
    ["12", /missing <path> and <target>: write bcat restore <snapshot> <path>… <target>/i],
    ["12 all", /missing <target>/i],
    ["12 a all /x", /"all" beside other paths/],
    ["12: /x", /folder of the snapshot after the colon/],
    ["12 a ~/x", /no shell/],
  ])("refuses %s", (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});
