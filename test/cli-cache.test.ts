/** `bcat cache`: what it lists, what it removes, and what it never does. */
import * as fs from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Desk, linesOf } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

interface Listed {
  readonly repository_id: string;
  readonly place: string;
  readonly there: boolean;
  readonly old: boolean;
  readonly removable_size: number;
}

const DAY_MS = 24 * 3_600_000;

let desk: Desk;
const cachePath = (name = "") => desk.path("home/.cache/bcat", name);
const listed = async () => (await desk.json(["cache"])) as Listed[];

/** As if nothing there had been used since. */
function age(days: number): void {
  const time = new Date(Date.now() - days * DAY_MS);
  for (const name of fs.readdirSync(cachePath(), { recursive: true, encoding: "utf8" }))
    fs.utimesSync(cachePath(name), time, time);
}

beforeEach(async () => {
  desk = new Desk();
  desk.write({ "source/a": 3_000 });
  for (const name of ["repository", "second"]) {
    await desk.good(["backup", "--init", "-q", "--repo", name, "source"]);
    await desk.good(["check", "-q", "--repo", name]);
  }
});
afterEach(() => desk[Symbol.dispose]());

test("lists what there is of each repository, and whether that is still there", async () => {
  fs.rmSync(desk.path("second"), { recursive: true });
  const found = await listed();
  expect(found).toHaveLength(2);
  const second = found.find(({ place }) => place.endsWith("/second"))!;
  expect(second).toMatchObject({ there: false, old: false });
  expect(second.removable_size).toBeGreaterThan(0);
  expect(found.find(({ place }) => place.endsWith("/repository"))).toMatchObject({ there: true });
  const lines = linesOf(await desk.good(["cache"]));
  expect(lines).toHaveLength(3);
  expect(lines.find((line) => line.endsWith("/second"))).toMatch(/^[0-9a-f]{10} .* gone +\S+$/);
  expect(linesOf(await desk.good(["cache", "--no-size"]))[0]).not.toContain("size");
});

test("--clean removes copies of what is gone or old, and nothing that is used", async () => {
  fs.rmSync(desk.path("second"), { recursive: true });
  expect(await desk.good(["cache", "--cleanup"])).toMatch(/^removed \S+ \S+ of 1 repository\n$/);
  expect(await desk.good(["cache", "--clean", "--max-size", "1K"])).toBe("nothing to remove\n");
  age(31);
  expect(await desk.good(["cache", "--clean", "--max-age", "40"])).toBe("nothing to remove\n");
  expect(await desk.good(["cache", "--clean", "--max-age", "40", "--max-size", "1B"])).toMatch(/1 repository/);
  expect((await listed()).map(({ removable_size }) => removable_size)).toEqual([0, 0]);
  await desk.good(["backup", "-q", "source"]);
  await desk.good(["check", "-q"]);
});

test("what was seen stays when copies go: a repository that has gone back in time is noticed", async () => {
  fs.cpSync(desk.repository, desk.path("old"), { recursive: true });
  desk.write({ "source/b": "more" });
  await desk.good(["backup", "-q", "source"]);
  age(100);
  expect(await desk.good(["cache", "--clean"])).toMatch(/2 repositories/);
  fs.rmSync(desk.repository, { recursive: true });
  fs.renameSync(desk.path("old"), desk.repository);
  expect((await desk.bcat(["backup", "-q", "source"])).code).toBe(14);
  const [first] = (await listed()).filter(({ place }) => place.endsWith("/repository"));
  await desk.good(["cache", "--forget-repository", first!.repository_id.slice(0, 10)]);
  await desk.good(["backup", "-q", "source"]);
});

test("what is not confirmed keeps a repository from being forgotten", async () => {
  const [first] = await listed();
  fs.mkdirSync(cachePath(`outbox/${first!.repository_id}/place`), { recursive: true });
  fs.writeFileSync(cachePath(`outbox/${first!.repository_id}/place/outcomes_1`), "");
  const run = await desk.bcat(["cache", "--forget-repository", first!.repository_id]);
  expectRefusal(run, { code: 2, says: /not confirmed/ });
  expect(await listed()).toHaveLength(2);
});

test("any command removes what nobody has used for 90 days, once a day, but nothing of its own repository", async () => {
  age(91);
  await desk.good(["snapshots"]);
  const sizes = (await listed()).map(({ removable_size }) => removable_size);
  expect(sizes[0]).toBeGreaterThan(0);
  expect(sizes[1]).toBe(0);
});

test.each([
  [["--max-size", "1G"], /without --clean/],
  [["--clean", "--max-age", "1w"], /number of days/],
  [["--forget-repository", "12"], /8 to 32 digits/],
  [["--no-cache"], /none to look at/],
])("%j is refused", async (words, says) => {
  expectRefusal(await desk.bcat(["cache", ...words]), { code: 2, says });
});

test.each(["cache", "cache --clean"])("%s does not take a cache that cannot be read for an empty one", async (line) => {
  const refused = await desk.bcat([...line.split(" "), "--cache-dir", "source/a"]);
  expectRefusal(refused, { code: 1, says: /cannot read the cache ".*source\/a": .*ENOTDIR/ });
  expect((await desk.bcat([...line.split(" "), "--cache-dir", "not-there"])).code).toBe(0);
});
