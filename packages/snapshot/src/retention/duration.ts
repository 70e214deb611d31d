/** Durations as restic writes them: `2y5m7d3h`. */
import { BcatError } from "@bcat/errors";

export interface Duration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

const NOTHING: Duration = { years: 0, months: 0, days: 0, hours: 0 };
const units = { y: "years", m: "months", d: "days", h: "hours" } as const satisfies Record<string, keyof Duration>;
/** Of any unit. */
const NUMBER_MAX = 99_999;

/** @throws BcatError usage, beginning with `source`, such as `--keep-within` */
export function parseDuration(source: string, text: string): Duration {
  const words = text.trim().match(/\d+[ymdh]/g) ?? [];
  const duration: Record<keyof Duration, number> = { ...NOTHING };
  for (const word of words) duration[units[word.slice(-1) as keyof typeof units]] = Number(word.slice(0, -1));
  const isWhole = words.length > 0 && words.join("") === text.trim();
  if (isWhole && Object.values(duration).every((count) => count <= NUMBER_MAX)) return duration;
  throw new BcatError(
    "usage",
    `Cannot use ${source}: "${text}" is no duration; write years, months, days and hours as 2y5m7d3h`,
  );
}

/** As it is typed; units of which there are none are left out. */
export function showDuration(duration: Duration): string {
  const parts = Object.entries(units).map(([letter, unit]) => [duration[unit], letter] as const);
  return parts.flatMap(([count, letter]) => (count === 0 ? [] : [`${count}${letter}`])).join("");
}

export function isNoDuration(duration: Duration): boolean {
  return showDuration(duration) === "";
}
