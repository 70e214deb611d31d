/** Brings forgotten snapshots back, as long as prune has not taken their data. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { inOrder, type ListedSnapshot } from "../snapshots.js";
import { type Remade, type RemakeOptions, remakeSnapshot } from "../take-over/remake.js";

export interface ForgottenSnapshot extends ListedSnapshot {
  /** Nothing was given up since it was made: what it needs is all there. */
  readonly isWhole: boolean;
}

/** Forgotten snapshots, the oldest first, as of the last refresh. Reads nothing. */
export function forgottenSnapshots({ history }: Repository): ForgottenSnapshot[] {
  const all = [...history.summaries].map(([number, snapshot]) => ({ number, snapshot }));
  return inOrder(all.filter(({ number }) => history.isForgotten(number))).map((info) => ({
    ...info,
    isWhole: !history.condemnedSince(info.snapshot.logHead),
  }));
}

/**
 * Makes a forgotten snapshot anew, under a new number.
 *
 * @throws BcatError not-found, refused for one that is not forgotten; CorruptError naming paths of what is gone, and then
 *   nothing was changed; StorageError
 */
export async function undelete(
  repository: Repository,
  number: number,
  options: Omit<RemakeOptions, "change"> = {},
): Promise<Remade> {
  await repository.withSignal(options.signal).refresh();
  const { history } = repository;
  if (history.summaries.has(number) && !history.isForgotten(number))
    throw new BcatError("refused", `Cannot undelete snapshot ${number}: it is not forgotten`);
  const outcome = history.isForgotten(number) ? await repository.readOutcome(number) : undefined;
  if (outcome?.kind !== "snapshot")
    throw new BcatError("not-found", `Cannot undelete snapshot ${number}: there was none of this number`);
  return await remakeSnapshot(repository, number, outcome, options);
}
