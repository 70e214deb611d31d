/** Makes segments out of finished packs: sorts their chunk tables into one list of entries. */
import { freshBytes } from "@bcat/crypto";
import type { BlobKind } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { chunkId, type Directory } from "../directory.js";
import { type ObjectReference, segmentName } from "../pack-name.js";
import { compareIds, ENTRY_SIZE, LENGTH_OFFSET, PACK_OFFSET, STREAM_OFFSET } from "./layout.js";
import { encodePackRecord } from "./pack-record.js";
import { SegmentWriter } from "./segment-writer.js";

/** What a segment needs to know of a pack. `size` is that of the object. */
export interface IndexedPack extends Pick<Directory, "keys" | "frames" | "chunks"> {
  readonly reference: ObjectReference;
  readonly size: number;
}

/** A segment ready to be stored. */
export interface BuiltSegment {
  readonly reference: ObjectReference;
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Builds one segment over `packs`, which are all of `kind` and hold at least one chunk. */
export function buildSegment(
  context: PackContext,
  segment: { kind: BlobKind; epoch: number; domain: number; session: number },
  packs: readonly IndexedPack[],
): BuiltSegment {
  const { blake3, random } = context;
  const uniques = packs.map((pack) => pack.reference.unique);
  const reference = {
    session: segment.session,
    unique: freshBytes(blake3, random, Buffer.concat(uniques)).slice(0, 16),
  };
  const name = segmentName(reference);
  const pieces: Uint8Array[] = [];
  const writer = new SegmentWriter(context, { ...segment, name, isPadded: true, sink: (piece) => pieces.push(piece) });
  writeEntries(writer, packs);
  for (const pack of packs) writer.addPackRecord(encodePackRecord(pack));
  writer.finish();
  return { reference, name, bytes: Buffer.concat(pieces) };
}

/**
 * Sorts by the first 6 bytes of the id, held as exact doubles, and looks at the rest only where those are equal. Packs
 * and their chunks come in order, so a stable sort leaves entries of one id ordered by (pack, offset).
 */
function writeEntries(writer: SegmentWriter, packs: readonly IndexedPack[]): void {
  const count = packs.reduce((sum, pack) => sum + pack.chunks.count, 0);
  const entries = new Uint8Array(count * ENTRY_SIZE);
  const view = new DataView(entries.buffer);
  const heads = new Float64Array(count);
  let at = 0;
  packs.forEach(({ chunks }, ordinal) => {
    for (let i = 0; i < chunks.count; i++, at++) {
      const start = at * ENTRY_SIZE;
      entries.set(chunkId(chunks, i), start);
      view.setUint32(start + PACK_OFFSET, ordinal, true);
      view.setUint32(start + STREAM_OFFSET, chunks.offsets[i]!, true);
      view.setUint32(start + LENGTH_OFFSET, chunks.lengths[i]!, true);
      heads[at] = view.getUint32(start) * 2 ** 16 + view.getUint16(start + 4);
    }
  });
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => heads[a]! - heads[b]! || compareIds(entries, a * ENTRY_SIZE, entries, b * ENTRY_SIZE) || a - b);
  for (const index of order) writer.addEntry(entries, index * ENTRY_SIZE);
}
