/** Frames of a pack that chunks tie together: a shared frame, or the frames of one large chunk. */
import { type ChunkTable, type FrameGroup, type PackRecord, spanOf } from "@bcat/pack";

const ID_PREFIX_SIZE = 16;
const SALT_SIZE = 16;

/** Frames `first` to `last`, and the chunks `start` to `end`, not included, of those that were chosen. */
export interface FrameUnit {
  readonly first: number;
  last: number;
  readonly start: number;
  end: number;
}

/** The units in which chosen chunks lie, which come by offset. @throws CorruptError naming the pack */
export function unitsOf(record: PackRecord, chosen: ChunkTable): FrameUnit[] {
  const units: FrameUnit[] = [];
  let unit: FrameUnit | undefined;
  for (let i = 0; i < chosen.count; i++) {
    const { first, last } = spanOf(record, { offset: chosen.offsets[i]!, length: chosen.lengths[i]! }, record.name);
    if (unit !== undefined && first <= unit.last) {
      unit.last = Math.max(unit.last, last);
      unit.end = i + 1;
    } else {
      unit = { first, last, start: i, end: i + 1 };
      units.push(unit);
    }
  }
  return units;
}

/** True when the chosen chunks are all that is in the frames, which one key opens: they can be moved as they are. */
export function isWhole({ table }: PackRecord, { first, last, start, end }: FrameUnit, chosen: ChunkTable): boolean {
  let at = table.plainOffset(first);
  for (let i = start; i < end; i++) {
    if (chosen.offsets[i] !== at) return false;
    at += chosen.lengths[i]!;
  }
  if (at !== table.plainOffset(last) + table.entry(last).plainLength) return false;
  const { key } = table.entry(first);
  for (let index = first; index <= last; index++) if (table.entry(index).key !== key) return false;
  return true;
}

/** A whole unit as what a pack is put together of. @param unit.bytes its sealed frames, one after another */
export function groupOf(
  { table, keys }: PackRecord,
  { unit, chosen, bytes }: { unit: FrameUnit; chosen: ChunkTable; bytes: Uint8Array },
): FrameGroup {
  const { first, last, start, end } = unit;
  const entries = Array.from({ length: last - first + 1 }, (_, i) => table.entry(first + i));
  const salts = new Uint8Array(entries.length * SALT_SIZE);
  entries.forEach(({ salt }, i) => {
    salts.set(salt, i * SALT_SIZE);
  });
  const base = table.plainOffset(first);
  return {
    key: keys[entries[0]!.key]!,
    frames: {
      count: entries.length,
      codecs: Uint8Array.from(entries, ({ codec }) => codec),
      salts,
      storedLengths: Uint32Array.from(entries, ({ storedLength }) => storedLength),
      plainLengths: Uint32Array.from(entries, ({ plainLength }) => plainLength),
    },
    bytes,
    chunks: {
      count: end - start,
      ids: chosen.ids.slice(start * ID_PREFIX_SIZE, end * ID_PREFIX_SIZE),
      offsets: chosen.offsets.subarray(start, end).map((offset) => offset - base),
      lengths: chosen.lengths.slice(start, end),
    },
  };
}
