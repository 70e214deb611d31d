/** Forgetting snapshots: what a policy would forget and why, and the record of the log that makes it so. */
import { BcatError } from "@bcat/errors";
import { appendToLog, type Repository, withLogSession, withReserve } from "@bcat/repository";
import { requireClock } from "../retention/believed-times.js";
import { type Grouping, type GroupKey, groupSnapshots } from "../retention/groups.js";
import { type JudgedSnapshot, type JudgeFacts, judgeGroup, judgePartials } from "../retention/judge.js";
import type { Policy } from "../retention/policy.js";
import { keptSnapshots, knownSnapshots, type ListedSnapshot, listSnapshots, Successors } from "../snapshots.js";
import { isUndo } from "../undo-tag.js";
import { keptBySize } from "./keep-size.js";
import type { SpaceOptions } from "./needed-space.js";

export interface ForgetPolicyOptions extends SpaceOptions {
  readonly policy: Policy;
  readonly groupBy: readonly Grouping[];
  /** Snapshots that the policy is about; of the others nothing is forgotten, and they fill no slot. */
  readonly has?: ((info: ListedSnapshot) => boolean) | undefined;
  /** Keeps the newest that together take at most so many bytes. */
  readonly sizeMax?: number | undefined;
  /** Also a group of which nothing would be kept. */
  readonly allowRemoveAll?: boolean | undefined;
  /** Remembers nothing of what is seen. */
  readonly dryRun?: boolean | undefined;
}

export interface ForgetGroup {
  readonly key: GroupKey;
  /** The newest first. */
  readonly keep: readonly JudgedSnapshot[];
  readonly remove: readonly JudgedSnapshot[];
}

/**
 * What a policy keeps and forgets. Changes nothing but what this client remembers of when it has seen each snapshot.
 *
 * @throws BcatError refused when all of a group would go, or the clock cannot be right; CorruptError when an outcome is
 *   damaged: who does not know all snapshots decides about none
 */
export async function planForget(given: Repository, options: ForgetPolicyOptions): Promise<ForgetGroup[]> {
  const repository = given.withSignal(options.signal);
  await listSnapshots(repository);
  const chosen = keptSnapshots(repository).filter((info) => options.has?.(info) !== false);
  const { now: clock, zone } = repository.environment;
  const now = clock();
  requireClock(chosen, now);
  const { history } = repository;
  const facts: JudgeFacts = {
    ...{ now, zone, firstSeen: lookAtAll(repository, now, options.dryRun === true) },
    isPinned: (number) => history.isPinned(number),
    alsoKept: await keptBySize(repository, chosen, options),
  };
  return judgeAll(chosen, options, facts);
}

/** The groups in which there are partial snapshots are judged when it is known what is kept of all. */
function judgeAll(chosen: readonly ListedSnapshot[], options: ForgetPolicyOptions, facts: JudgeFacts): ForgetGroup[] {
  const groups = groupSnapshots(chosen, options.groupBy).map(({ key, snapshots }) => ({
    key,
    snapshots,
    judged: judgeGroup(
      snapshots.filter(({ snapshot }) => snapshot.complete),
      options.policy,
      facts,
    ),
  }));
  for (const { key, judged } of groups) if (options.allowRemoveAll !== true) requireSome(key, judged);
  const kept = groups.flatMap(({ judged }) => judged.filter(isKept));
  return groups.map(({ key, snapshots, judged }) => {
    const partials = snapshots.filter(({ snapshot }) => !snapshot.complete);
    const all = [...judged, ...judgePartials(partials, kept, facts)];
    return { key, keep: all.filter(isKept), remove: all.filter((info) => !isKept(info)) };
  });
}

function isKept({ reasons }: JudgedSnapshot): boolean {
  return reasons.length > 0;
}

