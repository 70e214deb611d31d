import { expect, test } from "vitest";
import type { ListedSnapshot } from "../snapshots.js";
import { requireClock } from "./believed-times.js";
import { groupSnapshots, parseGroupings } from "./groups.js";
import { type JudgeFacts, judgeGroup, judgePartials } from "./judge.js";
import type { Policy } from "./policy.js";

const DAY = 86_400_000;
const start = Date.parse("2026-06-01T12:00:00Z");

interface Changes {
  readonly day?: number;
  readonly tags?: string[];
  readonly complete?: boolean;
  readonly host?: string;
  readonly client?: number;
  readonly paths?: string[];
  readonly isTimeSaid?: true;
  /** Number of its original, of which it is a copy. */
  readonly copyOf?: number;
}

function snapshot(number: number, changes: Changes = {}): ListedSnapshot {
  const { day = number, tags = [], complete = true, host = "h", client = 1, paths = ["/a"] } = changes;
  const roots = paths.map((path) => ({ path: new Uint8Array(Buffer.from(path)) }));
  const time = start + day * DAY;
  const fields = { start: time, end: time, zone: "UTC", user: "u", version: "", logHead: 0, excludes: [], options: [] };
  const clientId = new Uint8Array(16).fill(client);
  const copied = changes.copyOf && { copied: { repository: new Uint8Array(16), number: changes.copyOf } };
  const set = { ...(changes.isTimeSaid && { isTimeSaid: true }), ...copied };
  const counts = {} as ListedSnapshot["snapshot"]["counts"];
  return {
    number,
    snapshot: { ...fields, ...set, complete, roots, host, clientId, tags, counts, errors: { total: 0 } },
  };
}

const counting = (counts: Policy["counts"], tags: Policy["tags"] = []): Policy => ({ counts, withinPeriods: {}, tags });
const facts = (changes: Partial<JudgeFacts> = {}): JudgeFacts => ({
  ...{ now: start + 100 * DAY, zone: "UTC", firstSeen: new Map(), isPinned: () => false },
  ...changes,
});
const verdicts = (judged: ReturnType<typeof judgeGroup>) =>
  Object.fromEntries(judged.map(({ number, reasons }) => [number, reasons.join(", ")]));

test("without a memory recorded times count: a fresh host keeps one of each day", () => {
  const all = [1, 2, 3].map((number) => snapshot(number));
  expect(verdicts(judgeGroup(all, counting({ daily: 2 }), facts()))).toEqual({
    ...{ 3: "daily snapshot", 2: "daily snapshot", 1: "" },
  });
});

test("a memory of today for all of them changes nothing: first-seen times only cap", () => {
  const all = [1, 2, 3].map((number) => snapshot(number));
  const firstSeen = new Map(all.map(({ number }) => [number, start + 100 * DAY]));
  expect(verdicts(judgeGroup(all, counting({ daily: 2 }), facts({ firstSeen })))).toMatchObject({ 2: /d/, 1: "" });
});

test("what is dated in the future is kept, and pushes nothing out", () => {
  const all = [snapshot(1), snapshot(2), snapshot(3, { day: 5_000 })];
  expect(verdicts(judgeGroup(all, counting({ last: 1 }), facts()))).toEqual({
    ...{ 3: "in the future", 2: "last snapshot", 1: "" },
  });
});

test("a time later than the snapshot was first seen pushes nothing out of the slot in which it was seen", () => {
  const forged = snapshot(2, { day: 3.02 });
  const firstSeen = new Map([[2, start + 2 * DAY]]);
  const all = [snapshot(1), forged, snapshot(3)];
  expect(verdicts(judgeGroup(all, counting({ daily: 2 }), facts()))[3]).toBe("");
  expect(verdicts(judgeGroup(all, counting({ daily: 2 }), facts({ firstSeen })))).toEqual({
    ...{ 3: "daily snapshot", 2: "daily snapshot", 1: "daily snapshot" },
  });
});

test("a host that forgets, whose clock was behind when it met good snapshots, keeps them as they say", () => {
  const all = [1, 2, 3, 4].map((number) => snapshot(number));
  const firstSeen = new Map([2, 3, 4].map((number) => [number, start + DAY + 1]));
  const found = verdicts(judgeGroup(all, counting({ daily: 3 }), facts({ firstSeen })));
  expect(found).toMatchObject({ 4: "daily snapshot", 3: "daily snapshot", 2: "daily snapshot" });
});

test("of what a host says whose clock is always ahead, a policy keeps no more than by one time and by the other", () => {
  const all = Array.from({ length: 20 }, (_, i) => snapshot(i + 1));
  const firstSeen = new Map(all.map(({ number }) => [number, start + (number - 1.5) * DAY]));
  const found = judgeGroup(all, counting({ daily: 3 }), facts({ firstSeen }));
  expect(found.filter(({ reasons }) => reasons.length > 0).map(({ number }) => number)).toEqual([20, 19, 18]);
});

test("what was made later and says that it was earlier is kept, said, and takes no slot", () => {
  const all = [snapshot(1), snapshot(2), snapshot(3), snapshot(4, { day: 1.4 }), snapshot(5, { day: 2.4 })];
  const found = verdicts(judgeGroup(all, counting({ daily: 3 }), facts()));
  expect(found).toEqual({
    ...{ 5: "out of order, earlier than 3 before it", 4: "out of order, earlier than 3 before it" },
    ...{ 3: "daily snapshot", 2: "daily snapshot", 1: "daily snapshot" },
  });
});

