/** Finding snapshots: by number, by `latest`, as a list, or as the parent of the next one. */
import { BcatError, CorruptError, isBcatError } from "@bcat/errors";
import { type Repository, registerName, type Snapshot, type SnapshotSummary } from "@bcat/repository";
import { isUndo } from "./undo-tag.js";

/** Snapshots that are named when the one asked for is not there. */
const NAMED_MAX = 5;

/** A committed snapshot and its number. */
export interface SnapshotInfo {
  readonly number: number;
  readonly snapshot: Snapshot;
}

/** A snapshot as a list shows it, without its trees. */
export interface ListedSnapshot {
  readonly number: number;
  readonly snapshot: SnapshotSummary;
}

export interface ListOptions {
  readonly signal?: AbortSignal;
  /** Also what was saved of backups that did not end. */
  readonly withPartial?: boolean;
  /** Told of each damaged outcome; the list then has the others. */
  readonly onDamage?: (damage: CorruptError) => void;
}

/**
 * All complete snapshots that are not forgotten, the oldest first. Reads what is new since the last list, and neither outcomes twice nor
 * anything of the index.
 *
 * @throws CorruptError when an outcome is damaged and nobody is told: a list that lacks one must not look complete
 */
export async function listSnapshots(given: Repository, options: ListOptions = {}): Promise<ListedSnapshot[]> {
  const repository = given.withSignal(options.signal);
  await repository.refresh({ trustHead: true });
  const [problem] = outcomeProblems(repository, 0);
  if (problem !== undefined && options.onDamage === undefined) throw problem;
  for (const damage of outcomeProblems(repository, 0)) options.onDamage?.(damage);
  return options.withPartial === true ? keptSnapshots(repository) : knownSnapshots(repository);
}

export interface FindSnapshotOptions {
  readonly signal?: AbortSignal;
  /** Which snapshots `latest` is the newest of: all of them by default. */
  readonly among?: SnapshotGroup | undefined;
}

export interface SnapshotGroup {
  readonly has: (info: ListedSnapshot) => boolean;
  /** In words: `host "laptop"`. */
  readonly what: string;
}

/**
 * The snapshot a user means: a number, `latest`, or `latest~2` for the one two before it.
 *
 * @throws BcatError usage for anything else; not-found; CorruptError
 */
export async function findSnapshot(
  given: Repository,
  selector: string,
  options: FindSnapshotOptions = {},
): Promise<SnapshotInfo> {
  const { number, back } = parseSelector(selector);
  const repository = given.withSignal(options.signal);
  await repository.refresh();
  if (number !== undefined) return await findNumber(repository, number);
  const candidate = knownSnapshots(repository)
    .filter((info) => !isUndo(info.snapshot) && options.among?.has(info) !== false)
    .at(-1 - back);
  const [problem] = outcomeProblems(repository, candidate?.number ?? 0);
  if (problem !== undefined) throw problem;
  if (candidate !== undefined) {
    const damage = logProblem(repository);
    if (damage !== undefined) throw damage;
    const info = await readSnapshot(repository, candidate.number);
    if (info !== undefined) return info;
  }
  const found = options.among === undefined ? describeBackups(repository) : describeAmong(repository, options.among);
  throw new BcatError("not-found", `Cannot find snapshot "${selector}": ${found}`);
}

/** What a selector says: a number, or how far back from the latest. @throws BcatError usage */
export function parseSelector(selector: string): { number: number | undefined; back: number } {
  const latest = /^latest(?:~(\d{1,10}))?$/.exec(selector);
  if (latest !== null) return { number: undefined, back: Number(latest[1] ?? 0) };
  if (/^[1-9]\d{0,9}$/.test(selector)) return { number: Number(selector), back: 0 };
  throw new BcatError(
    "usage",
    `Cannot find snapshot "${selector}": give a number, "latest", or "latest~2" for the one two before it`,
  );
}

/**
 * Snapshots that are complete and not forgotten, as of the last refresh, the oldest first: one that was made from another,
 * as by `tag`, stands where that stood. Reads nothing.
 */
export function knownSnapshots(repository: Repository): ListedSnapshot[] {
  return keptSnapshots(repository).filter(({ snapshot }) => snapshot.complete);
}

/** As {@link knownSnapshots}, with those that are partial. */
export function keptSnapshots({ history }: Repository): ListedSnapshot[] {
  const all = [...history.summaries].map(([number, snapshot]) => ({ number, snapshot }));
  return inOrder(all.filter(({ number }) => !history.isForgotten(number)));
}

/** Sorted by the backup that each is of, and then by number. */
export function inOrder(snapshots: readonly ListedSnapshot[]): ListedSnapshot[] {
  return [...snapshots].sort((a, b) => placeOf(a) - placeOf(b) || a.number - b.number);
}

/** The number of the backup whose place a snapshot has: its own, unless it was made from another. */
function placeOf({ number, snapshot }: ListedSnapshot): number {
  return snapshot.originalNumber ?? number;
}

