/** What a restore takes from old folders and files beside content, owner, mode and time is kept, and put back by undo. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot } from "./cli/desk.js";
import { canSetAttributes } from "./kit/settable-attributes.js";

const canSet = await canSetAttributes("undo of attributes", { onDisk: true });

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const restore = ["restore", "latest", "all", "place", "--overwrite", "always"];

async function arrange(): Promise<Desk> {
  const desk = await models.open();
  desk.write({ "place/a": "as in the snapshot", "place/d/f": "as in the snapshot" });
  mkdirSync(desk.path("place/e"));
  set(desk, "place/d", "snapshot");
  await desk.good(["backup", "place"]);
  return desk;
}

function set(desk: Desk, name: string, value: string): void {
  execFileSync("setfattr", ["-n", "user.x", "-v", value, desk.path(name)]);
}

function attributeOf(desk: Desk, name: string): string {
  return execFileSync("getfattr", ["--only-values", "-n", "user.x", desk.path(name)], { encoding: "utf8" });
}

describe.runIf(canSet)("an attribute of a folder that a restore overwrites", () => {
  test("is put back by undo, beside a file that was overwritten", async () => {
    using desk = await arrange();
    set(desk, "place/d", "mine");
    desk.write({ "place/a": "mine" });
    await desk.good(restore);
    expect(attributeOf(desk, "place/d")).toBe("snapshot");
    await desk.good(["undo"]);
    expect([attributeOf(desk, "place/d"), desk.read("place/a")]).toEqual(["mine", "mine"]);
  });

  test.each(["place/d", "place"])("is kept where nothing else is overwritten: of %s", async (name) => {
    using desk = await arrange();
    set(desk, "place", "snapshot");
    await desk.good(["backup", "place"]);
    set(desk, name, "mine");
    expect(await desk.good(restore)).toMatch(/^kept what was there as snapshot 4/m);
    expect(attributeOf(desk, name)).toBe("snapshot");
    await desk.good(["undo"]);
    expect(attributeOf(desk, name)).toBe("mine");
  });

  test("that the snapshot has not is kept, and put back", async () => {
    using desk = await arrange();
    set(desk, "place/e", "mine");
    expect(await desk.good(restore)).toMatch(/^kept what was there as snapshot 3/m);
    expect(() => attributeOf(desk, "place/e")).toThrow();
    await desk.good(["undo"]);
    expect(attributeOf(desk, "place/e")).toBe("mine");
  });

  test("is no reason to keep anything where the folder has none, as after a restore that was interrupted", async () => {
    using desk = await arrange();
    execFileSync("setfattr", ["-x", "user.x", desk.path("place/d")]);
    expect(await desk.good(restore)).not.toContain("kept what was there");
    expect(attributeOf(desk, "place/d")).toBe("snapshot");
  });
});

const canFlag = (() => {
  const folder = mkdtempSync(join(tmpdir(), "bcat-flags-"));
  try {
    execFileSync("chattr", ["+d", folder], { stdio: "ignore" });
    return canSet && process.geteuid?.() === 0;
  } catch {
    process.stdout.write("undo of inode flags: skipped, that takes chattr, root and a file system with them\n");
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

const flagsOf = (desk: Desk, name: string) =>
  execFileSync("lsattr", ["-d", desk.path(name)], { encoding: "utf8" })
    .split(" ")[0]!
    .replace(/[-e]/g, "");

describe.runIf(canFlag)("inode flags that a restore takes off", () => {
  test.each([
    ["a folder", "place/d"],
    ["a file that is the same else", "place/a"],
  ])("are put back by undo: of %s", async (_, name) => {
    using desk = await arrange();
    execFileSync("chattr", ["+A", desk.path(name)]);
    await desk.good(["backup", "place"]);
    execFileSync("chattr", ["=d", desk.path(name)]);
    expect(await desk.good(restore)).toMatch(/^kept what was there/m);
    expect(flagsOf(desk, name)).toBe("A");
    await desk.good(["undo"]);
    expect(flagsOf(desk, name)).toBe("d");
  });
  test.each([
    ["a folder", "place/d"],
    ["a file that is the same else", "place/a"],
  ])("and the snapshot has not are put back: of %s", async (_, name) => {
    using desk = await arrange();
    execFileSync("chattr", ["+i", "+A", desk.path(name)]);
    expect(await desk.good(restore)).toMatch(/^kept what was there/m);
    expect(flagsOf(desk, name)).toBe("");
    await desk.good(["undo"]);
    expect(flagsOf(desk, name)).toBe("iA");
    execFileSync("chattr", ["-i", desk.path(name)]);
  });

  test("or sets are taken off again: of a file that is the same else", async () => {
    using desk = await arrange();
    execFileSync("chattr", ["+A", desk.path("place/a")]);
    await desk.good(["backup", "place"]);
    execFileSync("chattr", ["-A", desk.path("place/a")]);
    expect(await desk.good(restore)).toMatch(/^kept what was there/m);
    expect(flagsOf(desk, "place/a")).toBe("A");
    await desk.good(["undo"]);
    expect(flagsOf(desk, "place/a")).toBe("");
    expect(await desk.good(["undo"])).toMatch(/^kept what was there/m);
    expect(flagsOf(desk, "place/a")).toBe("A");
  });
});