/** As restic: never all of a group by a policy that was meant to keep some. Those whose time cannot be right are none. */
function requireSome(key: GroupKey, judged: readonly JudgedSnapshot[]): void {
  const backups = judged.filter(({ snapshot }) => !isUndo(snapshot));
  if (backups.length === 0 || backups.some((info) => isKept(info) && info.isDoubted !== true)) return;
  const { host, tags } = key;
  const paths = key.paths?.map((path) => Buffer.from(path).toString()).join(", ");
  const whose = [
    ...(host === undefined ? [] : [` of host "${host}"`]),
    ...(paths === undefined ? [] : [` of ${paths}`]),
    ...(tags === undefined ? [] : [` with tags "${tags.join(",")}"`]),
  ].join("");
  const of = backups.length === 1 ? "them, of one snapshot" : `the ${backups.length} snapshots`;
  throw new BcatError(
    "refused",
    `Cannot forget by this policy: it would keep none of ${of}${whose}; nothing was forgotten`,
  );
}

/** When this client has seen each snapshot first: those that are new to it, now. */
function lookAtAll(repository: Repository, now: number, dryRun: boolean): ReadonlyMap<number, number> {
  const { firstSeen } = repository;
  const known = firstSeen.read();
  const numbers = keptSnapshots(repository).map(({ number }) => number);
  const times = new Map(numbers.sort((a, b) => a - b).map((number) => [number, known.get(number) ?? now]));
  if (!dryRun) firstSeen.write(times);
  return times;
}

export interface ForgetOptions {
  /** Forgets none when nothing would be left, as {@link requireSomeLeft}: also what others forget meanwhile counts. */
  readonly keepsSome?: boolean;
}

/**
 * Forgets snapshots: a record in the log, after which they are shown to nobody and keep nothing alive. On a full disk it
 * comes out of the reserve.
 *
 * @throws BcatError refused for one that is pinned, also while this goes on, and nothing was forgotten then; not-found for
 *   one that is not there; StorageError
 */
export async function forgetSnapshots(
  repository: Repository,
  numbers: readonly number[],
  { keepsSome = false }: ForgetOptions = {},
): Promise<void> {
  if (numbers.length === 0) return;
  const build = () => {
    requireForgettable(repository, numbers);
    if (keepsSome) requireSomeLeft(repository, numbers);
    return { kind: "forget", snapshots: [...numbers] } as const;
  };
  await withReserve(repository, async (reserved) => {
    await withLogSession(reserved, (session) => appendToLog(reserved, build, session));
  });
}

/** As by a policy: never all. @throws BcatError refused when no backup is left without these */
export function requireSomeLeft(repository: Repository, numbers: readonly number[]): void {
  const backups = knownSnapshots(repository).filter(({ snapshot }) => !isUndo(snapshot));
  if (backups.length === 0 || backups.some(({ number }) => !numbers.includes(number))) return;
  const all =
    backups.length === 1 ? "it is the only snapshot" : `they are all ${backups.length} snapshots that there are`;
  throw new BcatError(
    "refused",
    `Cannot forget ${backups.map(({ number }) => number).join(", ")}: ${all}; --unsafe-allow-remove-all forgets also the last; nothing was forgotten`,
  );
}

/** Who names one that was replaced may mean what stands in its place. @throws BcatError not-found */
export function requireUnreplaced(repository: Repository, numbers: readonly number[]): void {
  const { history } = repository;
  const successors = new Successors(repository);
  for (const number of numbers) {
    const snapshot = history.summaries.get(number);
    if (snapshot === undefined || !history.isForgotten(number)) continue;
    const successor = successors.of({ number, snapshot });
    if (successor !== undefined)
      throw new BcatError(
        "not-found",
        `Cannot forget snapshot ${number}: it was forgotten, and snapshot ${successor} stands in its place now`,
      );
  }
}

/** @throws BcatError refused, not-found */
export function requireForgettable({ history }: Repository, numbers: readonly number[]): void {
  const missing = numbers.find((number) => !history.summaries.has(number));
  if (missing !== undefined)
    throw new BcatError("not-found", `Cannot forget snapshot ${missing}: there is none of this number`);
  const pinned = numbers.filter((number) => history.isPinned(number));
  if (pinned.length === 0) return;
  const [which, are] =
    pinned.length === 1 ? [`snapshot ${pinned[0]}`, "it is"] : [`snapshots ${pinned.join(", ")}`, "they are"];
  throw new BcatError(
    "refused",
    `Cannot forget ${which}: ${are} pinned, bcat unpin ${pinned.join(" ")} comes first; nothing was forgotten`,
  );
}
