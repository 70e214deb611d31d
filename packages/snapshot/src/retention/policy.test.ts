import { expect, test } from "vitest";
import { parseDuration } from "./duration.js";
import { applyPolicy, describePolicy, isEmptyPolicy, type Policy } from "./policy.js";

const time = (text: string) => Date.parse(`${text.replace(" ", "T")}Z`);
const within = (text: string) => parseDuration("--keep-within", text);
const nothing: Policy = { counts: {}, withinPeriods: {}, tags: [] };

/** Backups of two weeks on weekdays, and on Fridays another one at night; one Wednesday is missing. */
const weekdays = [
  ...["2025-04-21 11:00", "2025-04-22 11:00", "2025-04-23 11:00", "2025-04-24 11:00", "2025-04-25 11:00"],
  ...["2025-04-25 23:00", "2025-04-28 11:00", "2025-04-29 11:00", "2025-05-01 11:00", "2025-05-02 11:00"],
  "2025-05-02 23:00",
];

/** What is kept of snapshots with these times, newest first: time and reasons. */
function kept(times: readonly string[], policy: Partial<Policy>, tags: Record<string, string[]> = {}) {
  const sorted = times.toSorted().reverse();
  const snapshots = sorted.map((text) => ({ time: time(text), zone: "UTC", tags: tags[text] ?? [] }));
  const reasons = applyPolicy(snapshots, { ...nothing, ...policy }, { zone: "UTC" });
  return sorted.flatMap((text, i) => (reasons[i]!.length > 0 ? [`${text} ${reasons[i]!.join(", ")}`] : []));
}

test.each<[string, Partial<Policy>, string[]]>([
  [
    "five days that have some, whatever lies between",
    { counts: { daily: 5 } },
    ["2025-05-02 23:00", "2025-05-01 11:00", "2025-04-29 11:00", "2025-04-28 11:00", "2025-04-25 23:00"].map(
      (text) => `${text} daily snapshot`,
    ),
  ],
  [
    "the newest of each day of a week, counted from the newest",
    { withinPeriods: { daily: within("7d") } },
    ["2025-05-02 23:00", "2025-05-01 11:00", "2025-04-29 11:00", "2025-04-28 11:00"].map(
      (text) => `${text} daily within 7d`,
    ),
  ],
  ["all of a day", { within: within("1d") }, ["2025-05-02 23:00 within 1d", "2025-05-02 11:00 within 1d"]],
  [
    "the oldest while months are open, as it is of the same one",
    { counts: { monthly: 5 } },
    [
      "2025-05-02 23:00 monthly snapshot",
      "2025-04-29 11:00 monthly snapshot",
      "2025-04-21 11:00 oldest monthly snapshot",
    ],
  ],
  ["no more of the oldest when none is open", { counts: { yearly: 1 } }, ["2025-05-02 23:00 yearly snapshot"]],
  [
    "of several rules each, and all their reasons",
    { counts: { last: 1, weekly: 2 } },
    ["2025-05-02 23:00 last snapshot, weekly snapshot", "2025-04-25 23:00 weekly snapshot"],
  ],
  [
    "all hours, for ever",
    { counts: { hourly: Number.POSITIVE_INFINITY } },
    weekdays.toReversed().map((text) => `${text} hourly snapshot`),
  ],
  ["nothing", {}, []],
])("keeps %s", (_, policy, expected) => {
  expect(kept(weekdays, policy)).toEqual(expected);
});

test("a tag keeps what has all of one list, and '' what has none", () => {
  const tags = { "2025-04-21 11:00": ["a"], "2025-04-22 11:00": ["a", "b"], "2025-04-23 11:00": ["b"] };
  const times = Object.keys(tags);
  expect(kept(times, { tags: [["a", "b"]] }, tags)).toEqual(["2025-04-22 11:00 has tags [a, b]"]);
  expect(kept([...times, "2025-04-20 11:00"], { tags: [[""]] }, tags)).toEqual(["2025-04-20 11:00 has tags []"]);
  expect(kept(times, { tags: [["a"], ["b"]] }, tags)).toHaveLength(3);
});

test("weeks begin on Monday, and belong to the year that has their Thursday", () => {
  const times = ["2026-12-27 23:59", "2026-12-28 00:00", "2027-01-03 23:59", "2027-01-04 00:00"];
  expect(kept(times, { counts: { weekly: 2 } })).toEqual([
    "2027-01-04 00:00 weekly snapshot",
    "2027-01-03 23:59 weekly snapshot",
  ]);
});

test("days are those of the host's own zone; of one that is not known, those given", () => {
  const at = (text: string, zone: string) => ({ time: time(text), zone, tags: [] });
  const daily = { ...nothing, counts: { daily: 9 } };
  const evening = [at("2026-07-01 23:00", "Europe/Berlin"), at("2026-07-01 21:00", "Europe/Berlin")];
  expect(applyPolicy(evening, daily, { zone: "UTC" })).toEqual([["daily snapshot"], ["daily snapshot"]]);
  const unknown = evening.map((snapshot) => ({ ...snapshot, zone: "Mars/Olympus" }));
  expect(applyPolicy(unknown, daily, { zone: "UTC" })).toEqual([["daily snapshot"], ["oldest daily snapshot"]]);
});

test("isEmptyPolicy() is true of what can keep nothing", () => {
  expect(isEmptyPolicy(nothing)).toBe(true);
  expect(isEmptyPolicy({ ...nothing, counts: { last: 0 }, within: within("0d") })).toBe(true);
  expect(isEmptyPolicy({ ...nothing, tags: [[""]] })).toBe(false);
  expect(isEmptyPolicy({ ...nothing, withinPeriods: { daily: within("1h") } })).toBe(false);
});

test("describePolicy() says it in restic's words", () => {
  const policy = { ...nothing, counts: { last: 2, daily: Number.POSITIVE_INFINITY }, within: within("1y2d") };
  expect(describePolicy(policy)).toBe("keep 2 latest, all daily snapshots, all snapshots within 1y2d of the newest");
});

test.each(["", "7", "d", "1w", "-1d", "7d x", "100000d"])("parseDuration() refuses %j", (text) => {
  expect(() => parseDuration("--keep-within", text)).toThrow(/--keep-within: .* no duration/);
});
