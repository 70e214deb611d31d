/**
 * Puts the names of a directory in order of their bytes. Most of the work is done by sorting numbers: the first bytes
 * behind what all names have in common, and the place in the list in the low bits. Names that agree in those are then
 * compared whole.
 */
import type { EntryList } from "@bcat/posix";

/** Bits of a number that a double holds exactly. */
const KEY_BITS = 53;

/** Indexes of the entries of `list` in order of name, each name once. */
export function orderEntries(list: EntryList): Uint32Array {
  const { count } = list;
  if (count === 0) return new Uint32Array(0);
  const indexBits = 32 - Math.clz32(count - 1);
  const prefixLength = Math.min(5, Math.floor((KEY_BITS - indexBits) / 8));
  const keys = new Float64Array(count);
  const shared = sharedPrefix(list);
  for (let i = 0; i < count; i++) keys[i] = prefixOf(list, i, shared, prefixLength) * 2 ** indexBits + i;
  keys.sort();
  const order = new Uint32Array(count);
  const mask = 2 ** indexBits;
  for (let i = 0; i < count; i++) order[i] = keys[i]! % mask;
  return sortTies(list, order, keys, mask) ? withoutRepetitions(list, order) : order;
}

/** Bytes that all names begin with. */
function sharedPrefix({ bytes, starts, lengths, count }: EntryList): number {
  const first = starts[0]!;
  let shared = lengths[0]!;
  for (let i = 1; i < count && shared > 0; i++) {
    const start = starts[i]!;
    const most = Math.min(shared, lengths[i]!);
    let same = 0;
    while (same < most && bytes[first + same] === bytes[start + same]) same++;
    shared = same;
  }
  return shared;
}

/** `length` bytes of a name from `skip` on as one number; a name that ends before counts as if it went on with zeros. */
function prefixOf({ bytes, starts, lengths }: EntryList, index: number, skip: number, length: number): number {
  const start = starts[index]! + skip;
  const rest = lengths[index]! - skip;
  let prefix = 0;
  for (let i = 0; i < length; i++) prefix = prefix * 256 + (i < rest ? bytes[start + i]! : 0);
  return prefix;
}

/** Puts names that have the same prefix in order; false when there are none, and so no name is there twice. */
function sortTies(list: EntryList, order: Uint32Array, keys: Float64Array, mask: number): boolean {
  let hasTies = false;
  for (let start = 0, end = 1; start < order.length; start = end++) {
    const prefix = Math.floor(keys[start]! / mask);
    while (end < order.length && Math.floor(keys[end]! / mask) === prefix) end++;
    if (end - start === 1) continue;
    hasTies = true;
    order.subarray(start, end).sort((a, b) => compareEntries(list, a, b));
  }
  return hasTies;
}

/** A folder that changes while it is listed may give a name twice, above all on SMB (restic #1866, #2454, #3937). */
function withoutRepetitions(list: EntryList, order: Uint32Array): Uint32Array {
  let kept = 1;
  for (let i = 1; i < order.length; i++) {
    if (compareEntries(list, order[kept - 1]!, order[i]!) !== 0) order[kept++] = order[i]!;
  }
  return order.subarray(0, kept);
}

function compareEntries({ bytes, starts, lengths }: EntryList, a: number, b: number): number {
  const [aStart, bStart] = [starts[a]!, starts[b]!];
  const length = Math.min(lengths[a]!, lengths[b]!);
  for (let i = 0; i < length; i++) {
    const difference = bytes[aStart + i]! - bytes[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return lengths[a]! - lengths[b]!;
}