/** Those that stand in the place of forgotten ones, as of the last refresh: made from them by `tag`, `undelete` and others. */
export class Successors {
  /** The newest of each place. */
  readonly #newest = new Map<number, number>();

  constructor(repository: Repository) {
    for (const info of keptSnapshots(repository)) this.#newest.set(placeOf(info), info.number);
  }

  of(info: ListedSnapshot): number | undefined {
    const newest = this.#newest.get(placeOf(info));
    return newest !== undefined && newest > info.number ? newest : undefined;
  }
}

/** Why there is no whole snapshot of this number, as of the last refresh, in words that follow a colon. */
export async function describeMissing(repository: Repository, number: number): Promise<string> {
  const { history } = repository;
  const snapshot = history.summaries.get(number);
  if (history.isForgotten(number) && snapshot !== undefined) {
    const successor = new Successors(repository).of({ number, snapshot });
    if (successor === undefined) return `it was forgotten, bcat undelete ${number} may bring it back`;
    return `it was forgotten, and snapshot ${successor} stands in its place now`;
  }
  if (history.isForgotten(number)) return "it was forgotten";
  if (snapshot?.complete === false) return "it is partial, of a backup that did not end";
  if (number > history.sessionHead) return "there is none of this number yet";
  const outcome = await repository.readOutcome(number);
  if (outcome === undefined) return "that backup has not finished";
  return outcome.kind === "void" ? `that backup made none (${outcome.reason})` : "that number is not a backup's";
}

async function findNumber(repository: Repository, number: number): Promise<SnapshotInfo> {
  const info = await readSnapshot(repository, number);
  if (info !== undefined) return info;
  const name = registerName("outcomes", number);
  const problem = repository.history.problems.find(({ object }) => object === name);
  if (problem !== undefined) throw problem;
  const reason = await describeMissing(repository, number);
  throw new BcatError("not-found", `Cannot find snapshot ${number}: ${reason}; ${describeSnapshots(repository)}`);
}

function describeSnapshots(repository: Repository): string {
  const numbers = newestOf(knownSnapshots(repository));
  return numbers.length === 0 ? "there are no snapshots" : `the newest ${are(numbers)}`;
}

/** Those that may be the latest. */
function describeBackups(repository: Repository): string {
  const all = knownSnapshots(repository);
  const backups = all.filter(({ snapshot }) => !isUndo(snapshot));
  if (backups.length > 0) return `the newest ${are(newestOf(backups))}`;
  return all.length === 0 ? "there are no snapshots" : "there are only those of what restores have overwritten";
}

function describeAmong(repository: Repository, { has, what }: SnapshotGroup): string {
  const all = knownSnapshots(repository);
  const fitting = all.filter(has);
  const candidates = fitting.filter(({ snapshot }) => !isUndo(snapshot));
  if (candidates.length > 0) return `of those of ${what}, the newest ${are(newestOf(candidates))}`;
  if (fitting.length > 0)
    return `those of ${what} keep what restores have overwritten, and are never the latest: give a number, the newest ${are(newestOf(fitting))}`;
  return all.length === 0 ? "there are no snapshots" : `none is of ${what}; bcat snapshots lists them`;
}

function are(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? "is" : "are"} ${numbers.join(", ")}`;
}

function newestOf(snapshots: readonly ListedSnapshot[]): number[] {
  const newest = snapshots.slice(-NAMED_MAX).map(({ number }) => number);
  return newest.reverse();
}

/** Snapshot `number` with its trees, also a partial one; undefined for one that is none or forgotten. @throws CorruptError */
export async function readSnapshot(repository: Repository, number: number): Promise<SnapshotInfo | undefined> {
  if (repository.history.isForgotten(number)) return undefined;
  let outcome: Awaited<ReturnType<Repository["readOutcome"]>>;
  try {
    outcome = await repository.readOutcome(number);
  } catch (error) {
    if (isBcatError(error, "corrupt")) throw namedDamage(error, number);
    throw error;
  }
  if (outcome?.kind !== "snapshot") return undefined;
  return { number, snapshot: outcome.snapshot };
}

function namedDamage(error: unknown, number: number): unknown {
  if (!(error instanceof CorruptError) || error.object !== undefined) return error;
  return new CorruptError(error.message, { cause: error, object: registerName("outcomes", number) });
}

/** Damage among the outcomes behind `number`, of each the first: one might be the snapshot that is asked for. */
function outcomeProblems(repository: Repository, number: number): CorruptError[] {
  const behind = registerName("outcomes", number);
  const first = new Map<string, CorruptError>();
  for (const problem of repository.history.problems) {
    const { object = "" } = problem;
    if (object.startsWith("outcomes/") && object > behind && !first.has(object)) first.set(object, problem);
  }
  return [...first.values()];
}

/** Damage in the log: what cannot be read might be that the newest snapshot was forgotten. */
function logProblem(repository: Repository): CorruptError | undefined {
  return repository.history.problems.find(({ object }) => object?.startsWith("log/") === true);
}
