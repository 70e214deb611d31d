import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "./command-line.js";
import { commands } from "./commands.js";

function refusal(...words: readonly string[]): string {
  try {
    parseCommandLine(words, {}, commands);
  } catch (error) {
    expect(error).toMatchObject({ code: "usage" });
    return (error as Error).message;
  }
  throw new Error(`Taken: ${words.join(" ")}`);
}

describe("an unknown command", () => {
  test.each([
    ["bakcup", "did you mean bcat backup?"],
    ["snapshot", "did you mean bcat snapshots?"],
    ["restor", "did you mean bcat restore?"],
    ["extract", "did you mean bcat restore?"],
    ["rebuild-index", "did you mean bcat repair index?"],
    ["verify", "did you mean bcat check?"],
    ["hlep", "did you mean bcat help?"],
    ["frobnicate", "see bcat --help"],
  ])("%s is answered with %s", (name, advice) => {
    expect(refusal(name, "--tags", "x")).toBe(`Unknown command "${name}": ${advice}`);
    expect(refusal("help", name)).toBe(`Unknown command "${name}": ${advice}`);
    expect(refusal("-r", "/x", name, "all")).toBe(`Unknown command "${name}": ${advice}`);
  });

  test("of restic's says what it is here", () => {
    expect(refusal("unlock", "--remove-all")).toMatch(/^There is no bcat unlock: there are no locks/);
    expect(refusal("-r", "/x", "mount", "/mnt")).toMatch(/^There is no bcat mount: .*bcat restore/);
  });
});

describe("an unknown flag", () => {
  test.each([
    [["backup", "--exlude", "x", "/x"], "Unknown flag --exlude of bcat backup: did you mean --exclude?"],
    [["snapshots", "--tags", "x"], "Unknown flag --tags of bcat snapshots: did you mean --tag?"],
    [["--jsno", "snapshots"], "Unknown flag --jsno of bcat snapshots: did you mean --json?"],
    [["snapshots", "--frobnicate"], "Unknown flag --frobnicate of bcat snapshots: see bcat help snapshots"],
    [["--frobnicate"], "Unknown flag --frobnicate: see bcat --help"],
    [["snapshots", "-Z"], "Unknown flag -Z of bcat snapshots: see bcat help snapshots"],
  ])("%j: %s", (words, message) => {
    expect(refusal(...words)).toBe(message);
  });

  test("of other commands names them", () => {
    expect(refusal("ls", "1", "--target", "x")).toMatch(
      /^Unknown flag --target of bcat ls: it is one of .*bcat restore/,
    );
    expect(refusal("ls", "1", "-x")).toMatch(/^Unknown flag -x of bcat ls: it is one of .*bcat backup/);
  });

  test("of restic's says what it is here, by its letter too", () => {
    expect(refusal("rewrite", "--snapshot-summary")).toMatch(/^Cannot use --snapshot-summary: every snapshot has/);
    expect(refusal("rewrite", "-s")).toMatch(/^Cannot use -s: every snapshot has/);
    expect(refusal("backup", "--pack-size", "64", "/x")).toMatch(/^Cannot use --pack-size: packs are of/);
  });

  test("has the word on -- beside it only where a path may be meant", () => {
    const note = "; write -- before a path that begins with a dash";
    expect(refusal("backup", "-5")).toContain(note);
    expect(refusal("backup", "--my notes.txt")).toContain(note);
    expect(refusal("backup", "--zzzzzzzz")).not.toContain(note);
    const folder = mkdtempSync(join(tmpdir(), "bcat-words-"));
    const before = process.cwd();
    try {
      process.chdir(folder);
      writeFileSync("-Z", "");
      expect(refusal("backup", "-Z")).toContain(note);
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a flag of restic's that asks for what is so anyway", () => {
  test("is taken, and named for who wants to know", () => {
    const line = parseCommandLine(
      ["snapshots", "--no-lock", "--retry-lock", "5m", "--cleanup-cache", "--compression=max"],
      {},
      commands,
    );
    expect(line).toMatchObject({
      kind: "run",
      operands: [],
      harmless: ["no-lock", "retry-lock", "cleanup-cache", "compression"],
    });
  });

  test("is that of the command that has it", () => {
    expect(parseCommandLine(["backup", "--compression", "max", "/x"], {}, commands)).toMatchObject({ harmless: [] });
    expect(() => parseCommandLine(["backup", "--compression", "x", "/x"], {}, commands)).toThrow(/is not one of/);
  });
});
