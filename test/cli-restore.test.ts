/** `bcat restore` and `bcat ls` as they are typed: restic's spellings, whose latest is meant, orders of a list. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, jsonLines, linesOf } from "./cli/desk.js";

let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  desk.write({
    "home/me/photos/2020/a.jpg": 3_000,
    "home/me/photos/B.JPG": "b",
    "home/me/notes.txt": "notes",
    "srv/data": "data",
  });
  await desk.good(["backup", "--init", "--host", "laptop", "--tag", "daily,home", "home/me"]);
  await desk.good(["backup", "--host", "server", "home/me", "srv"]);
});

afterAll(() => desk[Symbol.dispose]());

let targets = 0;

/** What `bcat restore` with these words puts into a target, whose place among them is `TARGET`. */
async function restored(words: readonly string[], cwd?: string): Promise<string[]> {
  const target = desk.path(`target ${targets++}`);
  const typed = words.map((word) => word.replace("TARGET", target));
  await desk.good(["restore", ...typed], cwd === undefined ? {} : { cwd: desk.path(cwd) });
  if (!fs.statSync(target).isDirectory()) return [fs.readFileSync(target, "latin1")];
  return desk.list(target).map((line) => line.replace(/ \d+$/, ""));
}

const full = (...names: string[]) => names.map((name) => desk.path(name).slice(1));
const me = ["notes.txt", "photos/2020/a.jpg", "photos/B.JPG"];

describe("restore", () => {
  test.each([
    ["1 all TARGET", me],
    ["1 all --target TARGET", me],
    ["1 -t TARGET all", me],
    ["latest --tag daily all TARGET", me],
    ["latest -H laptop -H mars all TARGET", me],
    ["latest:home/me/photos --target TARGET", ["2020/a.jpg", "B.JPG"]],
    ["1:photos TARGET", ["2020/a.jpg", "B.JPG"]],
    ["1:photos 2020 B.JPG TARGET", ["2020/a.jpg", "B.JPG"]],
    ["1 photos/2020 notes.txt TARGET", ["2020/a.jpg", "notes.txt"]],
    ["2 data TARGET", ["data"]],
    ["1 notes.txt -t TARGET", ["notes.txt"]],
    ["1 notes.txt TARGET/", ["notes.txt"]],
    ["1 notes.txt TARGET", ["notes"]],
  ])("%s gives %j", async (words, expected) => {
    expect(await restored(words.split(" "))).toEqual(expected);
  });

  test("--target alone is restic's: full paths, of one source too", async () => {
    expect(await restored(["1", "--target", "TARGET"])).toEqual(full(...me.map((name) => `home/me/${name}`)));
  });

  test("--path says whose latest is meant", async () => {
    expect(await restored(["latest", "--path", "srv", "data", "TARGET"])).toEqual(["data"]);
    expect(await restored(["latest~1", "--path", "home/me", "all", "TARGET"])).toEqual(me);
  });

  test("a path is below the current folder first, and from anywhere below what was backed up", async () => {
    expect(await restored(["1", "photos", "TARGET"], "home/me")).toEqual(["photos/2020/a.jpg", "photos/B.JPG"]);
    expect(await restored(["1", "../photos", "TARGET"], "home/me/photos")).toEqual([
      "photos/2020/a.jpg",
      "photos/B.JPG",
    ]);
    expect(await restored(["1", ".", "TARGET"], "home/me/photos")).toEqual(["2020/a.jpg", "B.JPG"]);
    expect(await restored(["1", "me/photos/2020", "TARGET"], "srv")).toEqual(["2020/a.jpg"]);
  });

  test.each([
    ["1 -i *.jpg all TARGET", ["photos/2020/a.jpg"]],
    ["1 --iinclude *.jpg all TARGET", ["photos/2020/a.jpg", "photos/B.JPG"]],
    ["1 -e photos all TARGET", ["notes.txt"]],
    ["1 -i photos --iexclude b.jpg all TARGET", ["photos/2020/a.jpg"]],
    ["1 --include-file patterns all TARGET", ["notes.txt", "photos/2020/a.jpg"]],
    ["1 --exclude-file patterns all TARGET", ["photos/B.JPG"]],
    ["1 --iexclude-file patterns all TARGET", []],
    ["1 --iinclude-file patterns -e *.jpg all TARGET", ["notes.txt", "photos/B.JPG"]],
    ["1:photos --include /2020 --target TARGET", ["2020/a.jpg"]],
  ])("%s gives %j, by patterns", async (words, expected) => {
    desk.write({ patterns: "# what matters\n*.jpg\n\nnotes.*\nb.jpg\n" });
    expect(await restored(words.split(" "))).toEqual(expected);
  });

  test("of what no pattern matches says so", async () => {
    const run = await desk.bcat(["restore", "1", "-i", "nothing", "all", "none"]);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining("bcat: nothing of snapshot 1 matches\n") });
    expect(fs.existsSync(desk.path("none"))).toBe(false);
  });

  test.each([
    ["--no-owner --numeric-owner", /both --no-owner and --numeric-owner/],
    ["--owner-map me", /--owner-map me: write FROM:TO/],
    ["--include-file gone", /"gone"/],
    ["-i [a", /pattern "\[a"/],
    ["--include-xattr [a", /pattern "\[a"/],
  ])("refuses %s", async (flags, says) => {
    const run = await desk.bcat(["restore", "1", "all", "none", ...flags.split(" ")]);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
    expect(fs.existsSync(desk.path("none"))).toBe(false);
  });

  test.runIf(process.getuid?.() === 0)(
    "gives to others what --owner-map names, and to none with --no-owner",
    async () => {
      const owner = async (...flags: string[]) => {
        const target = desk.path(`target ${targets++}`);
        await desk.good(["restore", "1", "notes.txt", `${target}/`, ...flags]);
        const { uid, gid } = fs.lstatSync(`${target}/notes.txt`);
        return `${uid}:${gid}`;
      };
      expect(await owner()).toBe("0:0");
      expect(await owner("--ownership-by-name")).toBe("0:0");
      expect(await owner("--numeric-owner", "--owner-map", "user:0:1234")).toBe("1234:0");
      expect(await owner("--owner-map", "root:12", "--owner-map", "group:root:34")).toBe("12:34");
      expect(await owner("--no-owner")).toBe("0:0");
    },
  );

  test("says once of how many entries the set-id bits are dropped for --no-owner", async () => {
    const made = desk.path("set-ids");
    for (const name of ["a", "b/c"]) desk.write({ [`set-ids/${name}`]: name });
    fs.chmodSync(`${made}/a`, 0o4755);
    fs.chmodSync(`${made}/b`, 0o2755);
    await desk.good(["backup", made, "--tag", "set-ids"]);
    const words = ["restore", "latest", "all", desk.path("no set-ids"), "--tag", "set-ids", "--no-owner"];
    const run = await desk.bcat([...words, "--json"]);
    const said = jsonLines(run.stderr).filter(({ code }) => code === "set-ids-not-set");
    expect(said).toEqual([expect.objectContaining({ message_type: "warning", count: 2 })]);
    const line = "set-id bits were not restored, their owner is not who it was (of 2 entries)";
    const again = await desk.bcat([...words, "--overwrite", "if-changed"]);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(`"${made}": ${line}\n`) });
  });

  test("BCAT_HOST, which names the host of backups, does not disturb a number", async () => {
    const target = desk.path(`target ${targets++}`);
    await desk.good(["restore", "1", "all", target], { env: { BCAT_HOST: "mars" } });
    expect(desk.list(target)).toHaveLength(3);
  });
});

