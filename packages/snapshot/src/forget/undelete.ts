/** Brings forgotten snapshots back, as long as prune has not taken their data. */
import { BcatError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Repository, Root } from "@bcat/repository";
import { inOrder, type ListedSnapshot, Successors } from "../snapshots.js";
import { type Remade, type RemakeOptions, remakeSnapshot } from "../take-over/remake.js";
import { LostError } from "../take-over/taken-references.js";
import { decodeLeaf } from "../tree/leaf.js";

/** Forgotten snapshots that are looked at side by side. */
const LOOKS_MAX = 16;

export interface ForgottenSnapshot extends ListedSnapshot {
  /** Nothing was given up since it was made: what it needs is all there. */
  readonly isWhole: boolean;
  /** The snapshot that stands in its place: it is back already, or was replaced. */
  readonly successor: number | undefined;
}

/** Forgotten snapshots, the oldest first, as of the last refresh. Reads nothing. */
export function forgottenSnapshots(repository: Repository): ForgottenSnapshot[] {
  const { history } = repository;
  const successors = new Successors(repository);
  const all = [...history.summaries].map(([number, snapshot]) => ({ number, snapshot }));
  return inOrder(all.filter(({ number }) => history.isForgotten(number))).map((info) => ({
    ...info,
    isWhole: !history.condemnedSince(info.snapshot.logHead),
    successor: successors.of(info),
  }));
}

/**
 * Numbers of those of which prune has certainly taken something: a folder that a source is. Of each that is not whole the
 * outcome is read; nothing else of the repository but its index.
 */
export async function takenByPrune(
  repository: Repository,
  forgotten: readonly ForgottenSnapshot[],
): Promise<ReadonlySet<number>> {
  const doubtful = forgotten.filter(({ isWhole }) => !isWhole);
  const taken = new Set<number>();
  if (doubtful.length === 0) return taken;
  const index = await repository.index();
  const isGone = ({ node }: Root) => {
    const [{ subtree }] = decodeLeaf(node, { root: true, what: "a root" }) as [ReturnType<typeof decodeLeaf>[number]];
    return subtree !== undefined && index.locate(TREE, subtree.id).length === 0;
  };
  const look = async (number: number) => {
    const outcome = await repository.readOutcome(number);
    if (outcome?.kind === "snapshot" && outcome.snapshot.roots.some(isGone)) taken.add(number);
  };
  for (let start = 0; start < doubtful.length; start += LOOKS_MAX)
    await Promise.all(doubtful.slice(start, start + LOOKS_MAX).map(({ number }) => look(number)));
  return taken;
}

/**
 * Makes a forgotten snapshot anew, under a new number.
 *
 * @throws BcatError not-found, also naming paths of what is gone, and then nothing was changed; refused for one that is not
 *   forgotten; StorageError
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
  try {
    return await remakeSnapshot(repository, number, outcome, options);
  } catch (error) {
    if (!(error instanceof LostError)) throw error;
    const what = `prune has taken a part of it, or it is damaged: ${error.named}`;
    throw new BcatError("not-found", `Cannot undelete snapshot ${number}: ${what}`, { cause: error });
  }
}
