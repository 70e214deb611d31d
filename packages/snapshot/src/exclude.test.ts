import { BcatError } from "@bcat/errors";
import fc, { readConfigureGlobal } from "fast-check";
import { expect, test } from "vitest";
import { compileExcludes } from "./exclude.js";

const neverAsked = () => {
  throw new Error("isDirectory() was called");
};

function excluded(patterns: readonly string[], path: string | Uint8Array, isDirectory = neverAsked as () => boolean) {
  const bytes = typeof path === "string" ? new TextEncoder().encode(path) : path;
  return compileExcludes(patterns)!(bytes, isDirectory);
}

/** "/" and a name of these bytes. */
const named = (...bytes: number[]) => Uint8Array.of(0x2f, ...bytes);

function expectMatches(pattern: string, yes: readonly string[], no: readonly string[]) {
  for (const path of yes) expect(excluded([pattern], path), `${pattern} and ${path}`).toBe(true);
  for (const path of no) expect(excluded([pattern], path), `${pattern} and ${path}`).toBe(false);
}

test("compileExcludes() is undefined when there is no pattern", () => {
  expect(compileExcludes([])).toBeUndefined();
  expect(compileExcludes(["", ""])).toBeUndefined();
});

test("a pattern without a leading / matches whole names at any depth", () => {
  expectMatches("foo", ["/foo", "/a/foo", "/a/b/foo"], ["/", "/xfoo", "/foox", "/a/fo", "/FOO"]);
  expectMatches("foo/bar*", ["/foo/bar", "/x/foo/barn"], ["/x/foo", "/foo/x/bar", "/xfoo/bar", "/bar", "/foo/a/barn"]);
});

test("an exclusion matches the entry itself, not what is below it", () => {
  expectMatches("foo", [], ["/foo/a", "/foo/a/b"]);
  expectMatches("/a/*", ["/a/b"], ["/a", "/a/b/c"]);
});

test("a leading / anchors at the root of the file system", () => {
  expectMatches("/foo", ["/foo"], ["/a/foo", "/"]);
  expectMatches("/home/*/tmp", ["/home/me/tmp"], ["/home/tmp", "/x/home/me/tmp", "/home/a/b/tmp"]);
});

test("* matches any run of a name, the empty one and a leading dot included", () => {
  expectMatches("*", ["/a", "/.a", "/a/b"], ["/"]);
  expectMatches("*.o", ["/a.o", "/x/.o", "/a.o.o"], ["/a.os", "/o", "/a.o/b"]);
  expectMatches("core.*", ["/core.", "/core.12"], ["/core", "/a/score.1"]);
  expectMatches("a*b*c", ["/abc", "/aXbYc", "/abcbc", "/abbcc"], ["/ab", "/acb", "/abcd", "/a/b/c"]);
  expectMatches("aba*aba", ["/abaaba", "/abaXaba"], ["/aba", "/ababa"]);
});

test("? matches exactly one character", () => {
  expectMatches("a?c", ["/abc", "/aéc", "/a€c", "/a😀c"], ["/ac", "/abbc", "/a/c", "/aéxc"]);
  expectMatches("?", ["/é", "/a"], ["/", "/éa"]);
  expectMatches("??", ["/éa"], ["/é", "/€"]);
  expectMatches("*??", ["/aé"], ["/é", "/😀"]);
});

test("? matches one byte where the bytes are not UTF-8", () => {
  expect(excluded(["?"], named(0xff))).toBe(true);
  expect(excluded(["?"], named(0xc3, 0x28))).toBe(false);
  expect(excluded(["??"], named(0xc3, 0x28))).toBe(true);
  const invalid = {
    overlong: [0xc0, 0xaf],
    surrogate: [0xed, 0xa0, 0x80],
    cut: [0xe2, 0x82],
    huge: [0xf4, 0x90, 0x80, 0x80],
  };
  for (const [kind, bytes] of Object.entries(invalid)) {
    expect(excluded(["?".repeat(bytes.length)], named(...bytes)), kind).toBe(true);
    expect(excluded(["?"], named(...bytes)), kind).toBe(false);
  }
  expect(excluded(["*.txt"], named(0xff, 0xfe, 0x2e, 0x74, 0x78, 0x74))).toBe(true);
  expect(excluded(["[a]??"], named(0xe0, 0x81, 0xa1)), "an overlong a").toBe(false);
});

