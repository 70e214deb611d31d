/** What `bcat stats` prints. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, linesOf, noMessage } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/a": 20_000, "source/folder/b": 300_000 });
  await desk.good(["backup", "--init", "source"]);
  desk.write({ "source/folder/c": 100_000 });
  await desk.good(["backup", "source", "--tag", "second"]);
});
afterAll(() => desk[Symbol.dispose]());

test("a line a snapshot, then what all take, then what each month has added", async () => {
  const { code, stdout, stderr } = await desk.bcat(["stats"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: noMessage });
  const lines = linesOf(stdout);
  expect(lines[0]).toMatch(/^# +date & time +host +paths +files +size +added +unique +as stored$/);
  expect(lines[1]).toMatch(/^1 .* 2 +313 KiB +32\d KiB +2\d\d B +2\d\d B$/);
  expect(lines[2]).toMatch(/^2 .* 3 +410 KiB +10\d KiB +9\d\.\d KiB +9\d\.\d KiB$/);
  expect(lines.slice(3, -3)).toEqual([
    "",
    "restored: 723 KiB in 2 snapshots",
    expect.stringMatching(/^chunks: 41\d KiB in \d+, deduplicated 1\.7\d to 1$/),
    expect.stringMatching(/^stored: 41\d KiB, compressed \d\.\d\d to 1$/),
    expect.stringMatching(/^packs: 2 \(\d+ KiB\) of data, 2 \(.* KiB\) of folders; index: 4 \(.*KiB\)$/),
    "dead: 0 B (0.0 %) in packs that no snapshot needs",
  ]);
  expect(lines.slice(-2)).toEqual([
    expect.stringMatching(/^month +snapshots +added +as stored +so far$/),
    expect.stringMatching(/^\d{4}-\d\d +2 +41\d KiB +4\d\d KiB +4\d\d KiB$/),
  ]);
});

test("the same with --json, and only the snapshots that are chosen", async () => {
  const all = (await desk.json(["stats"])) as { snapshots: object[]; repository: object };
  expect(all).toMatchObject({
    total_size: 740_000,
    total_file_count: 9,
    snapshots_count: 2,
    repository: { snapshots: 2, data_packs: 2, tree_packs: 2, segments: 4, dead_size: 0, missing_chunks: 0 },
  });
  const chosen = await desk.json(["stats", "--tag", "second"]);
  expect(chosen).toMatchObject({ snapshots_count: 1, repository: all.repository, snapshots: [all.snapshots[1]] });
  expect(await desk.json(["stats", "latest"])).toEqual(chosen);
});

test("what was forgotten since, and what is partial, is counted in the growth and said", async () => {
  using other = new Desk();
  other.write({ "source/a": 20_000 });
  await other.good(["backup", "--init", "-q", "source"]);
  other.write({ "source/a": 30_000 });
  await other.good(["backup", "-q", "source"]);
  await other.good(["forget", "-q", "1"]);
  const lines = linesOf(await other.good(["stats"])).slice(-2);
  expect(lines).toEqual([
    expect.stringMatching(/^\d{4}-\d\d +2 +49\.\d KiB +6\d\.\d KiB +6\d\.\d KiB$/),
    "1 of them forgotten since: prune frees what only they had",
  ]);
});

test.each([
  [
    "restore-size",
    { total_size: 740_000, total_file_count: 9, snapshots_count: 2 },
    /^restored: 723 KiB in 9 entries of 2/,
  ],
  [
    "files-by-contents",
    { total_size: 420_000, total_file_count: 3, snapshots_count: 2 },
    /^different: 410 KiB in 3 files/,
  ],
  ["blobs-per-file", { total_size: 420_000, total_file_count: 3 }, /^different: 410 KiB in \d chunks of 3 paths/],
  ["raw-data", { snapshots_count: 2, compression_progress: 100 }, /^stored: 41\d KiB in \d+ chunks of 2 snapshots\n/],
])("--mode %s as restic's", async (mode, fields, line) => {
  expect(await desk.json(["stats", "--mode", mode])).toMatchObject(fields);
  expect(await desk.good(["stats", "--mode", mode])).toMatch(line);
});

test("refuses other modes, and snapshots that are not there", async () => {
  expectRefusal(await desk.bcat(["stats", "--mode", "raw"]), { code: 2, says: /not one of restore-size/ });
  expectRefusal(await desk.bcat(["stats", "17"]), { code: 1, says: /none of this number yet/ });
});
