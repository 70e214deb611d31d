/** What stays out of a snapshot by ignore files and other things that restic has not, and what is said of it. */
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { canMount, Desk, jsonLines, linesOf, messagesOf, noMessage } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";

const mounts = canMount();

/** Paths in the newest snapshot, relative to `t`. */
async function stored(desk: Desk): Promise<string[]> {
  const lines = linesOf(await desk.good(["ls", "latest"])).map((line) => line.replace(desk.path("t"), ""));
  return lines.filter((line) => line !== "").map((line) => line.slice(1));
}

const files = async (desk: Desk, ...words: string[]) => {
  const run = await desk.bcat(["backup", "--init", "t", ...words]);
  expect(run).toMatchObject({ code: 0 });
  const paths = await stored(desk);
  return paths.filter((path) => !paths.some((other) => other.startsWith(`${path}/`)));
};

describe.concurrent("a file .bcatignore", () => {
  test("counts for its folder and below, the nearest first, and is stored itself", async () => {
    using desk = new Desk();
    desk.write({
      "t/.bcatignore": "*.tmp\n/only-here\nbuild/\n!keep.tmp\nsub/deep/*.log\n",
      "t/a.tmp": "",
      "t/keep.tmp": "",
      "t/only-here": "",
      "t/build/x": "",
      "t/sub/.bcatignore": "!b.tmp\n",
      "t/sub/b.tmp": "",
      "t/sub/c.tmp": "",
      "t/sub/only-here": "",
      "t/sub/build": "a file",
      "t/sub/deep/x.log": "",
      "t/sub/x.log": "",
    });
    const kept = [".bcatignore", "keep.tmp"];
    const below = [".bcatignore", "b.tmp", "build", "only-here", "x.log"].map((name) => `sub/${name}`);
    expect(await files(desk)).toEqual([...kept, ...below, "sub/deep"].sort());
    expect((await files(desk, "--no-bcatignore")).length).toBe(12);
  });

  test("that is changed, added or removed changes what is stored of folders that are as they were", async () => {
    using desk = new Desk();
    desk.write({ "t/.bcatignore": "*.o\n", "t/sub/a.o": "", "t/sub/a.c": "", "t/sub/more/b.o": "" });
    expect(await files(desk)).toEqual([".bcatignore", "sub/a.c", "sub/more"]);
    desk.write({ "t/.bcatignore": "*.c\n" });
    expect(await files(desk)).toEqual([".bcatignore", "sub/a.o", "sub/more/b.o"]);
    rmSync(desk.path("t/.bcatignore"));
    expect(await files(desk)).toEqual(["sub/a.c", "sub/a.o", "sub/more/b.o"]);
    desk.write({ "t/sub/.bcatignore": "more\n" });
    expect(await files(desk)).toEqual(["sub/.bcatignore", "sub/a.c", "sub/a.o"]);
  });

  test("yields to a pattern given, which also takes back what it leaves out", async () => {
    using desk = new Desk();
    desk.write({ "t/.bcatignore": "*.o\n!b\n", "t/a.o": "", "t/b": "", "t/c.o": "" });
    expect(await files(desk, "--exclude", "!a.o", "--exclude", "b")).toEqual([".bcatignore", "a.o"]);
  });

  test("that cannot be used is said, and all is stored", async () => {
    using desk = new Desk();
    desk.write({
      "t/one/.bcatignore": "*\n",
      "t/two/x": "",
      "t/three/.bcatignore": "[a\n*.o\nb\\\n",
      "t/three/a.o": "",
    });
    chmodSync(desk.path("t/one/.bcatignore"), 0);
    symlinkSync("x", desk.path("t/two/.bcatignore"));
    const run = await desk.bcat(["backup", "--init", "t"], { unprivileged: true });
    expectWarnings(run, 3, [
      /note on ".*one\/.bcatignore": its patterns do not count: .*EACCES/,
      /note on ".*two\/.bcatignore": its patterns do not count: it is a symbolic link$/,
      /note on ".*three\/.bcatignore": line 1 matches nothing, nor do 1 more: a "\[" has no closing/,
      /cannot read ".*one\/.bcatignore": .*EACCES/,
    ]);
    expect(await stored(desk)).toEqual(["one", "three", "three/.bcatignore", "two", "two/.bcatignore", "two/x"]);
  });
});

