/** A line of several parts, of which a narrow terminal shows those that matter most. */
import { textWidth } from "./text-width.js";

export interface LinePart {
  readonly text: string;
  /** Where there is no room for all, the highest goes first; what has 0 stays. */
  readonly rank: number;
}

const BETWEEN = ", ";

/** All of it. */
export function joinParts(parts: readonly LinePart[]): string {
  return parts.map(({ text }) => text).join(BETWEEN);
}

/** As many parts as so many columns hold, in their order; more than those only where what has to stay takes more. */
export function fitParts(parts: readonly LinePart[], columns: number): string {
  let left = parts;
  for (;;) {
    const line = joinParts(left);
    const rank = Math.max(0, ...left.map((part) => part.rank));
    if (rank === 0 || textWidth(line) <= columns) return line;
    const gone = left.findLastIndex((part) => part.rank === rank);
    left = left.filter((_, i) => i !== gone);
  }
}
