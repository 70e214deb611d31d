/**
 * Tables that fit a terminal: no line is wider than it. Columns that there is no room for are left out, the least wanted
 * first, and the last one, of paths or words, stands below the rest where it has no room beside it.
 */
import { formatTable } from "./format.js";
import { wrap } from "./paragraphs.js";
import { cutEnd, foldText, textWidth } from "./text-width.js";

export interface ScreenColumn {
  readonly head: string;
  readonly isRight?: boolean;
  /** Left out where there is no room, the lowest first; never without. */
  readonly spare?: number;
}

export interface ScreenRow {
  readonly cells: readonly string[];
  /** What stands in the last column, in lines of at most so many columns. */
  readonly last?: (columns: number) => readonly string[];
}

export interface ScreenTable {
  readonly columns: readonly ScreenColumn[];
  /** Head of the last column, which is as wide as there is room for. */
  readonly last: string;
  readonly rows: readonly ScreenRow[];
}

/** Of a last column that stands beside the others, unless it takes less. */
const LAST_WIDTH_MIN = 20;
/** Blanks between columns. */
const GAP = 2;
/** Before the last column where it stands below. */
const INDENT = "    ";
/** Of a cell on a terminal. */
const CELL_WIDTH_MAX = 36;
/** Elsewhere, a wider one moves what is behind it in its own line only. */
const ALIGNED_WIDTH_MAX = 60;

/** @param width columns of the terminal; undefined where there is none, and a line is as long as it is */
export function screenTable(table: ScreenTable, width: number | undefined): string[] {
  const { columns, last, rows } = table;
  if (width === undefined) {
    const lines = rows.map(({ cells, last: linesOf }) => [
      ...cells,
      linesOf?.(Number.POSITIVE_INFINITY).join(" ") ?? "",
    ]);
    return formatTable([...columns.map(({ head }) => head), last], lines, rightOf(columns), ALIGNED_WIDTH_MAX);
  }
  return fit({ columns, last, rows: rows.map((row) => ({ ...row, cells: row.cells.map(cutCell) })) }, width);
}

/** Words in lines of at most so many columns; a longer word, such as a path, is divided. */
export function foldWords(text: string, columns: number): string[] {
  return wrap(text, columns).flatMap((line) => foldText(line, columns));
}

function cutCell(cell: string): string {
  return cutEnd(cell, CELL_WIDTH_MAX);
}

function rightOf(columns: readonly ScreenColumn[]): ReadonlySet<number> {
  return new Set(columns.flatMap(({ isRight }, index) => (isRight === true ? [index] : [])));
}

function fit({ columns, last, rows }: ScreenTable, width: number): string[] {
  const widths = columns.map(({ head }, index) =>
    rows.reduce((most, { cells }) => Math.max(most, textWidth(cells[index] ?? "")), textWidth(head)),
  );
  const lastWidth = Math.min(LAST_WIDTH_MIN, widestLast(rows, last));
  const before = (shown: readonly number[]) => shown.reduce((sum, index) => sum + widths[index]! + GAP, 0);
  const sets = columnSets(columns);
  const beside = sets.find((shown) => before(shown) + lastWidth <= width);
  const shown = beside ?? sets.find((set) => before(set) - GAP <= width) ?? sets.at(-1)!;
  const room = beside === undefined ? width - INDENT.length : width - before(shown);
  const heads = [...shown.map((index) => columns[index]!.head), ...(beside === undefined ? [] : [last])];
  const lines = rows.map(({ cells, last: linesOf = () => [] }) => ({
    cells: shown.map((index) => cells[index] ?? ""),
    last: linesOf(room),
  }));
  const right = rightOf(shown.map((index) => columns[index]!));
  const table = beside === undefined ? lastBelow(heads, lines, right) : lastBeside(heads, lines, right);
  return table.map((line) => cutEnd(line, width));
}

/** All columns, then without those that are spared first. */
function columnSets(columns: readonly ScreenColumn[]): number[][] {
  const all = columns.map((_, index) => index);
  const spared = all
    .filter((index) => columns[index]!.spare !== undefined)
    .sort((a, b) => columns[a]!.spare! - columns[b]!.spare!);
  return [...spared.keys(), spared.length].map((count) =>
    all.filter((index) => !spared.slice(0, count).includes(index)),
  );
}

function widestLast(rows: readonly ScreenRow[], head: string): number {
  const lines = rows.flatMap(({ last }) => last?.(Number.POSITIVE_INFINITY) ?? []);
  return lines.reduce((most, line) => Math.max(most, textWidth(line)), lines.length === 0 ? 0 : textWidth(head));
}

interface ShownRow {
  readonly cells: readonly string[];
  readonly last: readonly string[];
}

function lastBeside(heads: readonly string[], rows: readonly ShownRow[], right: ReadonlySet<number>): string[] {
  const lines = rows.flatMap(({ cells, last: [first = "", ...others] }) => [
    [...cells, first],
    ...others.map((line) => [...cells.map(() => ""), line]),
  ]);
  return formatTable(heads, lines, right);
}

function lastBelow(heads: readonly string[], rows: readonly ShownRow[], right: ReadonlySet<number>): string[] {
  const [head, ...lines] = formatTable(
    heads,
    rows.map(({ cells }) => cells),
    right,
  );
  return [head!, ...rows.flatMap(({ last }, index) => [lines[index]!, ...last.map((line) => INDENT + line)])];
}