describe.concurrent("--git-ignore", () => {
  const tree = {
    "t/.gitignore":
      "node_modules/\n/dist\n*.log\n!important.log\n# comment\n\\#odd\nfoo/*\n!foo/bar\ndocs/**/x\ntrailing   \n",
    "t/node_modules/a/b": "",
    "t/dist/a": "",
    "t/src/dist/a": "",
    "t/src/a.log": "",
    "t/src/important.log": "",
    "t/src/node_modules": "a file",
    "t/#odd": "",
    "t/foo/a": "",
    "t/foo/bar": "",
    "t/docs/x": "",
    "t/docs/a/b/x": "",
    "t/docs/y": "",
    "t/trailing": "",
    "t/src/.gitignore": "!b.log\n[!a-y]\n[[:digit:]]\n",
    "t/src/b.log": "",
    "t/src/z": "",
    "t/src/a": "",
    "t/src/1": "",
  };

  test("leaves out what git ignores, and only then", async () => {
    using desk = new Desk();
    desk.write(tree);
    execFileSync("git", ["init", "-q", desk.path("t")]);
    desk.write({ "t/.git/info/exclude": "secret\n!src/a.log\n", "t/src/secret": "", "t/inner/.gitignore": "x\n" });
    execFileSync("git", ["init", "-q", desk.path("t/inner")]);
    desk.write({ "t/inner/a.log": "", "t/inner/x": "", "t/inner/y": "" });
    const git = (folder: string) =>
      linesOf(
        execFileSync("git", ["-C", desk.path(folder), "ls-files", "-zo", "--exclude-standard"], {
          encoding: "latin1",
        }).replaceAll("\0", "\n"),
      );
    const expected = [
      ...git("t").filter((name) => name !== "inner/"),
      ...git("t/inner").map((name) => `inner/${name}`),
    ];
    const found = await files(desk, "--git-ignore", "--exclude", ".git");
    const kept = found.filter((path) => !desk.list(desk.path("t")).every((line) => !line.startsWith(`${path} `)));
    expect(kept.sort()).toEqual(expected.sort());
    expect((await files(desk, "--exclude", ".git")).length).toBeGreaterThan(expected.length);
  });

  test("heeds the files above a source that lies in a working tree, and not those above one that is", async () => {
    using desk = new Desk();
    desk.write({ ".gitignore": "*\n", "w/.gitignore": "*.log\n", "w/t/a.log": "", "w/t/b": "", "w/t/.gitignore": "" });
    execFileSync("git", ["init", "-q", desk.path("w")]);
    await desk.good(["backup", "--init", "w/t", "--git-ignore"]);
    expect(linesOf(await desk.good(["ls", "latest"]))).toEqual(
      ["", "/.gitignore", "/b"].map((name) => `${desk.path("w/t")}${name}`),
    );
  });

  test("yields to .bcatignore", async () => {
    using desk = new Desk();
    desk.write({ "t/.gitignore": ".env\n*.o\n", "t/.bcatignore": "!.env\n", "t/.env": "", "t/a.o": "" });
    expect(await files(desk, "--git-ignore")).toEqual([".bcatignore", ".env", ".gitignore"]);
  });
});

describe.concurrent("what is named as a source is kept", () => {
  test("also where it lies in another and a pattern, a tag or an ignore file leaves it out", async () => {
    using desk = new Desk();
    desk.write({
      "t/a/b/c/x": "",
      "t/a/b/y": "",
      "t/a/z": "",
      "t/.bcatignore": "a\n",
      "t/tagged/n": "",
      "t/tagged/CACHEDIR.TAG": "",
    });
    desk.write({ "t/tagged/in/side": "", "t/tagged/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55" });
    await desk.good(["backup", "--init", "--quiet", "t", "t/a/b/c", "t/tagged/in", "--exclude-caches"]);
    expect(await stored(desk)).toEqual([
      ".bcatignore",
      "a",
      "a/b",
      "a/b/c",
      "a/b/c/x",
      "tagged",
      "tagged/CACHEDIR.TAG",
      "tagged/in",
      "tagged/in/side",
    ]);
    await desk.good([
      "backup",
      "--quiet",
      "t",
      "t/a/z",
      "--exclude",
      "t/a",
      "--exclude",
      "tagged/*",
      "--no-bcatignore",
    ]);
    expect(await stored(desk)).toEqual([".bcatignore", "a", "a/z", "tagged"]);
  });

  test.skipIf(!mounts)("also where another file system is mounted at it, or above it", async () => {
    using desk = new Desk();
    desk.mount("t/m", "-t", "tmpfs", "tmpfs");
    desk.write({ "t/m/in/x": "", "t/m/y": "" });
    await desk.good(["backup", "--init", "-qx", "t", "t/m/in"]);
    expect(await stored(desk)).toEqual(["m", "m/in", "m/in/x"]);
    await desk.good(["backup", "-qx", "t", "t/m"]);
    expect(await stored(desk)).toEqual(["m", "m/in", "m/in/x", "m/y"]);
  });
});

