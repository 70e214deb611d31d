/** `bcat forget`, `pin` and `unpin` as somebody types them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, jsonLines, linesOf } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;
const days = [1, 2, 3, 4, 5, 6];

beforeAll(async () => {
  desk = new Desk();
  await desk.good(["init"]);
  for (const day of days) {
    desk.write({ "source/file": 50_000 });
    await desk.good(["backup", "--quiet", "--time", `2026-06-0${day} 12:00:00Z`, "source"]);
  }
});
afterAll(() => desk[Symbol.dispose]());

test("a dry run shows what goes, why the others stay, what comes free and when, and changes nothing", async () => {
  const before = desk.list();
  const lines = linesOf(await desk.good(["forget", "-d", "2", "--keep-weekly", "1", "-n"]));
  expect(lines[0]).toBe("policy: keep 2 daily, 1 weekly snapshots");
  expect(lines[1]).toMatch(/^snapshots of host \S+, paths \/.*source$/);
  expect(lines[2]).toBe("keep 2 snapshots:");
  expect(lines.filter((line) => / {2}(daily|weekly) snapshot/.test(line))).toHaveLength(3);
  expect(lines).toContain("forget 4 snapshots:");
  expect(lines.at(-2)).toBe("would forget 4 snapshots: 1-4");
  expect(lines.at(-1)).toMatch(
    /^would free 19\d KiB with bcat prune: one run gives them up, the next one deletes them; .* up to 5 % of all may stay/,
  );
  expect(desk.list()).toEqual(before);
});

test("--json has restic's groups, and of a dry run the bytes", async () => {
  const [groups, summary] = jsonLines(await desk.good(["forget", "--keep-last=4", "--json", "-n"])) as unknown as [
    { tags: null; host: string; paths: string[]; keep: object[]; remove: { number: number }[]; reasons: object[] }[],
    object,
  ];
  expect(groups).toHaveLength(1);
  expect(groups[0]).toMatchObject({ tags: null, paths: [desk.path("source")] });
  expect(groups[0]!.keep).toHaveLength(4);
  expect(groups[0]!.remove.map(({ number }) => number)).toEqual([2, 1]);
  expect(groups[0]!.reasons[0]).toMatchObject({ snapshot: { number: 6 }, matches: ["last snapshot"] });
  expect(summary).toMatchObject({ message_type: "summary", dry_run: true, snapshots: [2, 1], waiting_for: [] });
});

test("a pinned snapshot is shown as such, and forgotten by its number only when it is unpinned", async () => {
  expect(await desk.good(["pin", "1", "--note", "the first"])).toBe("pinned 1 snapshot: 1\n");
  expect(linesOf(await desk.good(["snapshots"]))[1]).toMatch(/^1 .* the first$/);
  expect(await desk.json(["snapshots", "1"])).toMatchObject([{ number: 1, pinned: true, pin_note: "the first" }]);
  expectRefusal(await desk.bcat(["forget", "1-2"]), { code: 1, says: /snapshot 1: it is pinned, bcat unpin 1/ });
  expect(await desk.good(["unpin", "1"])).toBe("unpinned 1 snapshot: 1\n");
  expect(await desk.good(["forget", "1-2"])).toMatch(/^forgot 2 snapshots: 1-2; bcat prune frees/);
  expect(await desk.good(["forget", "2"])).toBe("nothing to forget: 2 was forgotten before\n");
  expect(await desk.good(["forget", "2", "-n"])).toBe("nothing to forget: 2 was forgotten before\n");
  expect(linesOf(await desk.good(["snapshots"]))).toHaveLength(5);
});

test("--prune frees what only the forgotten needed, and a dry run of it says so", async () => {
  const before = desk.list();
  const told = linesOf(await desk.good(["forget", "3", "--prune", "--dry-run", "--max-unused", "0"]));
  expect(told).toContainEqual(
    expect.stringMatching(/^would give up, the next run deletes it, or prune --now: \d.* packs?\)$/),
  );
  expect(desk.list()).toEqual(before);
  const lines = linesOf(await desk.good(["forget", "3", "--prune", "--now", "--max-unused", "0"]));
  expect(lines[0]).toMatch(/^forgot 1 snapshot: 3; /);
  expect(lines.slice(1).join("\n")).toMatch(
    /^deleted: \S+ KiB \(\d packs\)\n(?:.*\n)*in all that frees \S+ KiB\n(?:.*\n)*in use after that: /,
  );
  expectRefusal(await desk.bcat(["forget", "4", "--now"]), { code: 2, says: /--now without --prune/ });
});

test.each([
  [["forget"], 2, /say what to keep/],
  [["forget", "--keep-last", "0"], 2, /say what to keep/],
  [["forget", "--keep-last", "-2"], 2, /--keep-last: -2 is no number of snapshots; write such as 7, or unlimited/],
  [["forget", "3", "--keep-daily", "7"], 2, /Cannot use --keep-daily with numbers|cannot use --keep-daily with/],
  [["forget", "--unsafe-allow-remove-all"], 2, /without --host/],
  [["forget", "--unsafe-allow-remove-all", "--keep-last", "1", "--host", "x"], 2, /with a policy/],
  [["forget", "--keep-within", "1w"], 2, /1w.* is no duration/],
  [["forget", "--keep-last", "1", "--group-by", "hosts,week"], 2, /is not one of host, paths, tags/],
  [["forget", "--keep-tag", "nobody"], 1, /would keep none of the 3 snapshots/],
  [["forget", "17"], 1, /there is none of this number/],
  [["forget", "7-9"], 1, /cannot use 7-9: there is no snapshot 7, and no 9$/m],
  [["forget", "2-99"], 1, /there is no snapshot 99; of that range there are 4-6$/m],
  [["forget", "1-6"], 1, /they are all 3 snapshots that there are; --unsafe-allow-remove-all/],
  [["forget", "4", "5", "6", "-n"], 1, /they are all 3 snapshots/],
  [["forget", "--keep-last", "-1"], 2, /-1 is no number/],
  [["forget", "--keep-size", "5"], 2, /"5" would be 5 bytes; write 5M, 5G or so, or 5B$/m],
  [["prune", "--max-unused", "1023"], 2, /write 1023M/],
  [["init", "-r", "x", "--reserve", "5"], 2, /would be 5 bytes/],
  [["check", "--read-data-subset", "5"], 2, /write 5%, 1\/5, or a size such as 5G/],
  [["tag", "999", "--add", "x"], 1, /cannot tag snapshot 999: there is none of this number yet/],
  [["tag", "2-99", "--add", "x"], 1, /there is no snapshot 2, and no 99; of that range there are 4-6/],
  [["rewrite", "999", "--exclude", "x"], 1, /cannot rewrite snapshot 999: there is none of this number yet/],
  [["repair", "snapshots", "999"], 1, /cannot repair snapshot 999: there is none of this number yet/],
  [["forget", "9-7"], 2, /give numbers/],
])("%j is refused with code %d", async (words, code, says) => {
  const before = desk.list();
  expectRefusal(await desk.bcat(words), { code, says });
  expect(desk.list()).toEqual(before);
});

test("a number that was replaced is answered with the one that stands in its place, by all commands", async () => {
  using other = new Desk();
  other.write({ "source/file": "x" });
  await other.good(["backup", "-q", "--init", "source"]);
  await other.good(["tag", "-q", "1", "--add", "x"]);
  const successor = /it was forgotten(, and|;) snapshot 2 stands in its place now/;
  for (const words of [
    ["tag", "1", "--add", "y"],
    ["rewrite", "1", "--exclude", "q"],
    ["pin", "1"],
    ["ls", "1"],
    ["forget", "1"],
    ["forget", "1", "-n"],
  ])
    expectRefusal(await other.bcat(words), { code: 1, says: successor });
  expectRefusal(await other.bcat(["forget", "2"]), { code: 1, says: /2: it is the only snapshot; --unsafe/ });
  const [head, line] = linesOf(await other.good(["snapshots", "--forgotten"]));
  expect([head!.trimEnd().slice(-6), line!.trimEnd().slice(-2)]).toEqual(["is now", " 2"]);
  expect(await other.json(["snapshots", "--forgotten"])).toMatchObject([{ number: 1, successor: "2" }]);
  expect(await other.good(["forget", "2", "--unsafe-allow-remove-all"])).toMatch(/^forgot 1 snapshot: 2;/);
  expect(await other.good(["undelete", "2"])).toBe("snapshot 2 is back as snapshot 3\n");
  expect(linesOf((await other.bcat(["forget", "--group-by", "", "--keep-tag", "x"])).stdout).at(-1)).toBe(
    "nothing to forget",
  );
});

test("rewrite tells a snapshot that stays from one that was replaced", async () => {
  using other = new Desk();
  other.write({ "source/file": "x", "source/other": "y" });
  await other.good(["backup", "-q", "--init", "source"]);
  const rewrite = async (...words: string[]) => await other.good(["rewrite", "--exclude", "other", ...words]);
  expect(await rewrite("-n")).toMatch(/^snapshot 1 would change: 1 entry left out, 1 file and 1 B left\n$/);
  expect(await rewrite()).toMatch(/^snapshot 1 stays, and was made anew as snapshot 2: 1 entry left out/);
  expect(await rewrite("1", "--forget")).toMatch(/^snapshot 1 is snapshot \d now: 1 entry left out/);
});

test("what prune has taken is listed no more, and undelete says so, and goes on with the others", async () => {
  using other = new Desk();
  await other.good(["init", "-q"]);
  for (let i = 1; i <= 4; i++) {
    other.write({ "source/file": 3_000 + i });
    await other.good(["backup", "-q", "source"]);
  }
  await other.good(["forget", "-q", "1", "2", "--prune", "--now", "--max-unused", "0"]);
  await other.good(["forget", "-q", "3"]);
  const { stdout, stderr } = await other.bcat(["snapshots", "--forgotten"]);
  expect(
    linesOf(stdout)
      .slice(1)
      .map((line) => line.slice(0, 2)),
  ).toEqual(["3 "]);
  expect(stderr).toContain("prune has taken data of 1-2: not shown\n");
  const run = await other.bcat(["undelete", "1-3"]);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^snapshot 3 is back as snapshot \d+\n$/);
  expect(linesOf(run.stderr)).toEqual([
    expect.stringMatching(
      /^bcat: cannot undelete snapshot 1: prune has taken a part of it, or it is damaged: ".*source"$/,
    ),
    expect.stringMatching(/^bcat: cannot undelete snapshot 2: prune has taken a part of it/),
  ]);
  expect(await other.good(["undelete", "3"])).toMatch(/^snapshot 3 is back already, as snapshot \d+\n$/);
});

test("a filter that nothing fits says so, and -H is keep-hourly here", async () => {
  const { code, stderr } = await desk.bcat(["forget", "--host", "nobody", "-l", "1"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^none match \(\d+ others?\)\n$/) });
  expect(linesOf(await desk.good(["forget", "-H", "unlimited", "--dry-run"]))[0]).toBe(
    "policy: keep all hourly snapshots",
  );
  expect(await desk.good(["forget", "--unsafe-allow-remove-all", "--path", "source", "-q"])).toBe("");
  expect((await desk.bcat(["snapshots"])).stderr).toBe("no snapshots\n");
});
