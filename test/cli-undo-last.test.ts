/** Undo is about the last restore in place: with what it went on with, and not about another one that came before. */
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { canMount, type Desk, DeskWithSnapshot, jsonLines } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const LARGE = 6_000_000;
const restore = ["restore", "latest", "all", "place", "--overwrite", "always", "--threads", "1"];

/** A place of 10 MiB with files that differ from snapshot 2, and so full that the second of them does not fit. */
async function arrangeFull(): Promise<Desk> {
  const desk = await models.open();
  desk.write({ "tree/a": "of the snapshot", "tree/b": LARGE });
  await desk.good(["backup", "tree"]);
  desk.mount("place", "-t", "tmpfs", "-o", "size=10m", "tmpfs");
  desk.write({ "place/a": "mine", "place/b": "mine", "place/filler": 8_000_000 });
  return desk;
}

const content = (desk: Desk) => ["place/a", "place/b"].map((name) => desk.read(name).slice(0, 15));

describe.runIf(canMount())("of a restore that has ended early", () => {
  test("the number of what it has kept is said", async () => {
    using desk = await arrangeFull();
    const run = await desk.bcat(restore);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("kept what was there as snapshot 3: bcat undo 3 puts it back");
    expect(content(desk)).toEqual(["of the snapshot", "mine"]);
    await desk.good(["undo"]);
    expect(content(desk)).toEqual(["mine", "mine"]);
  });

  test("and was done again, all is put back at once, and is restored once more by a second undo", async () => {
    using desk = await arrangeFull();
    await desk.bcat(restore);
    rmSync(desk.path("place/filler"));
    expect(await desk.good(restore)).toContain("bcat undo 4 puts it back");
    const restored = content(desk);
    expect(restored[0]).toBe("of the snapshot");
    const summaries = jsonLines(await desk.good(["undo", "--json"])).filter((one) => one.message_type === "summary");
    expect(summaries.map((one) => one.snapshot_number)).toEqual([4, 3]);
    expect(content(desk)).toEqual(["mine", "mine"]);
    await desk.good(["undo"]);
    expect(content(desk)).toEqual(restored);
  });

  test("and was done again, what neither run has kept twice is put back also where the second keeps nothing", async () => {
    using desk = await arrangeFull();
    rmSync(desk.path("place/b"));
    await desk.bcat(restore);
    rmSync(desk.path("place/filler"));
    expect(await desk.good(restore)).toContain("kept what was there as snapshot 3: bcat undo 3 puts it back");
    await desk.good(["undo"]);
    expect(desk.read("place/a")).toBe("mine");
  });

  test("nothing is put back with a later one of something else", async () => {
    using desk = await arrangeFull();
    await desk.bcat(restore);
    rmSync(desk.path("place/filler"));
    desk.write({ "tree/b": "of another snapshot" });
    await desk.good(["backup", "tree"]);
    await desk.good(restore);
    await desk.good(["undo"]);
    expect(content(desk)).toEqual(["of the snapshot", "mine"]);
  });
});

test.runIf(canMount())("an undo that has ended early is gone on with by the next one", async () => {
  using desk = await models.open();
  desk.write({ "tree/a": "of the snapshot", "tree/b": "of the snapshot" });
  await desk.good(["backup", "tree"]);
  desk.mount("place", "-t", "tmpfs", "-o", "size=10m", "tmpfs");
  desk.write({ "place/a": "mine", "place/b": LARGE });
  const mine = content(desk);
  await desk.good(restore);
  desk.write({ "place/filler": 8_000_000 });
  const run = await desk.bcat(["undo"]);
  expect(run.stderr).toContain("snapshot 4: bcat undo 4 puts it back; bcat undo 3 goes on");
  rmSync(desk.path("place/filler"));
  await desk.good(["undo"]);
  expect(content(desk)).toEqual(mine);
  await desk.good(["undo"]);
  expect(content(desk)).toEqual(["of the snapshot", "of the snapshot"]);
});

describe("after a restore in place that has overwritten nothing", () => {
  async function arrange(): Promise<Desk> {
    const desk = await models.open();
    desk.write({ "tree/a": "of the snapshot", "other/file": "of no snapshot" });
    await desk.good(["backup", "tree"]);
    cpSync(desk.path("tree"), desk.path("place"), { recursive: true });
    desk.write({ "place/a": "mine" });
    await desk.good(restore);
    desk.write({ "place/a": "work of weeks" });
    await desk.good(["restore", "latest", "all", "other", "--overwrite", "if-changed"]);
    return desk;
  }

  test("an older one is undone only by its number, which is said", async () => {
    using desk = await arrange();
    const says = new RegExp(
      `the last restore, of snapshot 2 to ${desk.path("other")}, has kept nothing; snapshot 3 .*bcat undo 3 `,
    );
    expectRefusal(await desk.bcat(["undo"]), { code: 1, says });
    expect(desk.read("place/a")).toBe("work of weeks");
    await desk.good(["undo", "3"]);
    expect(desk.read("place/a")).toBe("mine");
  });

  test("and with a cache that was lost, the newest is undone", async () => {
    using desk = await arrange();
    const [memory] = readdirSync(desk.folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      /(^|\/)restores$/.test(name),
    );
    rmSync(join(desk.folder, memory!), { recursive: true });
    await desk.good(["undo"]);
    expect(desk.read("place/a")).toBe("mine");
  });
});

test("what restores have overwritten is never the latest, nor named where the latest is not there", async () => {
  using desk = await models.open();
  desk.write({ "place/a.txt": "mine" });
  await desk.good(["restore", "1", "all", "place", "--overwrite", "always"]);
  expectRefusal(await desk.bcat(["ls", "latest~1"]), { code: 1, says: /"latest~1": the newest is 1$/m });
  const tagged = await desk.bcat(["ls", "latest", "--tag", "undo"]);
  expectRefusal(tagged, { code: 1, says: /of tag "undo" keep what restores have overwritten.*, the newest is 2$/m });
});
