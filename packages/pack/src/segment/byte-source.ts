import type { BcatError } from "@bcat/errors";

/** Bytes of a segment, read synchronously: memory, or a file of the local cache. */
export interface ByteSource {
  readonly size: number;
  /** `length` bytes at `offset`; fewer only when the source is shorter than its size. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
  /** What to throw when the bytes are not right, of a source that is only a copy; else the segment is damaged. */
  fault?(): BcatError;
}

/** Bytes that are in memory anyway, as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length), close() {} };
}
