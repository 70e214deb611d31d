/**
 * struct linux_dirent64, as getdents64(2) fills a buffer with them, one after the other:
 *
 *     offset  size  field
 *          0     8  inode
 *          8     8  position in the directory
 *         16     2  length of this entry, padding included
 *         18     1  type
 *         19        name, ended by a NUL, padded to a multiple of 8 with anything
 */
import type { EntryList } from "./entry-list.js";

const LENGTH_OFFSET = 16;
const NAME_OFFSET = 19;
const DOT = 0x2e;

/** Notes the names in `length` bytes that were written behind those in use of `list`, without `.` and `..`. */
export function noteNames(list: EntryList, length: number): void {
  const { bytes } = list;
  const total = list.length + length;
  for (let offset = list.length; offset < total; ) {
    const start = offset + NAME_OFFSET;
    offset += bytes[offset + LENGTH_OFFSET]! + 256 * bytes[offset + LENGTH_OFFSET + 1]!;
    let end = start;
    while (end < offset && bytes[end] !== 0) end++;
    if (end >= offset || offset > total)
      throw new RangeError(`Cannot read directory entries: one ends at ${offset} of ${total}, its name at ${end}`);
    if (!isDots(bytes, start, end)) list.note(start, end - start);
  }
  list.length = total;
}

/** Appends copies of the names in the first `length` bytes of `buffer` to `names`, without `.` and `..`. */
export function decodeNames(buffer: Uint8Array, length: number, names: Uint8Array[]): void {
  for (let offset = 0; offset < length; ) {
    const start = offset + NAME_OFFSET;
    const end = buffer.indexOf(0, start);
    offset += buffer[offset + LENGTH_OFFSET]! + 256 * buffer[offset + LENGTH_OFFSET + 1]!;
    if (end < start || end >= offset || offset > length)
      throw new RangeError(`Cannot read directory entries: one ends at ${offset} of ${length}, its name at ${end}`);
    if (!isDots(buffer, start, end)) names.push(buffer.slice(start, end));
  }
}

function isDots(buffer: Uint8Array, start: number, end: number): boolean {
  if (buffer[start] !== DOT) return false;
  return end - start === 1 || (end - start === 2 && buffer[start + 1] === DOT);
}