describe("ls", () => {
  const listed = async (...words: string[]) =>
    linesOf(await desk.good(["ls", ...words])).map((line) => line.replace(`${desk.path("home/me")}`, "~"));

  test("of a folder shows what is right in it, and with --recursive what is below", async () => {
    expect(await listed("1", "photos")).toEqual(["~/photos", "~/photos/2020", "~/photos/B.JPG"]);
    expect(await listed("1:photos", "--recursive")).toEqual([
      "~/photos",
      "~/photos/2020",
      "~/photos/2020/a.jpg",
      "~/photos/B.JPG",
    ]);
    expect(await listed("1", "notes.txt", "photos/2020")).toEqual([
      "~/notes.txt",
      "~/photos/2020",
      "~/photos/2020/a.jpg",
    ]);
    expect(await listed("1")).toHaveLength(6);
  });

  test("sorts by size, time or extension, and backwards", async () => {
    execFileSync("touch", ["-d", "2001-01-01", desk.path("home/me/photos/B.JPG")]);
    await desk.good(["backup", "--tag", "sorted", "home/me"]);
    const files = async (...words: string[]) =>
      (await listed("latest", "--tag", "sorted", ...words)).filter((path) => path.includes("."));
    const [notes, a, b] = ["~/notes.txt", "~/photos/2020/a.jpg", "~/photos/B.JPG"];
    expect(await files("--sort", "size")).toEqual([b, notes, a]);
    expect(await files("-s", "size", "--reverse")).toEqual([a, notes, b]);
    expect((await files("--sort", "time"))[0]).toBe(b);
    expect(await files("--sort=extension")).toEqual([b, a, notes]);
    expect(await files("--reverse")).toEqual([b, a, notes]);
  });

  test("--human-readable shows sizes for people", async () => {
    expect(await listed("1", "-l", "--human-readable", "photos/2020/a.jpg")).toEqual([
      expect.stringMatching(/ +2\.93 KiB \d{4}-.* ~\/photos\/2020\/a\.jpg$/),
    ]);
  });

  test("of a folder above what was backed up shows what is right in it, as far as the snapshot knows", async () => {
    using other = new Desk();
    const names = async (...words: string[]) =>
      linesOf(await other.good(["ls", "1", ...words])).map((line) => line.replace(other.folder, ""));
    other.write({ "usr/include/h": "1", "usr/share/doc/d": "2", "usr/share/man/m": "3", "usr/lib": "4" });
    await other.good(["backup", "--init", "-q", ...["include", "share/doc", "share/man"].map((name) => `usr/${name}`)]);
    expect(await names(other.path("usr"))).toEqual(["/usr", "/usr/include", "/usr/share"]);
    expect(await names(other.path("usr/share"))).toEqual(["/usr/share", "/usr/share/doc", "/usr/share/man"]);
    expect(await names(other.path("usr/share"), "--recursive")).toEqual([
      ...["/usr/share", "/usr/share/doc", "/usr/share/doc/d", "/usr/share/man", "/usr/share/man/m"],
    ]);
    expect(await names("--recursive")).toHaveLength(6);
    expect(await other.good(["ls", "-l", "--numeric-ids", "1", other.path("usr")])).toMatch(/^drwx\S+ +\d+ +\d+ /);
  });
});
