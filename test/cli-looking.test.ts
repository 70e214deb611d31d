/** `bcat diff`, `find` and `history`, as somebody types them. */
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, jsonLines, linesOf } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { flip } from "./cli/tamper.js";

let desk: Desk;
const source = (name = "") => desk.path("source", name).replace(/\/$/, "");

/** Marks and paths below the source. */
function marksOf(output: string): string[] {
  return linesOf(output)
    .filter((line) => /^(\+|-|T|M\??|U) /.test(line))
    .map((line) => line.replace(desk.path("source"), "").replaceAll(/ +/g, " "));
}

/** The same size and time, and other bytes. */
function rot(name: string): void {
  const { mtime } = fs.statSync(source(name));
  const bytes = fs.readFileSync(source(name));
  bytes[0]! ^= 1;
  fs.writeFileSync(source(name), bytes);
  fs.utimesSync(source(name), mtime, mtime);
}

beforeAll(async () => {
  desk = new Desk();
  const whole = new Date("2026-05-05T05:05:05Z");
  desk.write({ "source/a/one": "one", "source/b/two": "two", "source/b/c/large": 200_000, "source/rotten": 5_000 });
  fs.utimesSync(source("rotten"), whole, whole);
  fs.symlinkSync("a", source("kind"));
  await desk.good(["backup", "--init", "-q", "--host", "x", "--exclude", "*.tmp", "source"]);
  desk.write({ "source/a/one": "changed", "source/d/new": "new", "source/d/more": "more", "source/x.tmp": "left out" });
  fs.renameSync(source("b/c/large"), source("b/larger"));
  fs.chmodSync(source("b/two"), 0o600);
  fs.rmSync(source("kind"));
  fs.mkdirSync(source("kind"));
  rot("rotten");
  await desk.good(["backup", "-q", "--host", "x", "--exclude", "*.tmp", "source"]);
  fs.rmSync(source("b/larger"));
  await desk.good(["backup", "-q", "--host", "x", "--exclude", "*.tmp", "source"]);
  await desk.good(["backup", "-q", "--host", "other", "source/a"]);
});
afterAll(() => desk[Symbol.dispose]());

test("diff marks what was added, removed, changed, and what has rotted", async () => {
  const output = await desk.good(["diff", "1", "2"]);
  expect(linesOf(output)[0]).toBe("comparing snapshot 1 to 2:");
  const changes = [
    "M /a/one",
    "- /b/c/large",
    "+ /b/larger",
    "+ /d/",
    "+ /d/more",
    "+ /d/new",
    "T /kind/",
    "M? /rotten",
  ];
  expect(marksOf(output)).toEqual(changes);
  expect(output).toMatch(/Files: {3}3 new, 1 removed, 2 changed\nFolders: 1 new, 0 removed\n/);
  // What moved is in both.
  expect(output).toMatch(/Added: {3}4\.9\d KiB\nRemoved: 4\.[89]\d KiB\n$/);
  expect(marksOf(await desk.good(["diff", "1", "2", "--metadata"]))).toContain("U /b/two");
  expect(marksOf(await desk.good(["diff", "2", "2"]))).toEqual([]);
});

test("diff of folders begins at them, and of other sources compares what both have", async () => {
  expect(linesOf(await desk.good(["diff", `1:${source("a")}`, `2:${source("a")}`]))[1]).toBe("M    /one");
  const marks = marksOf(await desk.good(["diff", "3", "4"]));
  expect(marks).toEqual(expect.arrayContaining(["- /b/", "- /b/two"]));
  expect(marks.filter((line) => line.includes("/a/"))).toEqual([]);
});

test("diff --json has restic's messages", async () => {
  const messages = jsonLines(await desk.good(["diff", "1", "2", "--json"]));
  expect(messages[0]).toEqual({ message_type: "change", path: source("a/one"), modifier: "M" });
  expect(messages.at(-1)).toMatchObject({
    ...{ message_type: "statistics", source_snapshot: "1", target_snapshot: "2", changed_files: 2 },
    added: { files: 3, dirs: 1, others: 0 },
    removed: { files: 1, dirs: 0 },
  });
});

