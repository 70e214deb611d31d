/**
 * Files with holes in tar: which parts of a file follow, and how long it is. GNU tar has four ways of saying so: its own
 * header of type `S` with further blocks, and in extended headers `GNU.sparse` 0.0 (records that come several times),
 * 0.1 (one record) and 1.0 (at the head of the data: decimal lines in whole blocks).
 */
import type { ByteSource } from "./byte-source.js";
import { readNumber } from "./tar-fields.js";
import { tarBlockSize } from "./tar-header.js";

export interface SparsePart {
  readonly offset: number;
  readonly length: number;
}

export interface SparseMap {
  /** Ascending, and none lies in another. */
  readonly parts: readonly SparsePart[];
  /** Of the file. */
  readonly size: number;
}

/** Parts of one file. */
export const sparsePartsMax = 2 ** 20;
const GNU_ENTRY_SIZE = 24;
const DECIMAL = /^\d{1,16}$/;
/** Digits of a number: a line of a map that is longer is none. */
const NUMBER_LENGTH_MAX = 16;

/** @throws RangeError for parts that overlap, lie beyond the end, or are shorter than nothing */
export function checkSparse({ parts, size }: SparseMap): SparseMap {
  let end = 0;
  for (const { offset, length } of parts) {
    if (offset < end || length < 0 || offset + length > size)
      throw new RangeError("a file with holes has parts in a wrong order");
    end = offset + length;
  }
  return { parts: parts.filter(({ length }) => length > 0), size };
}

/** Of a header of type `S`, and the blocks behind it. */
export async function readGnuSparse(header: Uint8Array, source: ByteSource): Promise<SparseMap> {
  const size = readNumber(header, 483, 12);
  const parts = readGnuEntries(header, 386, 4);
  let isExtended = header[482] !== 0;
  while (isExtended) {
    const block = await source.take(tarBlockSize);
    if (block.length < tarBlockSize) throw new RangeError("it ends in the middle of a header");
    parts.push(...readGnuEntries(block, 0, 21));
    isExtended = block[504] !== 0;
    if (parts.length > sparsePartsMax) throw tooMany();
  }
  return checkSparse({ parts, size });
}

function readGnuEntries(block: Uint8Array, start: number, count: number): SparsePart[] {
  const parts: SparsePart[] = [];
  for (let at = start; at < start + count * GNU_ENTRY_SIZE; at += GNU_ENTRY_SIZE) {
    if (block[at] === 0) break;
    parts.push({ offset: readNumber(block, at, 12), length: readNumber(block, at + 12, 12) });
  }
  return parts;
}

/** Of versions 0.0 and 0.1: offset, length, offset, … */
export function sparseOfNumbers(numbers: readonly string[], size: number): SparseMap {
  if (numbers.length / 2 > sparsePartsMax) throw tooMany();
  if (numbers.length % 2 !== 0) throw new RangeError("a file with holes has half a part");
  const parts: SparsePart[] = [];
  for (let i = 0; i < numbers.length; i += 2)
    parts.push({ offset: decimal(numbers[i]!), length: decimal(numbers[i + 1]!) });
  return checkSparse({ parts, size });
}

/** Of version 1.0, at the head of the data; and the bytes that it takes there. */
export async function readSparseHead(source: ByteSource, size: number): Promise<{ map: SparseMap; taken: number }> {
  let text = "";
  let taken = 0;
  const readLine = async (): Promise<string> => {
    while (!text.includes("\n")) {
      if (text.length > NUMBER_LENGTH_MAX) throw noNumber();
      const block = await source.take(tarBlockSize);
      if (block.length < tarBlockSize) throw new RangeError("it ends in the middle of a map of holes");
      text += Buffer.from(block).toString("latin1");
      taken += tarBlockSize;
    }
    const end = text.indexOf("\n");
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return line;
  };
  const count = decimal(await readLine());
  if (count > sparsePartsMax) throw tooMany();
  const parts: SparsePart[] = [];
  for (let i = 0; i < count; i++) parts.push({ offset: decimal(await readLine()), length: decimal(await readLine()) });
  return { map: checkSparse({ parts, size }), taken };
}

function decimal(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw noNumber();
  return value;
}

function noNumber(): RangeError {
  return new RangeError("a file with holes has a number that is none");
}

function tooMany(): RangeError {
  return new RangeError(`a file with holes has more than ${sparsePartsMax} parts`);
}
