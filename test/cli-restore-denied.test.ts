/** A target in which nothing may be made: what belongs into it is counted in one line, and told entry by entry as JSON. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canMount, Desk, jsonLines, messagesOf } from "./cli/desk.js";

let desk: Desk;
let targets = 0;

beforeAll(async () => {
  desk = new Desk();
  for (const name of ["a", "b", "sub/c", "sub/deeper/d"]) desk.write({ [`tree/${name}`]: name });
  await desk.good(["backup", "--init", "tree"]);
});
afterAll(() => desk[Symbol.dispose]());

/** Restores into a folder that may not be written to. */
async function denied(...words: string[]) {
  const target = desk.path(`target ${targets++}`);
  fs.mkdirSync(target);
  fs.chmodSync(target, 0o555);
  const run = await desk.bcat(["restore", "1", ...words, "--target", target], { unprivileged: true });
  expect([run.code, fs.readdirSync(target)]).toEqual([1, []]);
  return { ...run, target, messages: messagesOf(run.stderr) };
}

test("all entries of a folder are one line with a count", async () => {
  const { stdout, target, messages } = await denied("all");
  const [folder, first] = [desk.path("tree"), desk.path("tree/sub")];
  const why = `permission denied (EACCES), first for "${first}"`;
  expect(messages).toEqual([`bcat: cannot restore 6 entries in "${folder}" to ${target}: ${why}`]);
  expect(stdout).toContain("left out: 6 errors");
});

test("as JSON each has its message, a folder with the number of what is lost with it", async () => {
  const { stdout, stderr } = await denied("all", "--json");
  const errors = jsonLines(stderr).filter((message) => message.message_type === "error");
  expect(errors.map(({ item, code, system_code, count = 1 }) => [item, code, system_code, count])).toEqual([
    [desk.path("tree/sub"), "folder-not-made", "EACCES", 4],
    [desk.path("tree/a"), "not-restored", "EACCES", 1],
    [desk.path("tree/b"), "not-restored", "EACCES", 1],
  ]);
  expect(jsonLines(stdout).at(-1)).toMatchObject({ error_count: 6 });
});

test("what may not be deleted is counted in a line of its own", async () => {
  const target = desk.path(`target ${targets++}`);
  for (const name of ["x", "y"]) desk.write({ [`${target.slice(desk.folder.length + 1)}/${name}`]: name });
  fs.chmodSync(target, 0o555);
  const words = ["restore", "1", "all", target, "--overwrite", "always", "--delete", "--yes", "--no-undo", "--quiet"];
  const run = await desk.bcat(words, { unprivileged: true });
  const why = `permission denied (EACCES), first for "${target}/x"`;
  expect(messagesOf(run.stderr)).toContain(`bcat: kept 2 entries in "${target}", which could not be deleted: ${why}`);
  fs.chmodSync(target, 0o555);
  const json = await desk.bcat([...words, "--json"], { unprivileged: true });
  const kept = jsonLines(json.stderr).filter(({ code }) => code === "not-deleted");
  expect(kept.map(({ item, system_code }) => [item, system_code])).toEqual([
    [`${target}/x`, "EACCES"],
    [`${target}/y`, "EACCES"],
  ]);
});

test("a folder alone is named by itself, with the number of what is in it", async () => {
  const { messages } = await denied("sub");
  const lost = "what is in it was not restored either, 3 entries";
  expect(messages).toEqual([`bcat: cannot restore "${desk.path("tree/sub")}": permission denied (EACCES); ${lost}`]);
});

test.skipIf(!canMount())("what a file system in the target that is read-only costs is one line, too", async () => {
  const target = desk.path(`target ${targets++}`);
  await desk.good(["restore", "1", "all", target]);
  const mounted = desk.mount(`target ${targets - 1}/sub`, "-t", "tmpfs", "none");
  execFileSync("mount", ["-o", "remount,ro", mounted]);
  const run = await desk.bcat(["restore", "1", "all", target, "--overwrite", "always"]);
  const lost = "the file system is read-only (EROFS); what is in it was not restored either, 3 entries";
  expect([run.code, messagesOf(run.stderr)]).toEqual([1, [`bcat: cannot restore "${desk.path("tree/sub")}": ${lost}`]]);
});
