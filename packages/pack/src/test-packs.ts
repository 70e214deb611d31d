/** Packs, and what a reader without an index finds in them, for tests only. */
import { DATA } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { decodeTrailer, openDirectory, TRAILER_SIZE } from "./directory.js";
import { FrameOpener } from "./frame.js";
import { FrameBuilder } from "./frame-builder.js";
import { arenaSize, type FinishedPack, PackAssembler } from "./pack-assembler.js";
import { PackFrames, readSpan, spanOf } from "./stream-reader.js";
import { FRAME_PLAIN_MAX } from "./tables.js";

const MIB = 2 ** 20;

/** One pack of these chunks of data. */
export function buildPack(
  context: PackContext,
  chunks: readonly Uint8Array[],
  { session = 3, level = 3 }: { session?: number; level?: number } = {},
): FinishedPack {
  const idHash = context.blake3.keyed(context.keys.derive("id/data", 0, 0));
  const sizes = { targetSize: 64 * MIB, chunkSizeMax: 2 * MIB };
  const frames = { kind: DATA, epoch: 0, domain: 0 } as const;
  const packs: FinishedPack[] = [];
  const assembler = new PackAssembler(context, {
    ...{ ...frames, ...sizes, session },
    ...arenasOf(sizes),
    onPack: (pack) => packs.push(pack),
  });
  const onGroup = assembler.add.bind(assembler);
  const builder = new FrameBuilder(context, { ...frames, ...sizes, idHash, level, onGroup });
  for (const chunk of chunks) builder.add(idHash.hash(chunk), chunk);
  builder.flush();
  assembler.finish();
  const [pack] = packs;
  if (pack === undefined || packs.length > 1) throw new Error(`Cannot build a pack: the chunks make ${packs.length}`);
  return pack;
}

/** Memory for packs that is hardly ever enough at first. */
export function arenasOf(sizes: { targetSize: number; chunkSizeMax: number }) {
  return {
    arenaSize: arenaSize(sizes),
    takeArena: () => new Uint8Array(100),
    growArena(arena: Uint8Array, used: number, length: number) {
      const grown = new Uint8Array(Math.max(2 * arena.length, length));
      grown.set(arena.subarray(0, used));
      return grown;
    },
  };
}

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
