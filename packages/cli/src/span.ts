/** Spans of time, as typed and as shown. */
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** `7d`, `36h`, `2d12h`: milliseconds. @throws {BcatError} with code "usage" */
export function parseSpan(source: string, text: string): number {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d{1,6})([mhdw])/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text)
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitsMs[unit!]!, 0);
  throw usageError(`Cannot use ${source}: "${quoteText(text)}" is no span of time; write 7d, 36h or 2d12h`);
}

/** `40 min`, `3 h`, `12 d`: about. */
export function formatSpan(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
