/**
 * Small segments: each backup writes one or two, and a client without a cache reads them all. When there are many, a
 * prune merges them.
 */
import type { SegmentReference } from "../bodies/references.js";

/** Small segments that are left as they are. */
export const SMALL_SEGMENTS_MAX = 64;
/** Bytes below which a segment is small. */
const SMALL_SIZE_MAX = 2 ** 20;

/** Those that are to be merged: all small ones when there are too many, else none. */
export function chooseSmall(segments: Iterable<SegmentReference>): ReadonlySet<SegmentReference> {
  const small = [...segments].filter(({ size }) => size < SMALL_SIZE_MAX);
  return new Set(small.length > SMALL_SEGMENTS_MAX ? small : []);
}
