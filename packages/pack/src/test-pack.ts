/** A pack that is only in an index, for tests only. */
import { ChunkColumns } from "./chunk-columns.js";
import type { PackContext } from "./context.js";
import type { IndexedPack } from "./segment/build-segment.js";

/** A pack of chunks of 10 bytes, one after another, and of stored frames of 100. */
export function createTestPack(context: PackContext, ids: readonly Uint8Array[], frameCount = 1): IndexedPack {
  const chunks = new ChunkColumns(16);
  ids.forEach((id, i) => {
    chunks.push(id.subarray(0, 16), i * 10, 10);
  });
  const frames = Array.from({ length: frameCount }, (_, i) => ({
    key: 0,
    codec: 0,
    salt: context.random(16),
    storedOffset: i * 116,
    storedLength: 116,
    plainOffset: i * 100,
    plainLength: 100,
  }));
  const keys = [{ kind: 1, epoch: 0, domain: 0, encapsulation: context.random(32) }];
  const reference = { session: 5, unique: context.random(16) };
  return { reference, size: 4096 + frameCount * 116, keys, frames, chunks: chunks.table() };
}
