/** Changes tags of snapshots: each is made anew, and the old one forgotten. */
import { BcatError } from "@bcat/errors";
import { appendToLog, checkSnapshotTexts, type Repository, withLogSession } from "@bcat/repository";
import { pinSnapshots } from "../forget/pins.js";
import type { ListedSnapshot } from "../snapshots.js";
import { type RemakeOptions, remakeSnapshot } from "./remake.js";

export interface TagChange {
  /** Instead of all that there are. */
  readonly set?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

/**
 * The number under which the snapshot is from now on; undefined where its tags stay what they are.
 *
 * @throws as remakeSnapshot; the old one is there as before then
 */
export async function tagSnapshot(
  repository: Repository,
  { number, snapshot }: ListedSnapshot,
  change: TagChange,
  options: Omit<RemakeOptions, "change"> = {},
): Promise<number | undefined> {
  const tags = changedTags(snapshot.tags, change);
  checkSnapshotTexts({ tags });
  if (tags.length === snapshot.tags.length && tags.every((tag, i) => tag === snapshot.tags[i])) return undefined;
  const outcome = await repository.readOutcome(number);
  if (outcome?.kind !== "snapshot") return undefined;
  const made = await remakeSnapshot(repository, number, outcome, { ...options, change: { tags } });
  await replaceSnapshot(repository, number, made.number);
  return made.number;
}

function changedTags(tags: readonly string[], { set, add = [], remove = [] }: TagChange): string[] {
  const all = set ?? [...tags, ...add].filter((tag) => !remove.includes(tag));
  return [...new Set(all)];
}

/**
 * Forgets a snapshot that another one has taken the place of; if it is pinned, that one is from now on.
 *
 * @throws BcatError refused when the other one was forgotten meanwhile: then this one stays
 */
export async function replaceSnapshot(repository: Repository, number: number, by: number): Promise<void> {
  while (!(await tryToReplace(repository, number, by)));
}

/** False for one that was pinned meanwhile. */
async function tryToReplace(repository: Repository, number: number, by: number): Promise<boolean> {
  const { history } = repository;
  const note = history.pinNote(number);
  if (note !== undefined) await pinSnapshots(repository, [by], note === "" ? {} : { note });
  const build = () => {
    if (history.isForgotten(by))
      throw new BcatError("refused", `Cannot put snapshot ${by} in the place of ${number}: it was forgotten meanwhile`);
    if (note === undefined && history.isPinned(number)) throw new PinnedMeanwhile();
    return { kind: "forget", snapshots: [number] } as const;
  };
  try {
    await withLogSession(repository, (session) => appendToLog(repository, build, session));
    return true;
  } catch (error) {
    if (error instanceof PinnedMeanwhile) return false;
    throw error;
  }
}

class PinnedMeanwhile extends Error {}
