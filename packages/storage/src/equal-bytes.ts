/** True when both hold the same bytes. Not constant-time: for sealed, public bytes only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