test("diff with a folder shows what has changed since, but not what is never backed up", async () => {
  expect(marksOf(await desk.good(["diff", "latest", "source", "--host", "x"]))).toEqual([]);
  expect(marksOf(await desk.good(["diff", "2", "source"]))).toEqual(["- /b/larger"]);
  desk.write({ "source/d/new": "newer", "source/d/y.tmp": "left out", "source/e/f": "" });
  rot("rotten");
  const marks = ["M /d/new", "+ /e/", "+ /e/f"];
  expect(marksOf(await desk.good(["diff", "3", "source"]))).toEqual(marks);
  expect(marksOf(await desk.good(["diff", "3", "source", "--read-data"]))).toEqual([...marks, "M? /rotten"]);
  await desk.good(["restore", "-q", "3", "all", "back"]);
  expect(marksOf(await desk.good(["diff", `3:${source()}`, "back", "--read-data"]))).toEqual([]);
});

test("find finds by name, path, size, type and expression, newest first, as often as there are snapshots", async () => {
  const found = async (...words: string[]) =>
    linesOf(await desk.good(["find", ...words])).map((line) =>
      line.replace(desk.path("source"), "").replace(/,.*:$/, ""),
    );
  const second = "in snapshot 2 of x";
  expect(await found("large*")).toEqual([second, "/b/larger", "in snapshot 1 of x", "/b/c/large"]);
  expect(await found("LARGE", "-i", "-R")).toEqual(["in snapshot 1 of x", "/b/c/large"]);
  expect(await found("b/*", "-s", "2", "--type", "f")).toEqual([second, "/b/larger", "/b/two"]);
  expect(await found("--size", "+100K", "-s", "2")).toEqual([second, "/b/larger"]);
  expect(await found("--regex", "/b/t.o$", "-s", "2")).toEqual([second, "/b/two"]);
  expect(await found("--newer", "1h", "--size", "4B", "-s", "2")).toEqual([second, "/d/more"]);
  expect(await found("nothing-like-it")).toEqual([]);
});

test("find by ids leads from chunks and folders to paths, and --json has restic's form", async () => {
  const hits = (await desk.json(["find", "larger", "--json"])) as {
    hits: number;
    snapshot: string;
    matches: object[];
  }[];
  expect(hits).toMatchObject([{ hits: 1, snapshot: "2", matches: [{ path: source("b/larger"), type: "file" }] }]);
  expect(await desk.json(["find", "nothing-like-it", "--json"])).toEqual([]);
  expectRefusal(await desk.bcat(["find", "--blob", "xyz"]), { code: 2, says: /hexadecimal/ });
});

test("history tells when a file came, changed, went, and where to", async () => {
  const lines = linesOf(await desk.good(["history", "source/b/larger"]));
  expect(lines[0]).toBe("host x:");
  expect(lines[2]).toMatch(new RegExp(` 2 .* 195 KiB .* new; was ${source("b/c/large")}$`));
  expect(lines[3]).toMatch(/ 3 .* deleted$/);
  expect(await desk.good(["history", "source/b/c/large"])).toMatch(new RegExp(`deleted; as ${source("b/larger")}\n$`));
  const [x, other] = (await desk.json(["history", "source/a/one", "--json"])) as { versions: object[] }[];
  expect(x).toMatchObject({
    hostname: "x",
    versions: [
      { change: "new", snapshot: "1", last_snapshot: "1", snapshots: 1, size: 3 },
      { change: "content", snapshot: "2", last_snapshot: "3", snapshots: 2, size: 7 },
    ],
  });
  expect(other).toMatchObject({ hostname: "other", versions: [{ change: "new", snapshot: "4" }] });
  expect(await desk.good(["history", "source/rotten"])).toMatch(/other content, though nothing else changed\n/);
  expect(await desk.good(["history", "source/kind"])).toMatch(/2-3 .* another type\n/);
});