test.skipIf(!mounts)("each file system that is crossed or left is said, up to ten", async () => {
  using desk = new Desk();
  desk.write({ "t/x": "", "t/file": "" });
  for (let i = 0; i < 12; i++) desk.mount(`t/m${i}`, "-t", "tmpfs", "tmpfs");
  desk.write({ "t/m1/y": "", other: "o" });
  const crossed = await desk.bcat(["backup", "--init", "t"]);
  expect(crossed.code).toBe(0);
  const notes = messagesOf(crossed.stderr);
  expect(notes).toHaveLength(10);
  expect(notes[0]).toMatch(/note on ".*\/m0": another file system is mounted here, and backed up too/);
  expect(notes[9]).toMatch(/more of this kind are not named$/);
  expect(await stored(desk)).toContain("m1/y");
  const left = await desk.bcat(["backup", "-x", "t"]);
  expect(linesOf(left.stderr)[0]).toMatch(/note on ".*\/m0": another file system is mounted here: the folder is kept/);
  expect(await stored(desk)).toContain("m1");
  expect(await stored(desk)).not.toContain("m1/y");
  expect(await desk.bcat(["backup", "-x", "t", "--quiet"])).toMatchObject({ code: 0, stderr: noMessage });
});

test.skipIf(!mounts)("--one-file-system leaves out a file that is mounted", async () => {
  using desk = new Desk();
  desk.mount("other", "-t", "tmpfs", "tmpfs");
  desk.write({ "other/file": "o", "t/file": "", "t/x": "" });
  execFileSync("mount", ["--bind", desk.path("other/file"), desk.path("t/file")]);
  try {
    await desk.good(["backup", "--init", "-qx", "t"]);
    expect(await stored(desk)).toEqual(["x"]);
    await desk.good(["backup", "-q", "t"]);
    expect(await stored(desk)).toEqual(["file", "x"]);
  } finally {
    execFileSync("umount", [desk.path("t/file")]);
  }
});

test("patterns that can never match are said, with file and line, up to ten", async () => {
  using desk = new Desk();
  desk.write({
    "t/x": "",
    ex: `~/x\n/elsewhere/a\n../y\n*.o\n${desk.path("t/x")}\n${desk.path("t")}\n**/q\n$NOT_SET\n`,
  });
  const run = await desk.bcat(["backup", "--init", "t/", "--exclude-file", "ex", "--iexclude", "/TMP*", "-e", "/tmp"]);
  expectWarnings(run, 0, [
    /--exclude-file "ex", line 8: \$NOT_SET is not set/,
    /exclude pattern "\/tmp" can never match: it lies outside every source/,
    /exclude pattern "~\/x" \(.*\/ex, line 1\) can never match: .*write \$HOME/,
    /exclude pattern "\/elsewhere\/a" \(.*line 2\) can never match: it lies outside every source/,
    /exclude pattern "\.\.\/y" \(.*line 3\) can never match: no path has "\.\." in it/,
    /exclude pattern ".*\/t" \(.*line 6\) can never match: .* or is one itself/,
    /exclude pattern "\/TMP\*" can never match/,
  ]);
  const many = Array.from({ length: 30 }, (_, i) => ["-e", `/no/${i}`]).flat();
  const lines = messagesOf((await desk.bcat(["backup", "t", ...many])).stderr);
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe("bcat: 20 more exclude patterns can never match");
  expect(await desk.bcat(["backup", "t", ...many, "-q"])).toMatchObject({ stderr: noMessage });
});

test("what was chosen is recorded in the snapshot", async () => {
  using desk = new Desk();
  desk.write({ "t/x": "" });
  const words = [
    "--exclude",
    "a",
    "--iexclude",
    "B",
    "-x",
    "--exclude-caches",
    "--exclude-if-present",
    "n:h",
    "--git-ignore",
  ];
  await desk.good(["backup", "--init", "t", ...words, "--exclude-larger-than", "1.5K", "--no-bcatignore"]);
  const [snapshot] = (await desk.json(["snapshots"])) as Record<string, unknown>[];
  expect(snapshot).toMatchObject({
    excludes: ["a"],
    options: [
      "iexclude=B",
      "exclude-if-present=n:h",
      "exclude-caches=true",
      "exclude-larger-than=1536",
      "one-file-system=true",
      "git-ignore=true",
      "bcatignore=false",
    ],
  });
});

test("a file that outgrows --exclude-larger-than, and a folder that becomes a cache, leave the next snapshot", async () => {
  using desk = new Desk();
  desk.write({ "t/a": 10, "t/cache/x": "x" });
  const words = ["--exclude-larger-than", "100B", "--exclude-caches"];
  expect(await files(desk, ...words)).toEqual(["a", "cache/x"]);
  desk.write({ "t/a": 101, "t/cache/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55" });
  utimesSync(desk.path("t/cache/x"), 0, 0);
  expect(await files(desk, ...words)).toEqual(["cache/CACHEDIR.TAG"]);
});

