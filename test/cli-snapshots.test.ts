/** What `bcat snapshots` shows of long lists of paths, and of snapshots that are named. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, jsonLines, linesOf } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;
const names = Array.from({ length: 28 }, (_, i) => `list/a file of the list ${i + 10}`);

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "one/a": "1", "other/b": "2", ...Object.fromEntries(names.map((name) => [name, name])) });
  await desk.good(["backup", "--init", "one"]);
  desk.write({ raw: names.map((name) => `${desk.path(name)}\0`).join("") });
  await desk.good(["backup", "--files-from-raw", "raw", "--tag", "many"]);
  await desk.good(["backup", "one", "other"]);
});
afterAll(() => desk[Symbol.dispose]());

test("a long list of paths makes no line longer than the others, and no line ends with blanks", async () => {
  const lines = linesOf(await desk.good(["snapshots"]));
  expect(lines).toHaveLength(4);
  expect(lines[2]).toMatch(/a file of the list 10 and 27 more +28 /);
  expect(lines[3]).toMatch(/one, \S+other +2 /);
  for (const line of lines) expect(line).toMatch(/^.{1,140}\S$/);
});

test("of snapshots that are named all paths are shown, a line each, and each snapshot once", async () => {
  const lines = linesOf(await desk.good(["snapshots", "2", "latest", "2"]));
  expect(lines).toHaveLength(1 + 28 + 2);
  for (const name of names) expect(lines.filter((line) => line.includes(desk.path(name)))).toHaveLength(1);
  for (const line of lines) expect(line).not.toMatch(/ $/);
  const [listed] = jsonLines(await desk.good(["snapshots", "2", "--json"])) as unknown as [{ paths: string[] }[]];
  expect(listed).toHaveLength(1);
  expect(listed[0]!.paths).toHaveLength(28);
});

test("latest is chosen among those that --tag allows; one that is not there is an error", async () => {
  expect(linesOf(await desk.good(["snapshots", "latest", "--tag", "many"]))[1]).toMatch(/^2 /);
  expectRefusal(await desk.bcat(["snapshots", "17"]), { code: 1, says: /none of this number yet/ });
  expectRefusal(await desk.bcat(["snapshots", "one"]), { code: 2, says: /give a number/ });
});

test("--latest has the newest of each group, and --group-by a list for each, with restic's JSON", async () => {
  const numbers = async (...words: string[]) =>
    ((await desk.json(["snapshots", ...words])) as { number: number }[]).map(({ number }) => number);
  await desk.good(["backup", "one", "--tag", "many"]);
  expect(await numbers("--latest", "1")).toEqual([2, 3, 4]);
  expect(await numbers("--latest", "2")).toEqual([1, 2, 3, 4]);
  const groups = await desk.json(["snapshots", "--group-by", "tags", "--latest", "1"]);
  expect(groups).toMatchObject([
    { group_key: { hostname: "", paths: null, tags: [] }, snapshots: [{ number: 3 }] },
    { group_key: { hostname: "", paths: null, tags: ["many"] }, snapshots: [{ number: 4 }] },
  ]);
  const lines = linesOf(await desk.good(["snapshots", "-g", "tag", "-c"]));
  expect(lines.filter((line) => /^snapshots of tags (none|many)$/.test(line))).toHaveLength(2);
  expect(lines.join("\n")).not.toContain(desk.folder);
  for (const words of [
    ["--latest", "0"],
    ["--latest", "1", "3"],
    ["--group-by", "size"],
    ["--forgotten", "--latest", "1"],
  ])
    expectRefusal(await desk.bcat(["snapshots", ...words]), { code: 2, says: /Cannot use/i });
});
