/** What goes into a snapshot, by each flag that says so: the same as with restic. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { canMount, Desk, linesOf } from "./cli/desk.js";
import { findPeer } from "./kit/peers.js";

const restic = findPeer("restic");
const mounts = canMount();
const signature = "Signature: 8a477f597d28d172789f06886806bc55";

function makeTree(desk: Desk): void {
  desk.write({
    "t/a/f.txt": "f",
    "t/a/b/g.TXT": "g",
    "t/a/b/Photo.JPG": "p",
    "t/É/é.txt": "e",
    "t/cache/CACHEDIR.TAG": `${signature}\n# made by a test\n`,
    "t/cache/data/deep": "d",
    "t/cache/top": "t",
    "t/false/CACHEDIR.TAG": "Signature: nothing",
    "t/false/kept": "k",
    "t/out/.nobackup": "please\n",
    "t/out/x": "x",
    "t/out/sub/y": "y",
    "t/both/.nobackup": "",
    "t/both/CACHEDIR.TAG": signature,
    "t/size/1000": 1000,
    "t/size/1024": 1024,
    "t/size/1025": 1025,
    "t/size/2048": 2048,
    "u/$x": "dollar",
    "u/a b": "space",
    "u/[c]": "bracket",
    "u/.hidden": "h",
    "u/c": "c",
    "u/!": "bang",
    "u/^": "caret",
  });
  mkdirSync(desk.path("t/empty"));
  symlinkSync("../a", desk.path("t/size/link"));
  symlinkSync("t", desk.path("link"));
}

/** Paths in the newest snapshot, from the desk on. */
async function storedByBcat(desk: Desk, words: readonly string[], env: Record<string, string>): Promise<string[]> {
  await desk.good(["backup", "--init", "--quiet", ...words], { env });
  return linesOf(await desk.good(["ls", "latest"])).map((line) => line.replace(`${desk.folder}/`, ""));
}