test("copies that come after a later one are judged by their times, and push out none that is in order", () => {
  const copy = (number: number, copyOf: number, day = copyOf) => snapshot(number, { day, copyOf });
  const late = [copy(1, 4), copy(2, 1), copy(3, 2), copy(4, 3)];
  const judge = (all: ListedSnapshot[], count: number) =>
    verdicts(judgeGroup(all, counting({ daily: count }), facts()));
  expect(judge(late, 2)).toEqual({ 1: "daily snapshot", 4: "daily snapshot", 3: "", 2: "" });
  const forged = Array.from({ length: 9 }, (_, i) => snapshot(10 + i, { day: 2.04, isTimeSaid: true }));
  const found = judge([snapshot(1), snapshot(2), snapshot(3), ...forged], 3);
  expect(found).toMatchObject({ 1: /daily/, 2: "daily snapshot", 3: "daily snapshot", 18: "daily snapshot", 17: "" });
});

test("a copy of what was out of order where it was made is kept as that is", () => {
  const all = [snapshot(1, { day: 8, copyOf: 8 }), snapshot(2, { day: 5, copyOf: 7 }), snapshot(3, { copyOf: 9 })];
  const found = verdicts(judgeGroup(all, counting({ last: 1 }), facts()));
  expect(found).toEqual({ 1: "last snapshot", 2: "", 3: "out of order, earlier than 1 before it" });
});

test("a time that was said is judged as it was said", () => {
  const all = [snapshot(1, { day: 90 }), ...[1, 2, 3].map((day) => snapshot(day + 1, { day, isTimeSaid: true }))];
  expect(verdicts(judgeGroup(all, counting({ last: 2 }), facts()))).toEqual({
    ...{ 1: "last snapshot", 4: "last snapshot", 3: "", 2: "" },
  });
});

test("clocks that differ by minutes are in order", () => {
  const all = [snapshot(1), snapshot(2, { day: 1 - 30 / 1440 })];
  expect(verdicts(judgeGroup(all, counting({ last: 1 }), facts()))).toEqual({ 1: "last snapshot", 2: "" });
});

test("pinned ones are kept, and fill their slots as others do", () => {
  const all = [snapshot(1), snapshot(2)];
  const isPinned = (number: number) => number === 1;
  expect(verdicts(judgeGroup(all, counting({ last: 1 }), facts({ isPinned })))).toEqual({
    ...{ 2: "last snapshot", 1: "pinned" },
  });
});

test("what restores have overwritten fills no slot, and stays for 30 days, or as long as its tag says", () => {
  const all = [snapshot(1), snapshot(2, { tags: ["undo"] }), snapshot(3, { day: 80, tags: ["undo"] })];
  const found = verdicts(judgeGroup(all, counting({ last: 2 }), facts()));
  expect(found).toEqual({ 3: "of bcat undo, for 30 days", 2: "", 1: "last snapshot" });
  expect(verdicts(judgeGroup(all, counting({ last: 1 }, [["undo"]]), facts()))[2]).toBe("has tags [undo]");
});

test("a partial goes when a later snapshot of its client that is kept covers its roots, and not before", () => {
  const partial = snapshot(2, { complete: false, paths: ["/a/b", "/c"] });
  const judge = (...kept: ListedSnapshot[]) => judgePartials([partial], kept, facts())[0]!.reasons;
  const unless = ["partial, and no later snapshot covers it"];
  expect(judge()).toEqual(unless);
  expect(judge(snapshot(1, { paths: ["/a", "/c"] }))).toEqual(unless);
  expect(judge(snapshot(3, { paths: ["/a"] }))).toEqual(unless);
  expect(judge(snapshot(3, { paths: ["/a", "/c"], client: 2 }))).toEqual(unless);
  expect(judge(snapshot(3, { paths: ["/a", "/c"] }))).toEqual([]);
});

test("a clock by which most snapshots are in the future decides nothing", () => {
  const all = [1, 2, 3].map((number) => snapshot(number));
  expect(() => requireClock(all, start + 2 * DAY)).not.toThrow();
  expect(() => requireClock(all, start + 1 * DAY)).toThrow(/2 of 3 .* set the clock/);
});

test("groups are by host and paths in any order, or by what is asked for", () => {
  const all = [
    snapshot(1, { paths: ["/b", "/a"] }),
    snapshot(2, { paths: ["/a", "/b"], tags: ["x"] }),
    snapshot(3, { host: "g" }),
  ];
  const numbers = (by: string) =>
    groupSnapshots(all, parseGroupings("--group-by", by)).map(({ snapshots }) => snapshots.map(({ number }) => number));
  expect(numbers("host,paths")).toEqual([[1, 2], [3]]);
  expect(numbers("path")).toEqual([[1, 2], [3]]);
  expect(numbers("tag")).toEqual([[1, 3], [2]]);
  expect(numbers("")).toEqual([[1, 2, 3]]);
  expect(() => numbers("hosts,week")).toThrow(/--group-by: "hosts" is not one of/);
});
