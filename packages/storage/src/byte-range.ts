import type { ByteRange } from "./storage.js";

/** @throws {RangeError} when `range` is given and is not made of safe integers that are zero or more. */
export function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return;
  if (isCount(range.offset) && isCount(range.length)) return;
  const found = `offset ${range.offset}, length ${range.length}`;
  throw new RangeError(`Cannot read range: found ${found}, allowed are safe integers from 0`);
}

/** The part of an object of `size` bytes that `range` asks for: all of it without a range, never past its end. */
export function clampRange(range: ByteRange | undefined, size: number): ByteRange {
  const offset = Math.min(range?.offset ?? 0, size);
  return { offset, length: Math.min(range?.length ?? size, size - offset) };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
