/** What of a snapshot a restore gives back by patterns, and as whose. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import type { KnownOwners } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient, type RestoreFrom } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let source: string;
let client: Client;

const isRoot = process.getuid?.() === 0;

beforeEach(async () => {
  scratch = makeScratch(2 ** 24)!;
  source = join(scratch.path, "source");
  client = await openClient(createMemoryStorage());
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

function write(...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(dirname(join(source, name)), { recursive: true });
    fs.writeFileSync(join(source, name), name);
  }
}

let targets = 0;

async function restore(options: RestoreFrom = {}): Promise<string> {
  const target = join(scratch.path, `target ${targets++}`);
  await client.restore("all", target, options);
  return target;
}

async function restored(options: RestoreFrom): Promise<string[]> {
  const target = await restore(options);
  expect(client.warnings).toEqual([]);
  if (!fs.existsSync(target)) return [];
  return fs.readdirSync(target, { recursive: true, encoding: "utf8" }).sort();
}

describe("by patterns", () => {
  beforeEach(async () => {
    write("photos/2020/a.jpg", "photos/B.JPG", "notes.txt", "deep/er/and/deeper/b.jpg", "other/x");
    fs.mkdirSync(join(source, "empty"));
    fs.linkSync(join(source, "notes.txt"), join(source, "photos/linked"));
    fs.chmodSync(join(source, "photos"), 0o750);
    execFileSync("touch", ["-d", "2001-02-03", join(source, "photos"), join(source, "deep")]);
    await client.backup([source]);
  });

  test("makes only the folders that lead to what is included, with their own metadata", async () => {
    const target = await restore({ includes: ["*.jpg"] });
    expect(fs.readdirSync(target).sort()).toEqual(["deep", "photos"]);
    expect(fs.readdirSync(join(target, "photos"))).toEqual(["2020"]);
    const [was, is] = [source, target].map((path) => fs.lstatSync(join(path, "photos")));
    expect([is!.mode, is!.mtimeMs]).toEqual([was!.mode, was!.mtimeMs]);
    expect(fs.readFileSync(join(target, "deep/er/and/deeper/b.jpg"), "utf8")).toBe("deep/er/and/deeper/b.jpg");
  });

  test.each<[RestoreFrom, string[]]>([
    [{ includes: ["photos"] }, ["photos", "photos/2020", "photos/2020/a.jpg", "photos/B.JPG", "photos/linked"]],
    [{ includes: ["photos"], iexcludes: ["*.jpg"] }, ["photos", "photos/2020", "photos/linked"]],
    [{ includes: ["photos", "!2020"] }, ["photos", "photos/B.JPG", "photos/linked"]],
    [
      { iincludes: ["b.jpg"] },
      ["deep", "deep/er", "deep/er/and", "deep/er/and/deeper", "deep/er/and/deeper/b.jpg", "photos", "photos/B.JPG"],
    ],
    [{ includes: ["empty", "linked"] }, ["empty", "photos", "photos/linked"]],
    [{ excludes: ["photos", "deep", "empty"] }, ["notes.txt", "other", "other/x"]],
    [{ includes: ["nothing"] }, []],
  ])("%j", async (options, expected) => {
    expect(await restored(options)).toEqual(expected);
  });

  test("counts what it restores, and nothing else", async () => {
    const target = join(scratch.path, "counted");
    const summary = await client.restore("all", target, { includes: ["a.jpg"] });
    expect(summary).toMatchObject({ filesRestored: 1, directoriesRestored: 2, bytesRestored: 17, errors: 0 });
  });

  test("are about whole paths, or about those from the folder on whose contents are restored", async () => {
    const contents = async (options: RestoreFrom) => {
      const target = join(scratch.path, `target ${targets++}`);
      await client.restore({ contentsOf: Buffer.from(join(source, "photos")) }, target, options);
      return fs.existsSync(target) ? fs.readdirSync(target).sort() : [];
    };
    expect(await restored({ includes: [join(source, "other")] })).toEqual(["other", "other/x"]);
    expect(await contents({ includes: ["/2020"] })).toEqual(["2020"]);
    expect(await contents({ includes: [join(source, "photos/2020")] })).toEqual([]);
    expect(await contents({ excludes: ["photos", "/B.JPG"] })).toEqual(["2020", "linked"]);
  });

  test("leave what was asked for by name, and its contents", async () => {
    const target = join(scratch.path, "named");
    await client.restore(Buffer.from("photos"), target, { excludes: ["photos", "*.JPG"] });
    expect(fs.readdirSync(join(target, "photos")).sort()).toEqual(["2020", "linked"]);
  });

  test("have nothing to do with what is in the way of the rest", async () => {
    const target = join(scratch.path, "full");
    fs.mkdirSync(target);
    fs.writeFileSync(join(target, "notes.txt"), "stays");
    await client.restore("all", target, { includes: ["other"] });
    expect(fs.readdirSync(target).sort()).toEqual(["notes.txt", "other"]);
    await expect(client.restore("all", target, { includes: ["notes.txt"] })).rejects.toThrow(/it exists/);
  });

  test("that are malformed are refused before anything is read", async () => {
    const wrong = client.restore("all", join(scratch.path, "none"), { includes: ["[a"] });
    await expect(wrong).rejects.toMatchObject({ code: "usage" });
    expect(fs.existsSync(join(scratch.path, "none"))).toBe(false);
  });

  test("hold in a restore over what is there", async () => {
    const target = await restore();
    for (const name of ["notes.txt", "other/x"]) fs.writeFileSync(join(target, name), "changed");
    await client.restore("all", target, { includes: ["other"], overwrite: "always" });
    expect(fs.readFileSync(join(target, "other/x"), "utf8")).toBe("other/x");
    expect(fs.readFileSync(join(target, "notes.txt"), "utf8")).toBe("changed");
  });
});

describe("with deletions", () => {
  const extra = [
    "new.jpg",
    "new.txt",
    "photos/new.jpg",
    "photos/new.txt",
    "photos/new/a.jpg",
    "music/new.jpg",
    "old/x",
  ];

  beforeEach(async () => {
    write("photos/a.jpg", "photos/b.txt", "music/c.mp3");
    await client.backup([source]);
  });

  async function deleted(options: RestoreFrom): Promise<string[]> {
    const target = await restore();
    for (const name of extra) {
      fs.mkdirSync(dirname(join(target, name)), { recursive: true });
      fs.writeFileSync(join(target, name), "extra");
    }
    const deletes = { onPlan: async () => {} };
    await client.restore("all", target, { overwrite: "if-changed", deletes, ...options });
    for (const name of ["photos/a.jpg", "photos/b.txt", "music/c.mp3"])
      expect(fs.existsSync(join(target, name))).toBe(true);
    return extra.filter((name) => !fs.existsSync(join(target, name)));
  }

  test("deletes what patterns would take, and leaves alone what they leave", async () => {
    expect(await deleted({})).toEqual(extra);
    expect(await deleted({ excludes: ["*.txt", "old"] })).toEqual([
      "new.jpg",
      "photos/new.jpg",
      "photos/new/a.jpg",
      "music/new.jpg",
    ]);
    expect(await deleted({ excludes: ["photos"] })).toEqual(["new.jpg", "new.txt", "music/new.jpg", "old/x"]);
    // As restic: not where nothing is restored, and no folder that does not match itself.
    expect(await deleted({ includes: ["*.jpg"] })).toEqual(["new.jpg", "photos/new.jpg"]);
    expect(await deleted({ includes: ["photos"] })).toEqual(["photos/new.jpg", "photos/new.txt", "photos/new/a.jpg"]);
  });
});

describe.runIf(isRoot)("as root, owners", () => {
  const known = (numbers: Record<string, number>): KnownOwners => ({
    number: (name) => numbers[name],
    name: (number) => Object.keys(numbers).find((name) => numbers[name] === number) ?? "",
  });
  const here = { users: known({ alice: 3_001, carol: 1_001 }), groups: known({ staff: 3_050 }) };
  const names = { user: (uid: number) => ({ 1000: "alice", 1001: "bob" })[uid] ?? "", group: () => "staff" };

  beforeEach(async () => {
    write("folder/alice", "folder/bob", "folder/none");
    for (const [name, uid] of [
      ["alice", 1_000],
      ["bob", 1_001],
      ["none", 1_002],
    ] as const) {
      fs.chownSync(join(source, "folder", name), uid, 50);
      fs.chmodSync(join(source, "folder", name), 0o4755);
    }
    fs.chownSync(join(source, "folder"), 1_000, 50);
    fs.symlinkSync("alice", join(source, "link"));
    fs.lchownSync(join(source, "link"), 1_000, 50);
    await client.backup([source], { owners: names });
  });

  async function owned(options: RestoreFrom): Promise<string[]> {
    const target = await restore(options);
    return ["folder", "folder/alice", "folder/bob", "folder/none", "link"].map((name) => {
      const { uid, gid, mode } = fs.lstatSync(join(target, name));
      return `${uid}:${gid}${(mode & 0o4000) === 0 ? "" : " set-id"}`;
    });
  }

  test("are set by number without rules", async () => {
    const [alice, bob, none] = ["1000:50", "1001:50", "1002:50"];
    expect(await owned({})).toEqual([alice, `${alice} set-id`, `${bob} set-id`, `${none} set-id`, alice]);
    expect(await owned({ owners: { by: "numbers", known: here } })).toEqual(await owned({}));
  });

  test("are set by name where it is known, and keep set-id bits unless the number is somebody else's", async () => {
    const alice = "3001:3050";
    expect(await owned({ owners: { by: "names", known: here } })).toEqual([
      alice,
      `${alice} set-id`,
      "1001:3050",
      "1002:3050 set-id",
      alice,
    ]);
  });

  test("are changed by a map, and lose set-id bits by it", async () => {
    const users = [
      { from: "alice", to: 7 },
      { from: 1_002, to: 8 },
    ];
    expect(await owned({ owners: { by: "numbers", users } })).toEqual([
      "7:50",
      "7:50",
      "1001:50 set-id",
      "8:50",
      "7:50",
    ]);
  });

  test("are not set when they are nobody's", async () => {
    expect(await owned({ owners: { by: "nobody" } })).toEqual(Array(5).fill("0:0"));
    const target = await restore({ owners: { by: "nobody" } });
    expect(fs.lstatSync(join(target, "folder/bob")).mode & 0o7777).toBe(0o755);
  });

  test("that were mapped are as they should be in the next restore over it", async () => {
    const owners = { by: "names", known: here } as const;
    const target = await restore({ owners });
    const again = await client.restore("all", target, { owners, overwrite: "if-changed" });
    expect(again).toMatchObject({ filesUnchanged: 4, filesRestored: 0, errors: 0 });
    const nobody = await client.restore("all", target, { owners: { by: "nobody" }, overwrite: "if-changed" });
    expect(nobody).toMatchObject({ filesRestored: 0, errors: 0 });
    expect(fs.lstatSync(join(target, "folder/alice")).uid).toBe(3_001);
  });

  test("of a number that the system takes for none gets no set-id bits", async () => {
    const users = [{ from: 1_001, to: 0xffff_ffff }];
    expect((await owned({ owners: { by: "numbers", users } }))[2]).toBe("0:50");
  });
});
