/**
 * What to say when a commit got no answer: the outcome was sent, and whether it is the one that counts is not known. What
 * the user has to know is whether the snapshot is there, what happens next, and what to do.
 */
import { BcatError, isBcatError, StorageError } from "@bcat/errors";

export interface Undecided {
  /** Of the snapshot. */
  readonly number: number;
  /** Where its registers are, if elsewhere: what they have decided is seen by all when somebody has copied it. */
  readonly registers?: unknown;
  /** What was sent is kept for the next run, in a place for one writer at a time. */
  readonly outbox?: unknown;
}

/** The error to throw in place of `error`, which ended the commit. */
export function describeUndecided(error: unknown, snapshot: Undecided): unknown {
  const words = wordsFor(snapshot);
  if (isBcatError(error, "interrupted")) {
    const found = `interrupted while snapshot ${snapshot.number} was being committed: ${words}`;
    return new BcatError("interrupted", found, { cause: error });
  }
  if (error instanceof StorageError && isInDoubt(error, snapshot))
    return new StorageError(`${error.message}; ${words}`, { cause: error, isFinal: error.isFinal });
  // A repair that runs meanwhile may have met the copy of it, or not.
  if (isBcatError(error, "identity-changed") && snapshot.registers !== undefined)
    return new BcatError("identity-changed", `${error.message}; ${wordsAfterRepair(snapshot)}`, { cause: error });
  return error;
}

/**
 * A refusal is no doubt, unless an earlier try got no answer, only the copy of what is decided was refused, or the next
 * run sends again what is kept.
 */
function isInDoubt({ isFinal, mayBeDone }: StorageError, { registers, outbox }: Undecided): boolean {
  return !isFinal || mayBeDone || registers !== undefined || outbox !== undefined;
}

function wordsFor({ number, registers, outbox }: Undecided): string {
  if (registers !== undefined)
    return `whether snapshot ${number} is committed is not known yet: the next backup finds out, and from then on bcat snapshots shows it if it is; back up again`;
  if (outbox !== undefined)
    return `whether snapshot ${number} is there by now, bcat snapshots tells: the next backup from this machine puts it there before anything else; back up again`;
  return `whether snapshot ${number} is there is not known: bcat snapshots tells; if it is not, back up again`;
}

function wordsAfterRepair({ number }: Undecided): string {
  return `whether snapshot ${number} is there, bcat snapshots tells then; if it is not, back up again`;
}
