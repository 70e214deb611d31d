/** The calendar of a time zone: what hour, day, week, month or year a moment lies in there. */
import { dateOfDays, daysOfDate, isoWeekOfDays } from "./civil-date.js";
import type { Duration } from "./duration.js";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Before 1900 and behind what `Intl` knows, the offset of the nearest moment that it does know counts. */
const OFFSET_FROM_MS = -2_208_988_800_000;
const OFFSET_TO_MS = 8.64e15 - DAY_MS;

/** What a calendar is divided into. */
export type Slot = "hour" | "day" | "week" | "month" | "year";

export class Calendar {
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError for a zone that is not known here */
  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      ...{ year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
  }

  /** Numbers of the slots that a moment (ms) lies in: equal for two moments of one slot. */
  slots(time: number): Readonly<Record<Slot, number>> {
    const offset = this.#offset(time);
    const days = Math.floor((time + offset) / DAY_MS);
    const { year, month } = dateOfDays(days);
    const iso = isoWeekOfDays(days);
    return {
      // As they pass: an hour that clocks show twice is two.
      hour: Math.floor((time + (offset % HOUR_MS)) / HOUR_MS),
      day: days,
      week: iso.year * 100 + iso.week,
      month: year * 12 + month,
      year,
    };
  }

  /** The moment `duration` before another (ms), by the calendar, and by the clock what it has of hours. */
  before(time: number, { years, months, days, hours }: Duration): number {
    const local = time + this.#offset(time);
    const date = dateOfDays(Math.floor(local / DAY_MS));
    const moved = { year: date.year - years, month: date.month - months, day: date.day - days };
    const inDay = local - Math.floor(local / DAY_MS) * DAY_MS;
    return this.#instant(daysOfDate(moved) * DAY_MS + inDay) - hours * HOUR_MS;
  }

  /** The moment at which clocks there show `local`, which is ms as if it were UTC. */
  #instant(local: number): number {
    const guess = local - this.#offset(local);
    return local - this.#offset(guess);
  }

  /** What clocks there are ahead of UTC, ms. */
  #offset(time: number): number {
    const asked = Math.floor(Math.min(Math.max(time, OFFSET_FROM_MS), OFFSET_TO_MS) / 1000) * 1000;
    const parts = new Map(this.#format.formatToParts(asked).map(({ type, value }) => [type, Number(value)]));
    const [year, month, day] = [parts.get("year")!, parts.get("month")!, parts.get("day")!];
    const seconds = (parts.get("hour")! * 60 + parts.get("minute")!) * 60 + parts.get("second")!;
    return daysOfDate({ year, month, day }) * DAY_MS + seconds * 1000 - asked;
  }
}

/** Calendars by name of their zone: that of a zone that is not known is the one of `fallback`, or else UTC. */
export class Calendars {
  readonly #calendars = new Map<string, Calendar>();
  readonly #fallback: Calendar;

  constructor(fallback: string) {
    this.#fallback = calendarOf(fallback) ?? new Calendar("UTC");
  }

  of(zone: string): Calendar {
    const known = this.#calendars.get(zone);
    if (known !== undefined) return known;
    const calendar = (zone === "" ? undefined : calendarOf(zone)) ?? this.#fallback;
    this.#calendars.set(zone, calendar);
    return calendar;
  }
}

function calendarOf(zone: string): Calendar | undefined {
  try {
    return new Calendar(zone);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
