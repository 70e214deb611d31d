/** Finding snapshots: by number, by `latest`, as a list, or as the parent of the next one. */
import { BcatError, CorruptError, isBcatError } from "@bcat/errors";
import { type Repository, registerName, type Snapshot } from "@bcat/repository";

/** A committed snapshot and its number. */
export interface SnapshotInfo {
  readonly number: number;
  readonly snapshot: Snapshot;
}

/**
 * All snapshots that are not forgotten, ascending.
 *
 * @throws CorruptError when an outcome is damaged: a list that lacks one must not look complete
 */
export async function listSnapshots(repository: Repository): Promise<SnapshotInfo[]> {
  await repository.refresh();
  const problem = outcomeProblem(repository, 0);
  if (problem !== undefined) throw problem;
  const snapshots: SnapshotInfo[] = [];
  for (let number = 1; number <= repository.state.sessionHead; number++) {
    const info = await readSnapshot(repository, number);
    if (info !== undefined) snapshots.push(info);
  }
  return snapshots;
}

/**
 * The snapshot a user means: a number, `latest`, or `latest~2` for the one two before it.
 *
 * @throws BcatError usage for anything else; not-found; CorruptError
 */
export async function findSnapshot(repository: Repository, selector: string): Promise<SnapshotInfo> {
  const { number, back } = parseSelector(selector);
  await repository.refresh();
  if (number !== undefined) return await findNumber(repository, number);
  let left = back;
  for (let candidate = repository.state.sessionHead; candidate > 0; candidate--) {
    const info = await readSnapshot(repository, candidate);
    if (info !== undefined && left-- === 0) {
      const problem = outcomeProblem(repository, candidate) ?? logProblem(repository);
      if (problem !== undefined) throw problem;
      return info;
    }
  }
  const problem = outcomeProblem(repository, 0);
  if (problem !== undefined) throw problem;
  throw new BcatError("not-found", `Cannot find snapshot "${selector}": ${await describeSnapshots(repository)}`);
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

/** All snapshots that are not forgotten, the newest first. @throws CorruptError when an outcome is damaged */
export async function* newestSnapshots(repository: Repository): AsyncGenerator<SnapshotInfo> {
  for (let number = repository.state.sessionHead; number > 0; number--) {
    if (repository.state.isOpen(number)) continue;
    const info = await readSnapshot(repository, number);
    if (info !== undefined) yield info;
  }
}

async function findNumber(repository: Repository, number: number): Promise<SnapshotInfo> {
  const info = await readSnapshot(repository, number);
  if (info !== undefined) return info;
  const name = registerName("outcomes", number);
  const problem = repository.state.problems.find(({ object }) => object === name);
  if (problem !== undefined) throw problem;
  const reason = await describeMissing(repository, number);
  throw new BcatError("not-found", `Cannot find snapshot ${number}: ${reason}; ${await describeSnapshots(repository)}`);
}

async function describeMissing(repository: Repository, number: number): Promise<string> {
  if (repository.state.isForgotten(number)) return "it was forgotten";
  if (number > repository.state.sessionHead) return "there is none of this number yet";
  const outcome = await repository.readOutcome(number);
  if (outcome === undefined) return "that backup has not finished";
  return outcome.kind === "void" ? "that backup failed" : "that number is not a backup's";
}

async function describeSnapshots(repository: Repository): Promise<string> {
  const numbers: number[] = [];
  for (let number = repository.state.sessionHead; number > 0 && numbers.length < 5; number--) {
    if ((await readSnapshot(repository, number)) !== undefined) numbers.push(number);
  }
  return numbers.length === 0 ? "there are no snapshots" : `the newest are ${numbers.join(", ")}`;
}

async function readSnapshot(repository: Repository, number: number): Promise<SnapshotInfo | undefined> {
  if (repository.state.isForgotten(number)) return undefined;
  let outcome: Awaited<ReturnType<Repository["readOutcome"]>>;
  try {
    outcome = await repository.readOutcome(number);
  } catch (error) {
    if (isBcatError(error, "corrupt")) throw namedDamage(error, number);
    throw error;
  }
  if (outcome?.kind !== "snapshot" || !outcome.snapshot.complete) return undefined;
  return { number, snapshot: outcome.snapshot };
}

function namedDamage(error: unknown, number: number): unknown {
  if (!(error instanceof CorruptError) || error.object !== undefined) return error;
  return new CorruptError(error.message, { cause: error, object: registerName("outcomes", number) });
}

/** Damage among the outcomes behind `number`: one of them might be the snapshot that is asked for. */
function outcomeProblem(repository: Repository, number: number): CorruptError | undefined {
  const behind = registerName("outcomes", number);
  return repository.state.problems.find(({ object }) => object?.startsWith("outcomes/") === true && object > behind);
}

/** Damage in the log: what cannot be read might be that the newest snapshot was forgotten. */
function logProblem(repository: Repository): CorruptError | undefined {
  return repository.state.problems.find(({ object }) => object?.startsWith("log/") === true);
}