describe.concurrent("lists of sources", () => {
  test("come from standard input, in any bytes", async () => {
    using desk = new Desk();
    desk.write({ "t/x": "x" });
    execFileSync("sh", ["-c", "printf y > \"$(printf 't/\\377')\""], { cwd: desk.folder });
    const line = ["sh", "-c", "printf 't/\\377\\0t/x\\0' | $0 backup --init --files-from-raw -"];
    const { program } = await import("./cli/desk.js");
    expect(await desk.run([...line, program])).toMatchObject({ code: 0 });
    expect((await stored(desk)).sort()).toEqual(["\\xff", "x"]);
  });

  test("that name nothing, or cannot be read, are refused", async () => {
    using desk = new Desk();
    desk.write({ none: "# nothing\n\n", raw: "a\0b", empty: "a\0\0b\0", bad: "[a\n", nul: "a\0b\n" });
    const refused = async (words: string[], says: RegExp) =>
      expectRefusal(await desk.bcat(["backup", "--init", ...words]), { code: 2, says });
    await refused(["--files-from", "none"], /"none" names nothing/);
    await refused(["--files-from-verbatim", "missing"], /cannot read the list "missing": .*ENOENT/i);
    await refused(["--files-from-raw", "raw"], /no NUL byte ends its last path/);
    await refused(["--files-from-raw", "empty"], /a path in it is empty/);
    await refused(["--files-from", "bad"], /has no closing "\]"/);
    await refused(["--files-from-verbatim", "nul"], /--files-from-raw/);
    await refused(["--files-from", "-", "--files-from-raw", "-"], /more than one list/);
  });

  test("say which pattern matches nothing; a path that is missing is an error", async () => {
    using desk = new Desk();
    desk.write({ "t/x": "x", list: "t/*\nnope*\n", more: "t/x\ngone\n" });
    expectWarnings(await desk.bcat(["backup", "--init", "--files-from", "list"]), 0, [
      /pattern "nope\*" of "list" matches no file/,
    ]);
    expectWarnings(await desk.bcat(["backup", "--files-from", "more"]), 3, [/cannot read ".*\/gone": .*ENOENT/]);
  });
});

test.each([
  [["--exclude-if-present", ":x"], /it names no file/],
  [["--exclude-if-present", "a/b"], /give the name of a file/],
  [["--exclude-larger-than", "1X"], /"1X" is no size/],
  [["--exclude-larger-than", "-1"], /--exclude-larger-than=-1|no size/],
  [["--iexclude", "[a"], /"\[a".*has no closing/],
  [["--iexclude-file", "gone"], /cannot read --iexclude-file "gone".*ENOENT/],
] as [string[], RegExp][])("backup %j is refused", async (words, says) => {
  using desk = new Desk();
  desk.write({ "t/x": "" });
  expectRefusal(await desk.bcat(["backup", "--init", "t", ...words]), { code: 2, says });
  expect(desk.list()).toEqual([]);
});

test("--exclude-cloud-files is taken, and says that it has no effect here", async () => {
  using desk = new Desk();
  desk.write({ "t/x": "" });
  expectWarnings(await desk.bcat(["backup", "--init", "t", "--exclude-cloud-files"]), 0, [/has no effect/]);
});

test("a class that a shell would negate is said to be none, but with --quiet", async () => {
  using desk = new Desk();
  for (const name of ["!", "a", "b"]) desk.write({ [`t/${name}`]: name });
  const says = /pattern "\[!a\]": \[!a\] is a "!" or one of the others in it, as with restic; \[\^a\] is /;
  expect((await desk.bcat(["backup", "--init", "t", "-e", "[!a]"])).stderr).toMatch(says);
  expect(linesOf(await desk.good(["ls", "latest"]))).toEqual([desk.path("t"), desk.path("t/b")]);
  const quiet = await desk.bcat(["backup", "--quiet", "t", "-e", "[!a]", "-e", "[\\!b]"]);
  expect(quiet.stderr).toBe("");
  expect((await desk.bcat(["restore", "1", "all", "back", "-i", "[!a]"])).stderr).toMatch(says);
  desk.write({ list: "t/[!a]\n" });
  const listed = await desk.bcat(["backup", "--json", "--files-from", "list"]);
  expect(jsonLines(listed.stderr).map(({ code }) => code)).toContain("pattern-meaning");
  expect(linesOf(await desk.good(["ls", "latest"]))).toEqual([desk.path("t/!"), desk.path("t/a")]);
});