test("a class matches one of its characters, ASCII or not", () => {
  expectMatches("[a-c]x", ["/ax", "/cx"], ["/dx", "/x", "/Ax", "/abx"]);
  expectMatches("[abé-ü]", ["/a", "/b", "/é", "/ö"], ["/c", "/ÿ", "/-"]);
  expectMatches("[😀a]z", ["/😀z", "/az"], ["/😁z"]);
  expectMatches("[-a]", ["/-", "/a"], ["/b"]);
  expectMatches("[a-]", ["/-", "/a"], ["/b"]);
  expectMatches("[\\]\\\\]", ["/]", "/\\"], ["/a"]);
  expectMatches("[*?]", ["/*", "/?"], ["/a"]);
});

test("a negated class matches one character outside it, an invalid byte included", () => {
  expectMatches("[^a-c]", ["/d", "/é", "/😀"], ["/a", "/c", "/", "/dd"]);
  expectMatches("*[^é]", ["/e", "/éa"], ["/é", "/aé"]);
  expect(excluded(["[^a]"], named(0xff))).toBe(true);
  expectMatches("x[^a]y", ["/xby"], ["/x/y", "/xy"]);
});

test("a ! in a class is a character like others, first as well, as for restic", () => {
  expectMatches("[!a]", ["/!", "/a"], ["/b", "/^"]);
  expectMatches("[!a-c]", ["/!", "/b"], ["/d"]);
  expectMatches("[!]", ["/!"], ["/a"]);
});

test("\\ takes the next character literally", () => {
  expectMatches("\\*", ["/*"], ["/a"]);
  expectMatches("a\\?\\[b\\]", ["/a?[b]"], ["/ax[b]"]);
  expectMatches("\\!a", ["/!a"], ["/a"]);
  expectMatches("\\a\\é", ["/aé"], ["/a"]);
  expectMatches("*\\*", ["/*", "/a*"], ["/a"]);
});

test("** matches any number of names, none included", () => {
  expectMatches("/a/**/z", ["/a/z", "/a/b/z", "/a/b/c/z"], ["/z", "/a", "/x/a/z", "/a/z/b", "/az"]);
  expectMatches("a/**", ["/a", "/a/b", "/x/a/b/c"], ["/", "/b"]);
  expectMatches("/**", ["/", "/a", "/a/b"], []);
  expectMatches("a/**/b/**/c", ["/a/b/c", "/x/a/1/b/b/2/3/c"], ["/b/a/c", "/a/c", "/a/b/c/d"]);
  expectMatches("/a/b/**/b/c", ["/a/b/b/c"], ["/a/b/c"]);
});

test("a trailing / restricts to directories and asks only when the path matches", () => {
  expect(excluded(["foo/"], "/a/foo", () => true)).toBe(true);
  expect(excluded(["foo/"], "/a/foo", () => false)).toBe(false);
  expect(excluded(["foo/"], "/a/bar")).toBe(false);
  expect(excluded(["/"], "/", () => true)).toBe(true);
  expect(excluded(["/"], "/a")).toBe(false);
});

test("isDirectory() is called at most once for an entry", () => {
  let calls = 0;
  const isDirectory = () => {
    calls += 1;
    return false;
  };
  expect(excluded(["foo/", "*/", "f*/"], "/foo", isDirectory)).toBe(false);
  expect(calls).toBe(1);
});

test("the last pattern that matches decides", () => {
  expect(excluded(["*.o", "!keep.o"], "/keep.o")).toBe(false);
  expect(excluded(["*.o", "!keep.o"], "/a.o")).toBe(true);
  expect(excluded(["!keep.o", "*.o"], "/keep.o")).toBe(true);
  expect(excluded(["*.o", "!keep.o", "/x/keep.o"], "/x/keep.o")).toBe(true);
  expect(excluded(["!a"], "/a")).toBe(false);
  expect(excluded(["*", "!!a"], "/!a")).toBe(false);
});

test("a re-inclusion covers what is below the entry", () => {
  const patterns = ["/home/me/**/*", "!/home/me/code", "*.o"];
  expect(excluded(patterns, "/home/me/code")).toBe(false);
  expect(excluded(patterns, "/home/me/code/a/b.c")).toBe(false);
  expect(excluded(patterns, "/home/me/code/a/b.o")).toBe(true);
  expect(excluded(patterns, "/home/me/codes")).toBe(true);
});

