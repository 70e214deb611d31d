/**
 * The Reed-Solomon code of parity objects (docs/format.md section 15): of up to 240 blocks, up to eight sums are kept
 *
 *     sum i = Σ block j · 1 / ((255 - i) + j)        byte by byte, in GF(2^8), where + is XOR
 *
 * The factors are a Cauchy matrix, every square part of which can be inverted: with any e sums that are left, any e
 * blocks that are lost come back (Blömer et al., An XOR-Based Erasure-Resilient Coding Scheme, ICSI TR-95-048).
 *
 * All sums are computed at once: the products of a byte with four factors lie in one word of a table, so that a byte
 * of a block costs two look-ups, however many sums there are.
 */

import { invert, multiply, productsOf } from "./galois-field.js";

export const BLOCK_SIZE = 4096;
/** Blocks that are summed up together. */
export const COLUMNS_MAX = 240;
/** Sums of them. */
export const ROWS_MAX = 8;
const ROWS_IN_WORD = 4;
const BITS_OF_ROW = 8;

/** Products of a byte with the factors of a column: of the first four rows, and of the others. */
interface ColumnTables {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

const tables: ColumnTables[] = [];

/** Sums over the blocks of one stripe, one word for four rows. 32 KiB, to be used again. */
export class StripeSums {
  readonly #low = new Uint32Array(BLOCK_SIZE);
  readonly #high = new Uint32Array(BLOCK_SIZE);

  clear(): void {
    this.#low.fill(0);
    this.#high.fill(0);
  }

  /** Adds a whole block of `column`. */
  add(column: number, block: Uint8Array): void {
    const { low, high } = tablesOf(column);
    const lowSums = this.#low;
    const highSums = this.#high;
    for (let i = 0; i < BLOCK_SIZE; i++) {
      const byte = block[i]!;
      lowSums[i]! ^= low[byte]!;
      highSums[i]! ^= high[byte]!;
    }
  }

  /** Adds the sums of `row` to a block, which is one of zeros when they are to be kept. */
  addRowTo(row: number, block: Uint8Array): void {
    const sums = row < ROWS_IN_WORD ? this.#low : this.#high;
    const shift = (row % ROWS_IN_WORD) * BITS_OF_ROW;
    for (let i = 0; i < BLOCK_SIZE; i++) block[i]! ^= sums[i]! >>> shift;
  }
}

/**
 * The blocks of `columns` out of as many `rows`.
 *
 * @param remainders for each row, its sum without what the other columns add to it
 */
export function solveColumns(
  columns: readonly number[],
  rows: readonly number[],
  remainders: readonly Uint8Array[],
): Uint8Array[] {
  const inverse = invertMatrix(rows.map((row) => columns.map((column) => factorOf(row, column))));
  return inverse.map((factors) => {
    const block = new Uint8Array(BLOCK_SIZE);
    factors.forEach((factor, i) => {
      addMultiple(block, factor, remainders[i]!);
    });
    return block;
  });
}

function factorOf(row: number, column: number): number {
  return invert((255 - row) ^ column);
}

function tablesOf(column: number): ColumnTables {
  tables[column] ??= { low: tableOf(column, 0), high: tableOf(column, ROWS_IN_WORD) };
  return tables[column];
}

function tableOf(column: number, firstRow: number): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < ROWS_IN_WORD; i++) {
    const products = productsOf(factorOf(firstRow + i, column));
    products.forEach((product, byte) => {
      table[byte]! |= product << (i * BITS_OF_ROW);
    });
  }
  return table;
}

function addMultiple(target: Uint8Array, factor: number, block: Uint8Array): void {
  const products = productsOf(factor);
  for (let i = 0; i < BLOCK_SIZE; i++) target[i]! ^= products[block[i]!]!;
}

/** By Gauss and Jordan, beside a unit matrix. `matrix` is part of a Cauchy matrix, of which no part is singular. */
function invertMatrix(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const lines = matrix.map((line, i) => [...line, ...line.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    const pivot = lines.findIndex((line, i) => i >= column && line[column] !== 0);
    [lines[column], lines[pivot]] = [lines[pivot]!, lines[column]!];
    const scale = invert(lines[column]![column]!);
    lines[column] = lines[column]!.map((value) => multiply(value, scale));
    lines.forEach((line, i) => {
      const factor = line[column]!;
      if (i === column || factor === 0) return;
      lines[i] = line.map((value, j) => value ^ multiply(factor, lines[column]![j]!));
    });
  }
  return lines.map((line) => line.slice(size));
}
