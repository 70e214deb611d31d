/** What a path stands for in a snapshot, and where it goes in the target. */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { Wanted } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let client: Client;
const inScratch = (...names: string[]) => join(scratch.path, ...names);

function write(...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(dirname(inScratch(name)), { recursive: true });
    fs.writeFileSync(inScratch(name), name);
  }
}

beforeEach(async () => {
  scratch = makeScratch(2 ** 24)!;
  client = await openClient(createMemoryStorage());
  write("me/photos/2020/a.jpg", "me/photos/b.jpg", "me/notes", "srv/data/notes", "srv/data/data/deep", "srv/b.jpg");
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

let targets = 0;

/** Files and empty folders that a restore makes, by their paths in the target. */
async function restored(wanted: Wanted, currentFolder?: string): Promise<string[]> {
  const target = inScratch(`target ${targets++}`);
  const where = currentFolder === undefined ? {} : { currentFolder: Buffer.from(inScratch(currentFolder)) };
  expect(await client.restore(wanted, target, where)).toMatchObject({ errors: 0 });
  return below(target);
}

function below(target: string): string[] {
  const all = fs.readdirSync(target, { recursive: true, encoding: "utf8" }).sort();
  return all.filter((name) => !all.some((other) => other.startsWith(`${name}/`)));
}

const bytes = (path: string) => Buffer.from(path);
const paths = (...all: string[]): Wanted => ({ paths: all.map(bytes) });
const photos = ["photos/2020/a.jpg", "photos/b.jpg"];

describe("of one root, a relative path", () => {
  beforeEach(async () => {
    await client.backup([inScratch("me")]);
  });

  test.each([
    ["below the root", "photos", "elsewhere"],
    ["with the last name of the root", "me/photos", "elsewhere"],
    ["below the current folder", "photos", "me"],
    ["that goes up from the current folder", "../photos", "me/notes"],
    ["from a folder above the root", "me/photos", "."],
  ])("is found %s", async (_where, path, currentFolder) => {
    expect(await restored(bytes(path), currentFolder)).toEqual(photos);
    expect(await restored(bytes(path), undefined).catch(() => photos)).toEqual(photos);
  });

  test("is the whole path without its first slash", async () => {
    expect(await restored(bytes(inScratch("me/photos").slice(1)))).toEqual(photos);
  });

  test("that means two entries is refused, with both", async () => {
    write("me/photos/notes");
    await client.backup([inScratch("me")]);
    const two = `"${inScratch("me/photos/notes")}" or "${inScratch("me/notes")}"`;
    await expect(restored(bytes("notes"), "me/photos")).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(`is meant, ${two}: give its absolute path`),
    });
  });

  test("`.` is the current folder when that was backed up, and else everything", async () => {
    const all = ["notes", ...photos];
    expect(await restored(bytes("."), "me/photos")).toEqual(["2020/a.jpg", "b.jpg"]);
    expect(await restored(bytes("."), "srv")).toEqual(all);
    expect(await restored(bytes("."))).toEqual(all);
    await expect(restored(paths(".", "notes"), "me")).rejects.toMatchObject({ code: "usage" });
  });

  test.each([
    ["me/photo", "", `; did you mean "me/photos"?`],
    ["photos/2020/A.JPG", "", `; did you mean "me/photos/2020/a.jpg"?`],
    ["phtoos/b.jpg", "me", `; did you mean "me/photos"?`],
    ["notes/x", "", `; "me/notes" is no folder`],
    ["2020", "", `; did you mean "me/photos/2020"?`],
    ["2020/a.jpg", "", `; did you mean "me/photos/2020/a.jpg"?`],
    ["music", "", ""],
  ])("that is not there (%s, in %s) is refused, with what is near", async (path, currentFolder, hint) => {
    const said = `which has "${inScratch("me")}"${hint.replace(/"me/, `"${inScratch("me")}`)}`;
    await expect(restored(bytes(path), currentFolder)).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(new RegExp(`${said.replace(/[.?]/g, "\\$&")}$`)),
    });
  });

  test("that another snapshot has a source for is refused, with the number of that", async () => {
    await client.backup([inScratch("srv")]);
    const says = (path: string) =>
      `"${path}" in snapshot 2, which has "${inScratch("srv")}"; snapshot 1 is of "${inScratch("me")}"`;
    const absolute = inScratch("me/photos");
    await expect(restored(bytes(absolute))).rejects.toThrow(says(absolute));
    await expect(restored(bytes("me/photos"), "")).rejects.toThrow(says("me/photos"));
    await expect(restored(bytes("music"), "")).rejects.toThrow(/which has "[^"]*"$/);
  });

  test("of many sources the first are named, and how many there are", async () => {
    write("a", "b", "c", "d", "e");
    await client.backup(["a", "b", "c", "d", "e"].map((name) => inScratch(name)));
    const [a, b, c] = ["a", "b", "c"].map((name) => `"${inScratch(name)}"`);
    await expect(restored(bytes("music"))).rejects.toThrow(`which has ${a}, ${b}, ${c} and 2 more`);
  });

  test("the folders above the root are known by name", async () => {
    await expect(restored(bytes(inScratch("mee")))).rejects.toThrow(`did you mean "${inScratch("me")}"?`);
  });
});