test("a ** at the end also excludes what it is below", () => {
  const patterns = ["/home/**", "!/home/me"];
  expect(excluded(patterns, "/home/me")).toBe(false);
  expect(excluded(patterns, "/home/me/a")).toBe(false);
  expect(excluded(patterns, "/home")).toBe(true);
});

test("a re-inclusion of a directory asks about the entry, not about what is above it", () => {
  expect(excluded(["*", "!code/"], "/code/a")).toBe(false);
  expect(excluded(["*", "!code/"], "/code", () => true)).toBe(false);
  expect(excluded(["*", "!code/"], "/code", () => false)).toBe(true);
});

test("empty names and . in a pattern are ignored", () => {
  expectMatches("a//./b", ["/a/b", "/x/a/b"], ["/b"]);
  expectMatches("./a", ["/a", "/x/a"], []);
});

test(".. takes back the name before it, and matches nothing where there is none", () => {
  expectMatches("a/../b", ["/b", "/x/b"], ["/a/b/c", "/a"]);
  expectMatches("/x/../../b", ["/b"], ["/x/b"]);
  expectMatches("../b", [], ["/b", "/a/b"]);
});

test.each([
  ["[a", 'a "[" has no closing "]" in the same path component'],
  ["[a/b]", 'a "[" has no closing "]" in the same path component'],
  ["x/[^", 'a "[" has no closing "]" in the same path component'],
  ["[a-\\", 'a path component ends in "\\", which escapes nothing'],
  ["[]a]", "a character class is empty"],
  ["[^]", "a character class is empty"],
  ["[z-a]", "a range in its character class is reversed"],
  ["a**", '"**" must be a whole path component'],
  ["/x/**a/b", '"**" must be a whole path component'],
  ["***", '"**" must be a whole path component'],
  ["a\\", 'a path component ends in "\\", which escapes nothing'],
  ["a\\/b", 'a path component ends in "\\", which escapes nothing'],
  ["!", "it names nothing"],
  ["./", "it names nothing"],
  ["a/..", "it names nothing"],
])("the pattern %s is refused", (pattern, found) => {
  let caught: unknown;
  try {
    compileExcludes(["fine", pattern]);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(BcatError);
  expect(caught).toMatchObject({ code: "usage", message: `Cannot use exclude pattern "${pattern}": ${found}` });
});

test("matching agrees with a regular expression over characters", () => {
  const name = fc
    .array(fc.constantFrom("a", "b", "é", "😀"), { minLength: 1, maxLength: 6 })
    .map((all) => all.join(""));
  const glob = fc
    .array(fc.constantFrom("a", "b", "é", "😀", "?", "*", "[ab]", "[^é]", "[b-é]"), { minLength: 1, maxLength: 5 })
    .map((all) => all.join("").replaceAll(/\*+/g, "*"));
  const globs = fc.array(fc.oneof({ weight: 3, arbitrary: glob }, fc.constant("**")), { minLength: 1, maxLength: 4 });
  const path = fc.array(name, { maxLength: 5 }).map((names) => `/${names.join("/")}`);
  fc.assert(
    fc.property(globs, fc.boolean(), path, (parts, anchored, tested) => {
      const expected = regularExpression(anchored ? parts : ["**", ...parts]).test(tested === "/" ? "" : tested);
      expect(excluded([(anchored ? "/" : "") + parts.join("/")], tested)).toBe(expected);
    }),
    { numRuns: 50 * (readConfigureGlobal().numRuns ?? 100) },
  );
});

/** The same meaning, slow: paths are valid UTF-8 here and the root is the empty string. */
function regularExpression(parts: readonly string[]): RegExp {
  const source = parts.map((part) => {
    if (part === "**") return "(?:/[^/]+)*";
    return `/${part.replaceAll("[^", "[^/").replaceAll("?", "[^/]").replaceAll("*", "[^/]*")}`;
  });
  return new RegExp(`^${source.join("")}$`, "u");
}

test("many wildcards do not multiply: what a search with backtracking would never end with is decided", () => {
  const hostile = [
    ["*a*a*a*a*b", `/x/${"a".repeat(255)}`],
    ["*a*a*a*a*b", `/x/${"a".repeat(4096)}`],
    [`${"*[^b]".repeat(20)}b`, `/x/${"é".repeat(2000)}`],
    [`/b/${"**/a/".repeat(10)}b/a`, "/a".repeat(2000)],
  ] as const;
  for (const [pattern, path] of hostile) {
    expect(excluded([pattern], path)).toBe(false);
  }
});
