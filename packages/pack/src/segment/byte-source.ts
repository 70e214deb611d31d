import type { BcatError } from "@bcat/errors";
import type { RunFile } from "./run-files.js";

/** How another thread of this process gets at the bytes of a source: a file, or shared memory. */
export type SharedBytes = { readonly file: RunFile } | { readonly bytes: Uint8Array };

/** Bytes of a segment, read synchronously: memory, or a file of the local cache. */
export interface ByteSource {
  readonly size: number;
  /**
   * `length` bytes at `offset`; fewer only when the source is shorter than its size. They may be put into `target`, when
   * it is given (of `length` bytes at least), and are then valid as long as it is not used again.
   */
  read(offset: number, length: number, target?: Uint8Array): Uint8Array;
  /** For another thread of this process. What cannot say is read whole into shared memory. */
  share?(): SharedBytes;
  close(): void;
  /** What to throw when the bytes are not right, of a source that is only a copy; else the segment is damaged. */
  fault?(): BcatError;
}

/** Bytes that are in memory anyway, as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  let held = bytes;
  return {
    size: bytes.length,
    read: (offset, length) => held.subarray(offset, offset + length),
    share() {
      // From here on there is one copy, the shared one.
      if (!(held.buffer instanceof SharedArrayBuffer)) held = inSharedMemory(held);
      return { bytes: held };
    },
    close() {},
  };
}

/** The bytes of any source, for another thread of this process. */
export function shareSource(source: ByteSource): SharedBytes {
  return source.share?.() ?? { bytes: inSharedMemory(source.read(0, source.size)) };
}

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}
