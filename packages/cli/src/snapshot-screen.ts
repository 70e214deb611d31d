/**
 * Snapshots on a terminal: no line is wider than it, each path has a line of its own, and the paths are last. What there
 * is no room for is left out, the least wanted first; on a narrow one the paths stand below the rest.
 */
import type { ListedSnapshot } from "@bcat/snapshot";
import { formatItems, formatTable } from "./format.js";
import { quoteName } from "./quote.js";
import { type Column, columnSets, MARKS } from "./snapshot-columns.js";
import type { TableOptions } from "./snapshot-list.js";
import { markLegend } from "./snapshot-marks.js";
import { cutEnd, cutStart, foldText, textWidth } from "./text-width.js";

export interface ScreenOptions extends TableOptions {
  /** Columns of the terminal; infinite where there is none. */
  readonly width: number;
  /** A line each, without paths. */
  readonly compact?: boolean;
}

const PATHS_WIDTH_MIN = 20;
/** Blanks between columns. */
const GAP = 2;
/** Columns before paths that stand below the rest. */
const INDENT = "    ";
/** Paths of a snapshot that is not named. */
const PATHS_SHOWN_MAX = 8;

export function snapshotScreen(infos: readonly ListedSnapshot[], options: ScreenOptions): string[] {
  const { width, compact = false } = options;
  const pathsWidthMin = compact ? -GAP : PATHS_WIDTH_MIN;
  const sets = columnSets(options).map((set) => set.filter((column) => isShown(column, infos)));
  const fitting = sets.find((set) => widthOf(set, infos) + pathsWidthMin <= width);
  const columns = fitting ?? sets.find((set) => widthOf(set, infos) - GAP <= width) ?? sets.at(-1)!;
  const pathsBelow = fitting === undefined;
  const room = pathsBelow ? width - INDENT.length : width - widthOf(columns, infos);
  const rows = infos.flatMap((info) => {
    const cells = columns.map(({ cell }) => cell(info));
    const paths = compact ? [] : pathLines(info, room, options);
    if (pathsBelow || compact) return [cells, ...paths.map((path) => INDENT + path)];
    const [first = "", ...others] = paths;
    return [[...cells, first], ...others.map((path) => [...columns.map(() => ""), path])];
  });
  const right = new Set(columns.flatMap(({ isRight }, index) => (isRight === true ? [index] : [])));
  const heads = [...columns.map(({ head }) => head), ...(pathsBelow || compact ? [] : ["paths"])];
  const table = formatTable(
    heads,
    rows.filter((row) => typeof row !== "string"),
    right,
  ).values();
  const lines = [table.next().value!, ...rows.map((row) => (typeof row === "string" ? row : table.next().value!))];
  const hasLetters = columns.some(({ head }) => head === MARKS);
  return [...lines.map((line) => cutEnd(line, width)), ...(hasLetters ? markLegend(infos, options, width) : [])];
}

function isShown({ cell, mayBeMissing }: Column, infos: readonly ListedSnapshot[]): boolean {
  return mayBeMissing !== true || infos.some((info) => cell(info) !== "");
}

/** With the gap behind each. */
function widthOf(columns: readonly Column[], infos: readonly ListedSnapshot[]): number {
  const widths = columns.map(({ head, cell }) =>
    infos.reduce((most, info) => Math.max(most, textWidth(cell(info))), textWidth(head)),
  );
  return widths.reduce((sum, width) => sum + width + GAP, 0);
}

/** All in full of a snapshot that is named; else the first ones, each in a line. */
function pathLines({ snapshot }: ListedSnapshot, width: number, { allPaths = false }: ScreenOptions): string[] {
  const paths = snapshot.roots.map(({ path }) => quoteName(path));
  if (allPaths) return paths.flatMap((path) => foldText(path, width));
  const shown = paths.length > PATHS_SHOWN_MAX ? paths.slice(0, PATHS_SHOWN_MAX - 1) : paths;
  const more = paths.length - shown.length;
  return [...shown.map((path) => cutStart(path, width)), ...(more === 0 ? [] : [`and ${formatItems(more, "other")}`])];
}
