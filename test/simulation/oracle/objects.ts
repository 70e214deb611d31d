/** Packs and segments, each taken apart once, by docs/format.md alone: what they hold never changes. */
import { init } from "@bokuweb/zstd-wasm";
import { type ChunkKind, type Frame, openFrame } from "../../independent-reader/pack.js";
import type { KeySource } from "../../independent-reader/sealed.js";
import { openSegment, packObjectName, type Segment } from "../../independent-reader/segment.js";

await init();

/** A chunk is known by its kind and the first 16 bytes of its id. */
export type ChunkKey = string;

export function chunkKey(kind: ChunkKind, id: Uint8Array): ChunkKey {
  return `${kind} ${Buffer.from(id.subarray(0, 16)).toString("hex")}`;
}

/** Where a segment says that a chunk lies. */
export interface ShownLocation {
  readonly key: ChunkKey;
  /** Object name of the pack. */
  readonly pack: string;
  readonly frames: readonly Frame[];
  readonly kind: ChunkKind;
  readonly offset: number;
  readonly length: number;
}

export interface ShownSegment {
  readonly packs: readonly string[];
  readonly locations: readonly ShownLocation[];
}

export function showSegment(keys: KeySource, name: string, object: Uint8Array): ShownSegment {
  const segment = openSegment(keys, name, Buffer.from(object));
  return { packs: segment.packs.map((pack) => packObjectName(pack.name)), locations: locationsOf(segment) };
}

function locationsOf({ kind, locations }: Segment): ShownLocation[] {
  return locations.map(({ id, pack, offset, length }) => ({
    ...{ key: `${kind} ${id}`, pack: packObjectName(pack.name), frames: pack.table.frames, kind, offset, length },
  }));
}

/** The bytes of a chunk out of the pack it lies in. @throws when they do not open */
export function readLocation(
  keys: KeySource,
  { frames, kind, offset, length }: ShownLocation,
  pack: Uint8Array,
): Buffer {
  const end = offset + length;
  const touched = frames.filter((frame) => frame.plainOffset < end && frame.plainOffset + frame.plainLength > offset);
  const plain = touched.map((frame) =>
    openFrame(
      keys,
      kind,
      frame,
      Buffer.from(pack.subarray(frame.storedOffset, frame.storedOffset + frame.storedLength)),
    ),
  );
  const start = offset - touched[0]!.plainOffset;
  return Buffer.concat(plain).subarray(start, start + length);
}

/** What names the key of a frame, and its place in the pack. */
export function sealsOfFrames(
  kind: ChunkKind,
  frames: readonly Frame[],
): { key: string; start: number; end: number }[] {
  return frames.map(({ key, salt, storedOffset, storedLength }) => {
    const from = `${kind} ${key.epoch} ${key.domain} ${key.encapsulation.toString("latin1")}`;
    return { key: `${from} ${salt.toString("latin1")}`, start: storedOffset, end: storedOffset + storedLength };
  });
}
