/** How a backup ends that does not get to its end: with its newest checkpoint as a partial snapshot, where that can be. */
import { BcatError, StorageError } from "@bcat/errors";
import type { WriteSession } from "@bcat/repository";

/**
 * Ends the session, and returns the error to throw.
 *
 * @param isStop the user has asked for the end. A storage that refuses may still take an outcome; one that does not answer
 *   is not asked again: the next backup decides what the session leaves
 */
export async function endEarly(session: WriteSession, error: unknown, isStop: boolean): Promise<unknown> {
  const mayKeep = isStop || (error instanceof StorageError && error.isFinal);
  const isKept = mayKeep && session.hasCheckpoint && (await tryToKeep(session));
  await session.abandon();
  if (!isKept) return error;
  const kept = `what was done is kept as partial snapshot ${session.number}, the next backup goes on from there`;
  if (isStop) return new BcatError("interrupted", `interrupted; ${kept}`, { cause: error });
  return new StorageError(`${(error as StorageError).message}; ${kept}`, { cause: error, isFinal: true });
}

async function tryToKeep(session: WriteSession): Promise<boolean> {
  try {
    await session.keep();
    return true;
  } catch {
    return false;
  }
}