test.each([
  [["diff", "1"], 2, /missing <snapshot>\|<folder>/],
  [["diff", "x", "2"], 2, /give a number/],
  [["diff", "1", "9"], 1, /there is none of this number yet/],
  [["diff", "1", "2", "--read-data"], 2, /compared by their ids/],
  [["diff", "1", "not-there"], 1, /cannot compare with ".*not-there": no such file/],
  [["diff", "1", "home"], 1, /write bcat diff 1:\/PATH home/],
  [["find"], 2, /missing <pattern>/],
  [["find", "["], 2, /cannot use pattern "\["/],
  [["find", "--regex", "("], 2, /cannot use the pattern/],
  [["find", "--newer", "yesterday"], 2, /write it as/],
  [["find", "--newer", "7d", "--older", "30d"], 2, /cannot use --newer 7d with --older 30d/],
  [["find", "--newer", "2026-11-21", "--older", "2026-11-20"], 2, /cannot use --newer/],
  [["find", "--size", "x"], 2, /is no size/],
  [["find", "--type", "q"], 2, /give f, d, l/],
  [["find", "--blob", "--tree", "12345678"], 2, /one or the other/],
  [["history", "home/nothing"], 1, /no snapshot has/],
])("%j is refused with %d", async (words, code, says) => {
  expectRefusal(await desk.bcat(words as string[]), { code: code as number, says: says as RegExp });
});

test("diff with a folder goes by a link where it was named so, and takes a link that was backed up for one", async () => {
  using other = new Desk();
  other.write({ "real/one": "one", "real/two": "two" });
  fs.symlinkSync("real", other.path("link"));
  await other.good(["backup", "--init", "-q", "link"]);
  await other.good(["backup", "-q", "link/"]);
  await other.good(["backup", "-q", "real"]);
  expect(marksOf(await other.good(["diff", "1", "link", "--metadata"]))).toEqual([]);
  fs.writeFileSync(other.path("real/one"), "another");
  const changed = (path: string) => [`M ${other.path(path)}`];
  expect(marksOf(await other.good(["diff", "1", "link", "--metadata"]))).toEqual([]);
  expect(marksOf(await other.good(["diff", "2", "link"]))).toEqual(changed("link/one"));
  expect(marksOf(await other.good(["diff", "3", "real"]))).toEqual(changed("real/one"));
  expect(marksOf(await other.good(["diff", `3:${other.path("real")}`, "link"]))).toEqual(changed("link/one"));
  expect(marksOf(await other.good(["diff", "3", "/"]))).toEqual(changed("real/one"));
});

test("find --json is one document, however often progress is to be told", async () => {
  using other = new Desk();
  for (let i = 0; i < 200; i++) other.write({ [`source/${i}/file`]: `${i}` });
  await other.good(["backup", "--init", "-q", "source"]);
  const output = await other.good(["find", "file", "--json"], { env: { BCAT_PROGRESS_FPS: "60" } });
  expect(JSON.parse(output)).toMatchObject([{ hits: 200, snapshot: "1" }]);
});

test.each(["2M-1M", "1M-2M-9G", "1M-"])("find takes no --size %s", async (size) => {
  expectRefusal(await desk.bcat(["find", "--size", size]), { code: 2, says: /cannot use --size/ });
});

test("a damaged folder is named, and everything else is searched", async () => {
  using other = new Desk();
  other.write({ "one/file": "1", "two/file": "2" });
  await other.good(["backup", "--init", "-q", "one"]);
  await other.good(["backup", "-q", "two"]);
  const pack = other.list().find((line) => /^packs\/..\/0*2-/.test(line))!;
  flip(other, pack.split(" ")[0]!, 60);
  const run = await other.bcat(["find", "file"]);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^in snapshot 1 of .*:\n\/.*one\/file\n$/);
  expect(run.stderr).toMatch(/cannot search ".*two": .*\nbcat: cannot search 1 folder: bcat check tells/);
});
