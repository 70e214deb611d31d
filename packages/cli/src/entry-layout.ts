/**
 * Which columns of `ls -l` a terminal has room for. Where it is narrower than the longest path needs, the group goes first,
 * then seconds, owner, time of day and the day; what then still is too long loses its beginning.
 */

export interface EntryLayout {
  readonly owner: boolean;
  readonly group: boolean;
  /** How much of `2026-11-20 15:39:03`. */
  readonly timeLength: number;
  /** Of the terminal; infinite where there is none. */
  readonly columns: number;
}

const SECONDS = "2026-11-20 15:39:03".length;
const MINUTES = "2026-11-20 15:39".length;
const DAY = "2026-11-20".length;

/** All of it. */
export const wholeLayout: EntryLayout = {
  owner: true,
  group: true,
  timeLength: SECONDS,
  columns: Number.POSITIVE_INFINITY,
};

const layouts: readonly Omit<EntryLayout, "columns">[] = [
  wholeLayout,
  { owner: true, group: false, timeLength: SECONDS },
  { owner: true, group: false, timeLength: MINUTES },
  { owner: false, group: false, timeLength: MINUTES },
  { owner: false, group: false, timeLength: DAY },
  { owner: false, group: false, timeLength: 0 },
];

/** Mode, size, and a blank behind each. */
const LEAST = 10 + 1 + 10 + 1;
/** Of an owner that is not longer than most. */
const OWNER = 8 + 1;

/**
 * The fullest in which the longest path has room; where it has none in any, the fullest that leaves half of the terminal
 * to paths.
 *
 * @param columns undefined where there is no terminal
 */
export function layoutFor(columns: number | undefined, pathWidthMax: number): EntryLayout {
  if (columns === undefined) return wholeLayout;
  const leaving = (room: number) => layouts.find((layout) => columns - widthOf(layout) >= room);
  const layout = leaving(pathWidthMax) ?? leaving(columns / 2) ?? layouts.at(-1)!;
  return { ...layout, columns };
}

/** Columns before the path. */
function widthOf({ owner, group, timeLength }: Omit<EntryLayout, "columns">): number {
  return LEAST + (owner ? OWNER : 0) + (group ? OWNER : 0) + (timeLength === 0 ? 0 : timeLength + 1);
}
