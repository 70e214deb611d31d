/**
 * How the blocks of a pack are dealt out to stripes (docs/format.md section 15). Neighbours lie in different stripes, so
 * that damage in one run of bytes takes little of each:
 *
 *     block      0   1   2 … S-1 │ S  S+1 … │ …          stripe of block b: b mod S, its column: floor(b / S)
 *     sums       S of row 0      │ S of row 1 │ …        stripe of sum q:   q mod S, its row:    floor(q / S)
 */

import { BLOCK_SIZE, COLUMNS_MAX, ROWS_MAX } from "./cauchy-code.js";

export const PERCENT_MAX = 100;

export interface ParityShape {
  /** Bytes of the pack. */
  readonly packSize: number;
  /** A run of so many percent of the pack's bytes comes back, wherever it begins. */
  readonly percent: number;
  /** Of the pack; the last is filled up with zeros. */
  readonly blocks: number;
  readonly stripes: number;
  /** Blocks of each stripe; those beyond the end of the pack are zeros. */
  readonly columns: number;
  /** Sums of each stripe. */
  readonly rows: number;
}

/** @throws RangeError for a percentage that is no whole number from 1 to 100, or a pack without bytes */
export function shapeOf(packSize: number, percent: number): ParityShape {
  const isPercent = Number.isInteger(percent) && percent >= 1 && percent <= PERCENT_MAX;
  if (!isPercent || packSize < 1) throw new RangeError(`Cannot make ${percent} % parity of ${packSize} bytes`);
  const blocks = Math.ceil(packSize / BLOCK_SIZE);
  for (let stripes = 1; ; stripes++) {
    const columns = Math.ceil(blocks / stripes);
    const rows = rowsOf({ columns, stripes, percent });
    if (columns <= COLUMNS_MAX && rows <= ROWS_MAX) return { packSize, percent, blocks, stripes, columns, rows };
  }
}

/** The least with which all sums are a block more than `percent` of the blocks: a run may begin within one. */
function rowsOf({ columns, stripes, percent }: Pick<ParityShape, "columns" | "stripes" | "percent">): number {
  return Math.ceil((percent * columns * stripes + 100) / (100 * stripes));
}