describe("of several roots", () => {
  beforeEach(async () => {
    await client.backup([inScratch("me"), inScratch("srv")]);
  });

  test("a path that is in one of them only is found", async () => {
    expect(await restored(bytes("photos"))).toEqual(photos);
    expect(await restored(bytes("data/data"))).toEqual(["data/deep"]);
    await expect(restored(bytes("data"), "elsewhere")).resolves.toEqual(["data/data/deep", "data/notes"]);
  });

  test("several paths appear under their names", async () => {
    expect(await restored(paths("me/photos/2020", "me/notes", "srv/b.jpg"))).toEqual(["2020/a.jpg", "b.jpg", "notes"]);
  });

  test("several paths of one name are refused, and one that is given twice", async () => {
    const wanted = paths("me/notes", "srv/data/notes");
    await expect(restored(wanted)).rejects.toMatchObject({ code: "usage", message: /have the same name/ });
    await expect(restored(paths("me/notes", inScratch("me/notes")))).rejects.toMatchObject({
      code: "usage",
      message: /twice/,
    });
    expect(fs.existsSync(inScratch(`target ${targets - 1}`))).toBe(false);
  });

  test("full paths are kept of one root and of several", async () => {
    const full = ["me/notes", "me/photos/2020/a.jpg", "me/photos/b.jpg"].map((name) => inScratch(name).slice(1));
    expect(await restored("full-paths")).toEqual(expect.arrayContaining(full));
    await client.backup([inScratch("me")]);
    expect(await restored("full-paths")).toEqual(full);
    expect(await restored({ contentsOf: bytes("/") })).toEqual(full);
  });

  test("the contents of a folder land in the target, also of one above the roots", async () => {
    expect(await restored({ contentsOf: bytes(inScratch("me/photos")) })).toEqual(["2020/a.jpg", "b.jpg"]);
    expect(await restored({ contentsOf: bytes(scratch.path) })).toEqual(
      expect.arrayContaining(["me/notes", "srv/b.jpg"]),
    );
    const wanted = { contentsOf: bytes("me/notes") };
    await expect(restored(wanted)).rejects.toMatchObject({ code: "usage", message: /it is no folder/ });
  });
});

describe("one file", () => {
  const wanted = (...all: string[]): Wanted => ({ paths: all.map(bytes), targetMayBeName: true });
  beforeEach(async () => {
    fs.symlinkSync("notes", inScratch("me/link"));
    await client.backup([inScratch("me")]);
    fs.mkdirSync(inScratch("folder"));
  });

  test("gets the name of a target that does not exist", async () => {
    await client.restore(wanted("notes"), inScratch("folder/renamed"));
    await client.restore(wanted("link"), inScratch("folder/link too"));
    expect(fs.readFileSync(inScratch("folder/renamed"), "utf8")).toBe("me/notes");
    expect(fs.readlinkSync(inScratch("folder/link too"))).toBe("notes");
  });

  test("goes into a target that is a folder, or a link to one", async () => {
    fs.symlinkSync("folder", inScratch("way"));
    await client.restore(wanted("notes"), inScratch("folder"));
    await client.restore(wanted("photos/b.jpg"), inScratch("way"));
    expect(below(inScratch("folder"))).toEqual(["b.jpg", "notes"]);
  });

  test("is not written onto a target that is a file, or a link to nothing", async () => {
    write("folder/there");
    fs.symlinkSync("nowhere", inScratch("folder/dangling"));
    for (const name of ["there", "dangling"])
      await expect(client.restore(wanted("notes"), inScratch("folder", name))).rejects.toThrow(/it exists/);
    expect(fs.readFileSync(inScratch("folder/there"), "utf8")).toBe("folder/there");
    expect(fs.existsSync(inScratch("nowhere"))).toBe(false);
  });

  test("makes no folder above the name that it gets", async () => {
    await expect(client.restore(wanted("notes"), inScratch("gone/renamed"))).rejects.toThrow(/no such file/i);
    expect(fs.existsSync(inScratch("gone"))).toBe(false);
  });

  test("among several, and a folder, goes into a folder that is made", async () => {
    await client.restore(wanted("notes", "photos/b.jpg"), inScratch("made"));
    await client.restore(wanted("photos/2020"), inScratch("made too"));
    expect([below(inScratch("made")), below(inScratch("made too"))]).toEqual([["b.jpg", "notes"], ["2020/a.jpg"]]);
  });
});
