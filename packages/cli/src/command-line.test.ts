import type { ListedSnapshot } from "@bcat/snapshot";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "./command-line.js";
import { commands } from "./commands.js";
import type { Variables } from "./options.js";
import { readPolicy } from "./policy-flags.js";
import { createFilter } from "./snapshot-filter.js";

function parse(words: readonly string[], variables: Variables = {}) {
  return parseCommandLine(words, variables, commands);
}

function parseRun(words: readonly string[], variables: Variables = {}) {
  const line = parse(words, variables);
  if (line.kind !== "run") throw new Error(`Parsed as ${line.kind}`);
  return line;
}

describe("operands", () => {
  test.each([
    [["backup", "--tag", "a", "/x"], ["/x"]],
    [
      ["backup", "--", "-dash", "--json"],
      ["-dash", "--json"],
    ],
    [
      ["backup", "1e3", "0x10", "007", "-"],
      ["1e3", "0x10", "007", "-"],
    ],
    [
      ["backup", "--json", "true", "false"],
      ["true", "false"],
    ],
    [["backup", "-n", "true"], ["true"]],
    [
      ["backup", "backup", "'quoted'", "a=b"],
      ["backup", "'quoted'", "a=b"],
    ],
    [
      ["--json", "restore", "1", "--", "-a", "-b"],
      ["1", "-a", "-b"],
    ],
  ])("of %j are kept as typed", (words, operands) => {
    expect(parseRun(words).operands).toEqual(operands);
  });

  test("of any text are kept as typed after --", () => {
    const operand = fc.string({ unit: "binary", minLength: 1 });
    fc.assert(
      fc.property(fc.array(operand), (operands) => {
        expect(parseRun(["backup", "--", ...operands]).operands).toEqual(operands);
      }),
    );
  });
});

describe("flags", () => {
  test("of any text are kept as typed, joined and apart", () => {
    const value = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(value, (text) => {
        expect(parseRun(["backup", `--exclude=${text}`, "/x"]).options.list("exclude")).toEqual([text]);
        if (text.startsWith("-") && text !== "-") return;
        expect(parseRun(["backup", "-e", text, "/x"]).options.list("exclude")).toEqual([text]);
      }),
    );
  });

  test("with one letter can be joined", () => {
    const { options } = parseRun(["backup", "-nqr/repo", "/x"]);
    expect([options.switch("dry-run"), options.switch("quiet"), options.text("repository")]).toEqual([
      true,
      true,
      "/repo",
    ]);
  });

  test("have other names", () => {
    for (const words of [["--repo", "/r"], ["--repository=/r"], ["-r", "/r"], ["--repo=/r"]])
      expect(parseRun(["snapshots", ...words]).options.text("repository")).toBe("/r");
  });

  test("of tags are divided at commas", () => {
    expect(parseRun(["backup", "--tag", "a,b", "--tag=c", "/x"]).options.list("tag")).toEqual(["a", "b", "c"]);
  });

  test("of tags have no blanks around them, wherever tags are given", async () => {
    expect(parseRun(["backup", "--tag", " a b,\tc ", "/x"]).options.list("tag")).toEqual(["a b", "c"]);
    const change = parseRun(["tag", "--add", "a, b", "--remove= c"]).options;
    expect([change.list("add"), change.list("remove")]).toEqual([["a", "b"], ["c"]]);
    const { options } = parseRun(["forget", "--keep-tag", "a, b", "--tag", "a , b"]);
    expect((await readPolicy(options)).tags).toEqual([["a", "b"]]);
    const has = createFilter(options);
    expect(has({ number: 1, snapshot: { tags: ["b", "a"] } } as unknown as ListedSnapshot)).toBe(true);
  });
});

describe("wrong usage is refused:", () => {
  test.each([
    ["frob"],
    ["backup", "--frob", "/x"],
    ["backup", "-5", "/x"],
    ["backup", "--constructor=1", "/x"],
    ["backup", "--__proto__=1", "/x"],
    ["backup", "--repo.a=1", "/x"],
    ["backup", "--no-json", "/x"],
    ["backup", "--json=maybe", "/x"],
    ["backup", "--repo"],
    ["backup", "--repo", "--json", "/x"],
    ["backup", "--repo=", "/x"],
    ["backup", "--repo", "a", "-rb", "/x"],
    ["backup", "--tag", "a,,b", "/x"],
    ["backup", "--tag", "a, ,b", "/x"],
    ["backup", "--compression", "foo", "/x"],
    ["backup", ""],
    ["ls"],
    ["ls", "--tag", "1"],
    ["restore"],
    ["restore", "1", "", "b"],
    ["init", "extra"],
  ])("%s %s %s %s %s", (...words) => {
    expect(() => parse(words)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("help", () => {
  test("is asked for by a flag or a word, of one command or of all", () => {
    const ls = commands.find(({ name }) => name === "ls");
    for (const words of [["--help"], ["-h"], ["help"], ["help", "--json"]])
      expect(parse(words)).toEqual({ kind: "help", command: undefined });
    for (const words of [
      ["ls", "--help"],
      ["-h", "ls"],
      ["help", "ls"],
      ["ls", "1", "/a", "-h"],
    ])
      expect(parse(words)).toEqual({ kind: "help", command: ls });
    expect(() => parse(["help", "frob"])).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("is not asked for by an operand of that name", () => {
    expect(parseRun(["backup", "help"]).operands).toEqual(["help"]);
    expect(parseRun(["restore", "latest", "all", "help"]).operands).toEqual(["latest", "all", "help"]);
  });

  test("is what no command gives", () => {
    expect(parse([])).toEqual({ kind: "nothing" });
  });
});

test("flags of one name take a value in all commands or in none", () => {
  const kinds = new Map<string, boolean>();
  for (const { flags } of commands) {
    for (const [name, { kind }] of Object.entries(flags)) {
      expect(kinds.get(name) ?? kind === "switch").toBe(kind === "switch");
      kinds.set(name, kind === "switch");
    }
  }
});

describe("a letter that is a flag of several commands", () => {
  test.each([
    [["ls", "1", "-l", "--human-readable"], "ls", "long"],
    [["-l", "ls", "1"], "ls", "long"],
    [["--tag", "forget", "ls", "1", "-l"], "ls", "long"],
    [["forget", "-l", "3"], "forget", "keep-last"],
    [["-l", "3", "forget"], "forget", "keep-last"],
  ])("%j is read as that of the command that is named", (words, name, flag) => {
    const { command, options } = parseRun(words);
    expect(command.name).toBe(name);
    expect(flag === "long" ? options.switch(flag) : options.text(flag)).toBe(flag === "long" ? true : "3");
  });
});