async function storedByRestic(desk: Desk, words: readonly string[], env: Record<string, string>): Promise<string[]> {
  const settings = { RESTIC_REPOSITORY: desk.path("restic"), RESTIC_PASSWORD: "x", GOMAXPROCS: "1", ...env };
  const run = async (...line: string[]) => {
    const { code, stdout, stderr } = await desk.run([restic!, "--no-cache", "--quiet", ...line], { env: settings });
    if (code !== 0) throw new Error(`restic ${line.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  };
  await run("init");
  await run("backup", ...words);
  const found = linesOf(await run("ls", "latest")).filter((line) => line.startsWith(`${desk.folder}/`));
  return found.map((line) => line.replace(`${desk.folder}/`, ""));
}

interface Case {
  readonly words: readonly string[];
  readonly env?: Record<string, string>;
  /** Files that a flag names. */
  readonly files?: Readonly<Record<string, string>>;
}

/** `@` is the desk. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: a variable for the file.
const cases: Record<string, Case> = {
  "--exclude": { words: ["@/t", "--exclude", "*.txt", "-e", "@/t/out", "-e", "b/*", "-e", "!g.TXT"] },
  "--exclude with a ! in a class": { words: ["@/u", "--exclude", "[!c]"] },
  "--exclude with a ^ in a class": { words: ["@/u", "--exclude", "u/[^c]"] },
  "--iexclude": { words: ["@/t", "--iexclude", "*.TXT", "--iexclude", "PHOTO.*", "--iexclude", "é"] },
  "--iexclude of a whole path, and a class": { words: ["@/t", "--iexclude", "@/T/A/B", "--iexclude", "[O-P]UT"] },
  "--iexclude beside --exclude, which takes nothing of it back": {
    words: ["@/t", "--iexclude", "F.TXT", "--exclude", "!f.txt", "--exclude", "g.txt"],
  },
  "--exclude-file": {
    words: ["@/t", "--exclude-file", "@/ex"],
    env: { WHERE: "@/t", PART: "ou" },
    files: { ex: "# comment\n  ${WHERE}/a  \n$PART[t]\n${NOT_SET}cache\n\n../t/size\nfalse/../empty\n~/x\n" },
  },
  "$$ in --exclude-file": { words: ["@/u", "--exclude-file", "@/ex"], files: { ex: "$$x\n" } },
  "--iexclude-file": { words: ["@/t", "--iexclude-file", "@/ex"], files: { ex: "A\n*.JPG\nOUT/x\n" } },
  "--exclude-caches": { words: ["@/t", "--exclude-caches"] },
  "--exclude-caches of a source that is one": { words: ["@/t/cache", "--exclude-caches"] },
  "--exclude-if-present": { words: ["@/t", "--exclude-if-present", ".nobackup"] },
  "--exclude-if-present with a header": {
    words: ["@/t", "--exclude-if-present", ".nobackup:ple", "--exclude-if-present", "top:other"],
  },
  "two tags in one folder": { words: ["@/t", "--exclude-if-present", ".nobackup", "--exclude-caches"] },
  "--exclude-larger-than": { words: ["@/t", "--exclude-larger-than", "1K"] },
  "--exclude-larger-than in bytes": { words: ["@/t", "--exclude-larger-than", "1024"] },
  "--exclude-larger-than of nothing": { words: ["@/t", "--exclude-larger-than", "0"] },
  "--exclude-larger-than and a source that is larger": { words: ["@/t/size/2048", "--exclude-larger-than", "1k"] },
  "a source inside another": { words: ["@/t", "@/t/a/b"] },
  "a link as a source": { words: ["@/link"] },
  "--files-from": {
    words: ["--files-from", "@/list", "@/t/empty"],
    files: { list: "# comment\n  @/t/a  \n\n@/u/*\n@/t/size/10[02]?\n@/u/\\[c]\n@/t/c?che/*\n" },
  },
  "--files-from with classes": { words: ["--files-from", "@/list"], files: { list: "@/u/[!c]\n@/t/[^abs]*\n" } },
  "--files-from with characters of several bytes, and two asterisks": {
    words: ["--files-from", "@/list"],
    files: { list: "@/t/?/?.txt\n@/t/si**/1024\n@/u/\\[**\n" },
  },
  "--files-from-verbatim": {
    words: ["--files-from-verbatim", "@/list"],
    files: { list: "@/u/a b\n\n@/u/[c]\n@/u/$x\n" },
  },
  "--files-from-raw": { words: ["--files-from-raw", "@/list"], files: { list: "@/u/a b\0@/u/[c]\0@/t/a\0" } },
  "all lists together": {
    words: ["--files-from", "@/one", "--files-from-verbatim", "@/two", "--files-from-raw", "@/three", "@/t/empty"],
    files: { one: "@/t/a\r\n", two: "@/u/[c]\r\n", three: "@/t/out\0" },
  },
};
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above

describe.skipIf(restic === undefined).concurrent("what is stored is what restic stores:", () => {
  test.each(Object.entries(cases))("%s", async (_name, { words, env = {}, files = {} }) => {
    using desk = new Desk();
    const placed = (text: string) => text.replaceAll("@", desk.folder);
    makeTree(desk);
    for (const [name, content] of Object.entries(files)) writeFileSync(desk.path(name), placed(content));
    const given = words.map(placed);
    const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, placed(value)]));
    const expected = await storedByRestic(desk, given, variables);
    expect(expected).not.toEqual([]);
    // restic lists the folders above a source, too.
    const stored = await storedByBcat(desk, given, variables);
    const above = new Set(stored.flatMap((path) => foldersAbove(path)));
    expect(stored).toEqual(expected.filter((path) => stored.includes(path) || !above.has(path)));
  });

  test.skipIf(!mounts)("--one-file-system", async () => {
    using desk = new Desk();
    makeTree(desk);
    desk.mount("t/mounted", "-t", "tmpfs", "tmpfs");
    desk.mount("t/mounted/inner", "-t", "tmpfs", "tmpfs");
    desk.write({ "t/mounted/file": "m", "t/mounted/folder/x": "x", "t/mounted/inner/y": "y", "other/file": "o" });
    for (const words of [["t"], ["t", "-x"], ["t", "t/mounted/folder", "--one-file-system"]]) {
      const given = words.map((word) => (word.startsWith("-") ? word : desk.path(word)));
      await desk.run(["rm", "-rf", desk.path("restic")]);
      expect(await storedByBcat(desk, given, {}), words.join(" ")).toEqual(await storedByRestic(desk, given, {}));
    }
  });
});

function foldersAbove(path: string): string[] {
  const names = path.split("/");
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join("/"));
}
