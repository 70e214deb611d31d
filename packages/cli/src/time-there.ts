/** What clocks showed where a snapshot was made: times in lists are those of the terminal. */
import { formatLocalTime } from "./format.js";

/** Such as `00:39 Asia/Tokyo`; undefined where the clocks show the same as here, and for a zone that nobody knows. */
export type TimeThere = (zone: string, ms: number) => string | undefined;

/** @param here the zone of this process: only for others is `Intl` asked, which takes 15 ms to load */
export function createTimeThere(here: string): TimeThere {
  const clocks = new Map<string, Intl.DateTimeFormat | undefined>();
  return (zone, ms) => {
    if (zone === "" || zone === here || Number.isNaN(new Date(ms).getTime())) return undefined;
    if (!clocks.has(zone)) clocks.set(zone, createClock(zone));
    const there = clocks.get(zone)?.format(ms);
    if (there === undefined || there === formatLocalTime(ms).slice("2026-11-20 ".length, -":03".length))
      return undefined;
    return `${there} ${zone}`;
  };
}

function createClock(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  } catch {
    return undefined;
  }
}
