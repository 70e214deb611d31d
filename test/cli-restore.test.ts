/** `bcat restore` and `bcat ls` as they are typed: restic's spellings, whose latest is meant, orders of a list. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, linesOf } from "./cli/desk.js";

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
});
