/** Objects that are read and opened: what does not open is read again, since it may have been the line, or the memory of a machine on the way. */
import { CorruptError, isBcatError } from "@bcat/errors";

/**
 * What `open` makes of what `get` brings; undefined for nothing. Of what does not open, it is what `open` says of the
 * second reading that is thrown.
 *
 * @param onRight is told that the second reading was right
 */
export async function readAndOpen<T>(
  get: () => Promise<Uint8Array | undefined>,
  open: (bytes: Uint8Array) => T,
  onRight: () => void = () => {},
): Promise<T | undefined> {
  const bytes = await get();
  if (bytes === undefined) return undefined;
  try {
    return open(bytes);
  } catch (error) {
    // A flipped bit may also say that it is of a newer format.
    if (!(error instanceof CorruptError) && !isBcatError(error, "newer-format")) throw error;
    const again = await get();
    if (again === undefined || Buffer.compare(again, bytes) === 0) throw error;
    const opened = open(again);
    onRight();
    return opened;
  }
}
