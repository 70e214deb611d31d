import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIgnoreFile } from "./git-pattern.js";
import { RuleList } from "./rule-list.js";

/** In latin1, a character for a byte. */
interface Tree {
  readonly name: string;
  /** None: a file. */
  readonly entries?: readonly Tree[];
}

/** With É as two letters of one byte each, those alone, and what is special to patterns. */
const letters = ["a", "b", "z", "-", "]", "!", "\xc3\xa9", "\xc3\xbf", "\xc3", "\xff", "\xe2\x82\xac"];
const name = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
const entries = fc.letrec<{ folder: Tree[] }>((tie) => ({
  folder: fc.uniqueArray(
    fc.record(
      { name, entries: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, tie("folder")) },
      { noNullPrototype: true },
    ) as fc.Arbitrary<Tree>,
    { selector: (tree) => tree.name, minLength: 1, maxLength: 6, depthIdentifier: "folder" },
  ),
})).folder;

const inClass = fc.constantFrom(
  ...letters,
  "\\]",
  "a-z",
  "\xc3\xa9-\xc3\xbf",
  "\xa0-\xff",
  "z-a",
  "[:alpha:]",
  "[:foo:]",
  "[:",
);
const aClass = fc
  .tuple(fc.constantFrom("", "!", "^"), fc.array(inClass, { minLength: 1, maxLength: 3 }))
  .map(([negated, parts]) => `[${negated}${parts.join("")}]`);
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...letters) },
  { weight: 3, arbitrary: fc.constantFrom("?", "*", "*", "\\a", "**", "***") },
  { weight: 1, arbitrary: aClass },
);
const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
const part = fc.oneof({ weight: 3, arbitrary: pattern }, fc.constantFrom("**", "***", "*"));
const line = fc
  .tuple(
    fc.constantFrom("", "", "", "!"),
    fc.constantFrom("", "", "/"),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "/"),
  )
  .map(([not, start, parts, end]) => `${not}${start}${parts.join("/")}${end}`);
const lines = fc.array(line, { minLength: 1, maxLength: 3 });

function make(folder: Buffer, tree: readonly Tree[]): void {
  mkdirSync(folder);
  for (const { name, entries } of tree) {
    const path = Buffer.concat([folder, Buffer.from(`/${name}`, "latin1")]);
    if (entries === undefined) writeFileSync(path, "");
    else make(path, entries);
  }
}

/** Paths of files that are not left out. */
function kept(rules: RuleList, tree: readonly Tree[], folder = ""): string[] {
  const inFolder = rules.in(Buffer.from(folder === "" ? "/" : folder, "latin1"));
  return tree.flatMap(({ name, entries }) => {
    const rule = inFolder.find(Buffer.from(name, "latin1"), () => entries !== undefined);
    if (rule !== undefined && !rule.includes) return [];
    const path = `${folder}/${name}`;
    return entries === undefined ? [path] : kept(rules, entries, path);
  });
}

function hasGit(): boolean {
  try {
    execFileSync("git", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

interface Case {
  readonly tree: readonly Tree[];
  readonly lines: readonly string[];
}

/** Where what stays differs from what git lists, each case in a folder of its own. */
function differences(cases: readonly Case[]) {
  const folder = mkdtempSync(join(tmpdir(), "bcat-git-"));
  try {
    execFileSync("git", ["init", "-q", folder]);
    cases.forEach(({ tree, lines }, i) => {
      make(Buffer.from(join(folder, String(i))), tree);
      writeFileSync(join(folder, String(i), ".gitignore"), Buffer.from(lines.join("\n"), "latin1"));
    });
    const byCase = cases.map((): string[] => []);
    const listed = execFileSync("git", ["-C", folder, "ls-files", "-zo", "--exclude-standard"], { encoding: "latin1" });
    for (const path of listed.split("\0").filter((path) => path !== "" && !path.endsWith("/.gitignore"))) {
      const slash = path.indexOf("/");
      byCase[Number(path.slice(0, slash))]!.push(path.slice(slash));
    }
    return cases.flatMap(({ tree, lines }, i) => {
      const rules = new RuleList(parseIgnoreFile(Buffer.from(lines.join("\n"), "latin1"), Buffer.from("/f")).rules);
      const [mine, git] = [new Set(kept(rules, tree)), new Set(byCase[i])];
      const difference = {
        lines,
        onlyHere: [...mine].filter((path) => !git.has(path)),
        onlyGit: [...git].filter((path) => !mine.has(path)),
      };
      return difference.onlyHere.length + difference.onlyGit.length === 0 ? [] : [difference];
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!hasGit())("patterns leave out what git leaves out", () => {
  const rounds = Number(process.env.ROUNDS ?? readConfigureGlobal().numRuns ?? 100);
  const seed = Number(process.env.SEED ?? 1);

  test(`of trees of names of any bytes (SEED=${seed})`, () => {
    expect(differences(fc.sample(fc.record({ tree: entries, lines }), { seed, numRuns: rounds }))).toEqual([]);
  });

  test("by wildcards and classes that take one of all bytes", () => {
    const classes = "alpha digit alnum lower upper xdigit space blank punct graph print cntrl".split(" ");
    const patterns = [
      ...classes.flatMap((name) => [`[[:${name}:]]`, `[![:${name}:]]`]),
      "?",
      "[^a]",
      "[\xa0-\xff]",
      "[z-a]",
    ];
    const tree = Array.from({ length: 255 }, (_, i) => ({ name: String.fromCharCode(i + 1) }));
    const names = tree.filter(({ name }) => name !== "/" && name !== ".");
    expect(differences(patterns.map((line) => ({ tree: names, lines: [line] })))).toEqual([]);
  });

  test("by ** after the first letters of a name, and before others", () => {
    const names = ["ab", "a", "acb", "c"].map((name) => ({ name }));
    const inner = [{ name: "b" }, { name: "c", entries: [...names, { name: "b", entries: names }] }];
    const tree = ["a", "ac", "d", "ab"].map((name) => ({ name, entries: inner }));
    const patterns = [
      "a**/b",
      "/a**/**",
      "a**/**/c/***/b",
      "*a**/b",
      "d/a**/b**/c",
      "a**b/c",
      "d/**b",
      "d/**/c**",
      "***/b",
    ];
    const cases = patterns.flatMap((line) => [[line], [`${line}/`], ["*", "!*/", `!${line}`]]);
    expect(differences(cases.map((lines) => ({ tree, lines })))).toEqual([]);
  });
});

test("a class that is not known matches nothing, which is said", () => {
  for (const name of ["foo", "constructor", "ALPHA", ""]) {
    const { rules, faults } = parseIgnoreFile(Buffer.from(`b\n[[:${name}:]]*\n`), Buffer.from("/f"));
    expect(rules.map(({ text }) => text)).toEqual(["b"]);
    expect(faults).toEqual([{ line: 2, found: expect.stringContaining("classes") }]);
  }
});
