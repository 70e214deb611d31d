/** The u32 at `offset`: what a DataView gives, without one for each place that is read. */
export function readU32(bytes: Uint8Array, offset: number): number {
  const low = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16);
  return (low | (bytes[offset + 3]! << 24)) >>> 0;
}
