/** How a backup ends that does not get to its end: with its newest checkpoint as a partial snapshot, where that can be. */
import { BcatError, isBcatError, StorageError } from "@bcat/errors";
import type { WriteSession } from "@bcat/repository";

/**
 * Ends the session, and returns the error to throw.
 *
 * A storage that refuses may still take an outcome; one that does not answer is not asked again: the next backup decides
 * what the session leaves.
 */
export async function endEarly(session: WriteSession, error: unknown, how: EarlyEnd): Promise<unknown> {
  const { isStop, isStoring, answers } = how;
  const mayKeep = (isStop && answers) || (error instanceof StorageError && error.isFinal);
  const isKept = mayKeep && session.hasCheckpoint && (await tryToKeep(session));
  const packs = session.packsLeft;
  await session.abandon();
  const isInterrupted = isBcatError(error, "interrupted") || !answers;
  if (!isKept && isStoring && isInterrupted)
    return new BcatError("interrupted", leftWords(packs, session.hasCheckpoint, how), { cause: error });
  if (!isKept) return error;
  const kept = `what was done is kept as partial snapshot ${session.number}, the next backup goes on from there`;
  if (isStop) return new BcatError("interrupted", `interrupted; ${kept}`, { cause: error });
  return new StorageError(`${(error as StorageError).message}; ${kept}`, { cause: error, isFinal: true });
}

export interface EarlyEnd {
  /** The user has asked for an end in order. */
  readonly isStop: boolean;
  /** It has not begun to commit. */
  readonly isStoring: boolean;
  /** The storage has taken what was brought to safety, or was not asked. */
  readonly answers: boolean;
}

/** What the next backup will find. @param packs those behind the newest checkpoint, stored or on their way */
function leftWords(packs: number, hasCheckpoint: boolean, { answers }: EarlyEnd): string {
  const silence = answers ? "" : "the storage does not answer; ";
  const ended = `interrupted; ${silence}nothing was committed`;
  if (packs === 0 && !hasCheckpoint) return ended;
  const stored = packs === 1 ? "a pack, if it was stored" : `what was stored of ${packs} packs`;
  const checkpoint = `the next backup goes on from the newest checkpoint${packs === 0 ? "" : `, and takes over ${stored}`}`;
  return `${ended}, but ${hasCheckpoint ? checkpoint : `the next backup takes over ${stored}`}`;
}

/** True for a storage that was tried and did not answer, or only that it may later. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof StorageError && !error.isFinal;
}

async function tryToKeep(session: WriteSession): Promise<boolean> {
  try {
    await session.keep();
    return true;
  } catch {
    return false;
  }
}
