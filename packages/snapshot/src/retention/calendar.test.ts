import fc from "fast-check";
import { expect, test } from "vitest";
import { Calendar } from "./calendar.js";
import { dateOfDays, daysOfDate, isoWeekOfDays } from "./civil-date.js";

const DAY_MS = 86_400_000;

test("dateOfDays() and daysOfDate() are those of the Gregorian calendar, and each other's inverse", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (days) => {
      const date = new Date(days * DAY_MS);
      const civil = dateOfDays(days);
      expect(civil).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
      expect(daysOfDate(civil)).toBe(days);
    }),
  );
});

test("months and days beyond their range count on", () => {
  const back = (year: number, month: number, day: number) => dateOfDays(daysOfDate({ year, month, day }));
  expect(back(2026, 0, 5)).toEqual({ year: 2025, month: 12, day: 5 });
  expect(back(2026, -13, 1)).toEqual({ year: 2024, month: 11, day: 1 });
  expect(back(2026, 9, 31)).toEqual({ year: 2026, month: 10, day: 1 });
});

test.each([
  ["2024-12-29", { year: 2024, week: 52 }],
  ["2024-12-30", { year: 2025, week: 1 }],
  ["2021-01-03", { year: 2020, week: 53 }],
  ["1969-12-29", { year: 1970, week: 1 }],
])("%s lies in week %j", (text, week) => {
  expect(isoWeekOfDays(Date.parse(text) / DAY_MS)).toEqual(week);
});

test("an hour that clocks show twice is two hours", () => {
  const calendar = new Calendar("Europe/Berlin");
  const first = Date.parse("2026-10-25T00:30:00Z");
  const hours = [0, 1, 2].map((hour) => calendar.slots(first + hour * 3_600_000).hour);
  expect(hours.map((hour) => hour - hours[0]!)).toEqual([0, 1, 2]);
});

test.each(["Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"])(
  "hours of %s begin when clocks say so",
  (zone) => {
    const calendar = new Calendar(zone);
    const clock = new Intl.DateTimeFormat("en-US", { timeZone: zone, minute: "numeric" });
    const start = Date.parse("2026-06-01T00:00:00Z");
    const moments = Array.from({ length: 48 }, (_, i) => start + i * 300_000);
    const beginnings = moments.filter((time) => calendar.slots(time).hour !== calendar.slots(time - 1).hour);
    expect(beginnings.map((time) => clock.format(time))).toEqual(["0", "0", "0", "0"]);
  },
);

test("before() goes back by the calendar, whatever the clocks did, and by hours as they pass", () => {
  const calendar = new Calendar("Europe/Berlin");
  const back = (text: string, duration: object) =>
    new Date(calendar.before(Date.parse(text), { years: 0, months: 0, days: 0, hours: 0, ...duration })).toISOString();
  expect(back("2026-11-10T11:00:00Z", { months: 1 })).toBe("2026-10-10T10:00:00.000Z");
  expect(back("2026-10-26T11:00:00Z", { days: 2 })).toBe("2026-10-24T10:00:00.000Z");
  expect(back("2026-10-26T11:00:00Z", { hours: 48 })).toBe("2026-10-24T11:00:00.000Z");
  expect(back("2026-03-31T10:00:00Z", { months: 1 })).toBe("2026-03-03T11:00:00.000Z");
  expect(back("2026-03-31T10:00:00Z", { years: 9_999 })).toMatch(/^-007973/);
});

test("times that no calendar has lie in some slot", () => {
  for (const time of [-9e15, 9e15]) expect(Number.isSafeInteger(new Calendar("Asia/Tokyo").slots(time).day)).toBe(true);
});

test("a zone that is not known is refused", () => {
  expect(() => new Calendar("Mars/Olympus")).toThrow(RangeError);
});
