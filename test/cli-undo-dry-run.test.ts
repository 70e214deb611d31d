/** `bcat undo --dry-run` changes nothing, and says what the undo then does, and where. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot, jsonLines } from "./cli/desk.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

/** A restore has overwritten `a` and deleted `gone`, and made `d` a folder; something has been made in that. */
async function arrange(): Promise<Desk> {
  const desk = await models.open();
  desk.write({ "tree/a": "of the snapshot", "tree/d/in": "of the snapshot", "tree/same": "the same" });
  await desk.good(["backup", "tree"]);
  execFileSync("cp", ["-a", desk.path("tree"), desk.path("place")]);
  fs.rmSync(desk.path("place/d"), { recursive: true });
  desk.write({ "place/a": "mine", "place/d": "a file of mine", "place/gone": "mine, too" });
  await desk.good(["restore", "2", "all", "place", "--overwrite", "always", "--delete", "--yes"]);
  desk.write({ "place/d/made": "since" });
  return desk;
}

const everything = (desk: Desk) => [
  ...desk.list(),
  ...desk.list(desk.path("place")),
  ...desk.list(desk.path("home")).filter((line) => line.startsWith(".cache/bcat/restores/")),
];

test("says what would be overwritten, added and deleted, and the undo does just that", async () => {
  using desk = await arrange();
  const before = everything(desk);
  const { stdout, code } = await desk.bcat(["undo", "--dry-run"]);
  expect(code).toBe(0);
  expect(stdout).toContain(`would restore from snapshot 3 (`);
  expect(stdout).toContain(` to ${desk.path("place")}\n3 files, 0 folders, 0 symlinks, `);
  expect(stdout).toContain(
    `would overwrite: 2 entries: "${desk.path("place/a")}", "${desk.path("place/d")}"\nwould add: 1 entry: "${desk.path("place/gone")}"\n`,
  );
  expect(stdout).toMatch(new RegExp(`^would delete: 2 files, 1 folder, 20 B: "${desk.path("place/d")}", …$`, "m"));
  expect(everything(desk)).toEqual(before);
  const [summary] = jsonLines(await desk.good(["undo", "--json"])).slice(-1);
  expect(summary).toMatchObject({ snapshot_number: 3, files_restored: 3, files_deleted: 3 });
  expect(desk.read("place/d")).toBe("a file of mine");
});

test("names folders of which only the metadata would change", async () => {
  using desk = await models.open();
  desk.write({ "place/d/in": "the same", "place/e/in": "the same" });
  await desk.good(["backup", "place"]);
  fs.chmodSync(desk.path("place/d"), 0o700);
  const over = ["restore", "latest", "all", "place", "--overwrite", "always"];
  const { stdout } = await desk.bcat([...over, "--dry-run"]);
  expect(stdout).toContain(`already there: 2 files and links`);
  expect(stdout).toMatch(new RegExp(`\nwould set anew: 1 entry: "${desk.path("place/d")}"\n$`));
  await desk.good(over);
  expect(await desk.good([...over, "--dry-run"])).not.toContain("would set anew");
});

test("tells it as JSON, of the snapshot of a number too", async () => {
  using desk = await arrange();
  const [told] = jsonLines(await desk.good(["undo", "3", "--dry-run", "--json"])).slice(-1);
  expect(told).toMatchObject({
    message_type: "summary",
    dry_run: true,
    snapshot_number: 3,
    files_restored: 3,
    files_to_delete: 2,
    directories_to_delete: 1,
    to_overwrite: { entries: 2, first: [{ path: desk.path("place/a") }, { path: desk.path("place/d") }] },
    to_add: { entries: 1, first: [{ path: desk.path("place/gone") }] },
  });
  expect(desk.begun()).toHaveLength(3);
});

test("takes a repository that can only be read", async () => {
  using desk = await arrange();
  execFileSync("chmod", ["-R", "a-w", desk.repository]);
  const run = await desk.bcat(["undo", "--dry-run"], { unprivileged: true });
  expect([run.code, run.stderr]).toEqual([0, ""]);
});
