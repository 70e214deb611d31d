/** What a prune removes while a repository is gone through looks like damage: then all is gone through again. */
import { BcatError, isBcatError } from "@bcat/errors";
import type { Repository } from "../repository.js";

/** Times that a repository is gone through in which others commit or remove something meanwhile. */
export const PASSES_MAX = 3;

const busyLine = `Cannot tell what is damaged: others have changed the repository in each of ${PASSES_MAX} passes; run it again when they have ended`;

/** Whether others have committed or removed something since the history was as new as `newness`. @throws as Repository.refresh */
export async function hasChangedSince(repository: Repository, newness: string): Promise<boolean> {
  await repository.refresh();
  return repository.history.newness !== newness;
}

/**
 * What a pass over the repository as it is now finds: of the first in which nothing is bad, or during which nothing
 * changed, or else of the last.
 *
 * @throws what a pass throws during which nothing changed; BcatError refused when something changed in each that failed; as
 *   Repository.refresh
 */
export async function findBad<T>(
  repository: Repository,
  pass: () => Promise<T>,
  isBad: (found: T) => boolean,
): Promise<T> {
  await repository.refresh();
  for (let number = 1; ; number++) {
    const { newness } = repository.history;
    const isLast = number === PASSES_MAX;
    try {
      const found = await pass();
      if (!isBad(found) || isLast || !(await hasChangedSince(repository, newness))) return found;
    } catch (cause) {
      if (!isBcatError(cause, "corrupt") || !(await hasChangedSince(repository, newness))) throw cause;
      if (isLast) throw new BcatError("refused", busyLine, { cause });
    }
  }
}
