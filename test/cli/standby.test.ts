import { afterAll, beforeAll, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot, program } from "./desk.js";
import { type Run, runInStandby } from "./standby.js";

const models = new DeskWithSnapshot();
let desk: Desk;

beforeAll(async () => {
  desk = await models.open();
});
afterAll(() => {
  desk[Symbol.dispose]();
  models[Symbol.dispose]();
});

/** A busy machine takes a second longer for one of two. */
const timeless = (run: Run): Run => ({ ...run, stdout: run.stdout.replace(/^took: .*$/m, "took: some time") });

const inStandby = (words: readonly string[], env = {}) =>
  runInStandby({ words, env: { ...desk.environment, ...env }, cwd: desk.folder });

test.each([
  "snapshots",
  "ls 1 a.txt",
  "dump 1 a.txt",
  "backup --dry-run source",
  "backup --stdin --dry-run",
  "snapshots --bogus",
  "ls 1 gone --json",
  "",
])("runInStandby() of bcat %s shows what a process of its own shows, each time", async (line) => {
  const words = line === "" ? [] : line.split(" ");
  const own = timeless(await desk.run([program, ...words]));
  for (let i = 0; i < 2; i++) expect(timeless(await inStandby(words))).toEqual(own);
});

test("runInStandby() leaves nothing of a run to the next", async () => {
  const before = await inStandby(["snapshots"]);
  const elsewhere = await inStandby(["snapshots"], { BCAT_JSON: "1", BCAT_REPOSITORY: desk.path("elsewhere") });
  expect(elsewhere.code).toBe(10);
  expect(JSON.parse(elsewhere.stderr)).toMatchObject({ code: 10 });
  expect(await inStandby(["snapshots"])).toEqual(before);
});

test("runInStandby() runs commands at the same time", async () => {
  const runs = await Promise.all(
    ["ls 1", "snapshots", "version", "ls 1", "version", "version"].map((line) => inStandby(line.split(" "))),
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
});
