/** Where a restore never goes, whatever it may overwrite or delete: into its own repository or cache, and over the system. */
import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;
let before: string[];
const list = (folder: string) => fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

beforeAll(async () => {
  desk = new Desk();
  fs.mkdirSync(desk.path("source/repository/packs"), { recursive: true });
  fs.writeFileSync(desk.path("source/repository/packs/mine"), "of a folder with the name of the repository");
  await desk.good(["backup", "--init", desk.path("source")]);
  before = list(desk.path("repository"));
  fs.symlinkSync(desk.path("repository"), desk.path("link"));
});
afterAll(() => desk[Symbol.dispose]());

test.each([
  ["repository", []],
  ["repository/packs", []],
  ["repository/new", []],
  ["link/packs", []],
  ["repository", ["--overwrite", "always", "--no-undo"]],
  ["repository", ["--overwrite", "always", "--delete", "--yes", "--no-undo"]],
  ["repository/packs", ["--overwrite", "always", "--delete", "--yes"]],
  ["cache", ["--overwrite", "always", "--delete", "--yes", "--no-undo"]],
  ["repository", ["--overwrite", "always", "--delete", "--yes", "--no-undo", "--dry-run"]],
])("as target %s, with %j", async (target, flags) => {
  const env = { BCAT_CACHE_DIR: desk.path("cache") };
  const run = await desk.bcat(["restore", "latest", "all", desk.path(target), ...flags], { env });
  expectRefusal(run, { code: 1, says: /it belongs to the repository/ });
  expect(list(desk.path("repository"))).toEqual(before);
});

test("as a folder of the snapshot, it is named and left as it is", async () => {
  const words = ["restore", "latest", "all", desk.folder, "--overwrite", "always", "--no-undo"];
  for (const deletes of [[], ["--delete", "--yes", "--exclude", "/**/nothing"]]) {
    const keeps = deletes.length === 0 ? [] : ["--include", "repository"];
    const run = await desk.bcat([...words, ...deletes, ...keeps]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/repository": it belongs to the repository/);
    expect(list(desk.path("repository"))).toEqual(before);
  }
  expect(fs.existsSync(join(desk.folder, "repository/packs/mine"))).toBe(false);
});

test("what is in / is never deleted for a folder that was not it", async () => {
  const words = ["restore", "latest", "all", "/", "--overwrite", "if-changed", "--delete", "--dry-run"];
  expectRefusal(await desk.bcat(words), { code: 1, says: /cannot delete what is in "\/" for the sake of/ });
});
