/** Names of one file of which a restore overwrites some are names of one file again after undo. */
import { linkSync, rmSync, statSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot } from "./cli/desk.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const restore = ["restore", "latest", "all", "place", "--overwrite", "always"];

/** Snapshot 2 of a place whose file `d/a` is then made another name of `old`. */
async function arrange(old: string): Promise<Desk> {
  const desk = await models.open();
  desk.write({ "place/d/a": "of the snapshot", "place/b": "b of the snapshot", "place/e/c": "c of the snapshot" });
  await desk.good(["backup", "place"]);
  if (old !== "place/b" && old !== "place/e/c") desk.write({ [old]: "mine" });
  rmSync(desk.path("place/d/a"));
  linkSync(desk.path(old), desk.path("place/d/a"));
  return desk;
}

const inode = (desk: Desk, name: string) => statSync(desk.path(name)).ino;

describe.concurrent("a name that a restore has overwritten", () => {
  test.each([
    ["that comes before it and is as in the snapshot", "place/b"],
    ["that comes behind it and is as in the snapshot", "place/e/c"],
    ["that the snapshot has not", "place/z"],
  ])("is made one file with another %s", async (_, old) => {
    using desk = await arrange(old);
    const content = desk.read(old);
    expect((await desk.bcat(restore)).stderr).not.toContain("undo cannot");
    expect([desk.read("place/d/a"), desk.read(old)]).toEqual(["of the snapshot", content]);
    expect(inode(desk, "place/d/a")).not.toBe(inode(desk, old));
    await desk.good(["undo"]);
    expect(desk.read("place/d/a")).toBe(content);
    expect(inode(desk, "place/d/a")).toBe(inode(desk, old));
  });

  test("and that was the name of a file outside is said to become a file of its own", async () => {
    using desk = await arrange("outside");
    const run = await desk.bcat(restore);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain("some lie outside of what is restored (of one file that will be overwritten");
    await desk.good(["undo"]);
    expect(desk.read("place/d/a")).toBe("mine");
    expect(inode(desk, "place/d/a")).not.toBe(inode(desk, "outside"));
  });
});
