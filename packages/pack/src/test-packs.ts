/** Packs, and what a reader without an index finds in them, for tests only. */
import type { PackContext } from "./context.js";
import { decodeTrailer, openDirectory, TRAILER_SIZE } from "./directory.js";
import { FrameOpener } from "./frame.js";
import { PackFrames, readSpan, spanOf } from "./stream-reader.js";
import { FRAME_PLAIN_MAX } from "./tables.js";

export function directoryOf(context: PackContext, { name, bytes }: { name: string; bytes: Uint8Array }) {
  const trailer = bytes.subarray(Math.max(0, bytes.length - TRAILER_SIZE));
  const { directoryOffset } = decodeTrailer(trailer, { name, size: bytes.length });
  const sealed = bytes.subarray(directoryOffset, bytes.length - TRAILER_SIZE);
  return openDirectory(context, { name, trailer, size: bytes.length }, sealed);
}

/** The bytes of all chunks, in the order of the directory. */
export function readPack(context: PackContext, pack: { name: string; bytes: Uint8Array }): Uint8Array[] {
  const { name, bytes } = pack;
  const directory = directoryOf(context, pack);
  const frames = new PackFrames(context, new FrameOpener(context), { name, kind: directory.kind, tables: directory });
  return Array.from({ length: directory.chunks.count }, (_, i) => {
    const plain = new Uint8Array(FRAME_PLAIN_MAX);
    const chunk = { offset: directory.chunks.offsets[i]!, length: directory.chunks.lengths[i]! };
    const open = (index: number) => {
      const { storedOffset, storedLength } = directory.frames[index]!;
      frames.open(index, bytes.subarray(storedOffset, storedOffset + storedLength), plain);
      return plain;
    };
    return readSpan(directory, spanOf(directory, chunk, name), { open, take: (length) => new Uint8Array(length) });
  }).map((bytes) => bytes.slice());
}
