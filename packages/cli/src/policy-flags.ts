/** The flags of a retention policy, as restic has them. */
import type { CalendarPeriod, Duration, Period, Policy } from "@bcat/snapshot";
import { type Flags, type Options, splitList } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

const counted: readonly (readonly [Period, string])[] = [
  ["last", "l"],
  ["hourly", "H"],
  ["daily", "d"],
  ["weekly", "w"],
  ["monthly", "m"],
  ["yearly", "y"],
];

const slotNames: Readonly<Record<CalendarPeriod, string>> = {
  hourly: "hour",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
};

export const policyFlags: Flags = {
  ...Object.fromEntries(
    counted.map(([period, short]) => [
      `keep-${period}`,
      { kind: "text", value: "N", short, description: `${describeCount(period)}; a number, or unlimited` } as const,
    ]),
  ),
  "keep-within": {
    kind: "text",
    value: "SPAN",
    description: "keep all that are at most this much older than the newest, such as 1y6m7d12h",
  },
  ...Object.fromEntries(
    Object.entries(slotNames).map(([period, slot]) => [
      `keep-within-${period}`,
      { kind: "text", value: "SPAN", description: `of those that are, the newest of each ${slot}` } as const,
    ]),
  ),
  "keep-tag": {
    kind: "list",
    mayBeEmpty: true,
    description: "keep those with this tag, or with all of several with commas between; '' for none",
  },
};

function describeCount(period: Period): string {
  if (period === "last") return "keep the newest";
  return `keep the newest of each of the last ${slotNames[period]}s that have some`;
}

/** @throws {BcatError} with code "usage" */
export async function readPolicy(options: Options): Promise<Policy> {
  const { parseDuration } = await import("@bcat/snapshot");
  const duration = (name: string): Duration | undefined => {
    const text = options.text(name);
    return text === undefined ? undefined : parseDuration(`--${name}`, text);
  };
  const counts: Partial<Record<Period, number>> = {};
  for (const [period] of counted) counts[period] = readCount(options, `keep-${period}`);
  const withinPeriods: Partial<Record<CalendarPeriod, Duration>> = {};
  for (const period of Object.keys(slotNames) as CalendarPeriod[]) {
    const found = duration(`keep-within-${period}`);
    if (found !== undefined) withinPeriods[period] = found;
  }
  const within = duration("keep-within");
  const tags = options.list("keep-tag").map(splitList);
  return { counts, withinPeriods, tags, ...(within === undefined ? {} : { within }) };
}

/** The first flag of a policy that was typed, for messages. */
export function typedPolicyFlag(options: Options): string | undefined {
  return [...Object.keys(policyFlags), "keep-size"].find((name) => options.isTyped(name));
}

function readCount(options: Options, name: string): number {
  const text = options.text(name);
  if (text === undefined) return 0;
  if (text === "unlimited") return Number.POSITIVE_INFINITY;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageError(`Cannot use --${name}: ${quoteText(text)} is no number of snapshots; write such as 7, or unlimited`);
}
