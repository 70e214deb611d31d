/** What a zstd frame says of itself (RFC 8878 section 3.1.1), read before any decoder sees it. */

/** Largest window a frame may need, bytes. */
const ZSTD_WINDOW_MAX = 1 << 20;

const FRAME_MAGIC = 0xfd2fb528;

/** Content size and window; undefined when this is no frame header or leaves the content size open. */
export function readFrameHeader(frame: Uint8Array): { contentSize: number; window: number } | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 6 || view.getUint32(0, true) !== FRAME_MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  let offset = 5;
  let window = 0;
  if (!singleSegment) {
    const exponent = view.getUint8(offset++);
    const base = 2 ** (10 + (exponent >> 3));
    window = base + (base / 8) * (exponent & 7);
  }
  offset += dictionaryBytes;
  if (sizeBytes === 0 || frame.length < offset + sizeBytes) return undefined;
  let contentSize = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) contentSize = contentSize * 256 + view.getUint8(offset + i);
  if (sizeBytes === 2) contentSize += 256;
  return { contentSize, window: singleSegment ? contentSize : window };
}

/** True when `frame` announces exactly `size` bytes and a permitted window. */
export function announces(frame: Uint8Array, size: number): boolean {
  const header = readFrameHeader(frame);
  return header !== undefined && header.contentSize === size && header.window <= ZSTD_WINDOW_MAX;
}

/**
 * For implementations that return a buffer of their own. A frame without its content size is worth nothing to the
 * format: such a result counts as one that does not fit.
 */
export function copyIfFits(frame: Uint8Array, contentSize: number, target: Uint8Array): number {
  if (frame.length > target.length || !announces(frame, contentSize)) return 0;
  target.set(frame);
  return frame.length;
}
