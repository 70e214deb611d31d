/** Makes a snapshot anew, as a session of its own, with the same trees and some fields changed. */
import { isBcatError } from "@bcat/errors";
import {
  encodeOutcome,
  type Original,
  type Repository,
  type Snapshot,
  type SnapshotOutcome,
  WriteSession,
} from "@bcat/repository";
import { COMPRESSION_LEVELS } from "../backup/options.js";
import { keptSnapshots } from "../snapshots.js";
import { takeOver } from "./take-over.js";
import type { TakenOptions } from "./taken-references.js";

export interface RemakeOptions extends TakenOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is to be other than it was. */
  readonly change?: Partial<Pick<Snapshot, "tags" | "host" | "start" | "end" | "isTimeSaid">>;
}

export interface Remade {
  readonly number: number;
  /** Chunks that had to be stored again. */
  readonly copied: number;
  /** An earlier run has made it already. */
  readonly wasThere: boolean;
}

/**
 * Commits what snapshot `number` is, forgotten or not, under a new number that has the place of its original.
 *
 * @param outcome of that snapshot
 * @throws as takeOver; BcatError as WriteSession.begin
 */
export async function remakeSnapshot(
  given: Repository,
  number: number,
  outcome: SnapshotOutcome,
  options: RemakeOptions = {},
): Promise<Remade> {
  const repository = given.withSignal(options.signal);
  const wanted = remade(number, outcome.snapshot, options.change);
  const before = await findRemade(repository, { ...outcome, snapshot: wanted }, number);
  if (before !== undefined) return { number: before, copied: 0, wasThere: true };
  const session = await WriteSession.begin(repository, { level: COMPRESSION_LEVELS.auto, dryRun: false });
  try {
    const { logHead, copied } = await takeOver(session, outcome.snapshot, options);
    await session.commit({ ...wanted, logHead }, outcome.unknown);
    return { number: session.number, copied, wasThere: false };
  } catch (error) {
    await endWithout(session, error);
    throw error;
  }
}

/** Ends a session that `error` has stopped: for good where trying again would not help, so that nobody waits for it. */
export async function endWithout(session: WriteSession, error: unknown): Promise<void> {
  try {
    if (isBcatError(error, "corrupt") && !session.session.isDryRun)
      await session.giveUp("what it was to refer to is not there");
  } catch (other) {
    // What is wrong with the storage is told by whoever uses it next.
    if (!isBcatError(other)) throw other;
  }
  await session.abandon();
}

/** The snapshot made anew: `original` is the first of those that were made from one another. */
export function remade(number: number, snapshot: Snapshot, change: RemakeOptions["change"] = {}): Snapshot {
  return { ...snapshot, ...change, original: placeTaken(number, snapshot) };
}

/**
 * The original that what is made from snapshot `number` names, and so whose place it has. What was made from a copy still
 * names what that is a copy of, and has the place of the copy.
 */
export function placeTaken(number: number, { start, original }: Snapshot): Original {
  if (original === undefined) return { number, time: start };
  return original.repository === undefined ? original : { place: number, ...original };
}

/** Number of a snapshot that is `wanted` already, as a run leaves it that ended before it could say so. */
export async function findRemade(
  repository: Repository,
  wanted: SnapshotOutcome,
  number: number,
): Promise<number | undefined> {
  const { original } = wanted.snapshot;
  const place = original?.repository === undefined ? original?.number : original.place;
  const bytes = comparable(wanted);
  for (const info of keptSnapshots(repository)) {
    if (info.number <= number || place === undefined || info.snapshot.originalNumber !== place) continue;
    const outcome = await repository.readOutcome(info.number);
    if (outcome?.kind === "snapshot" && Buffer.compare(comparable(outcome), bytes) === 0) return info.number;
  }
  return undefined;
}

/** Without what two of the same snapshot differ in: where chunks are, what was added, and what their sessions have seen. */
function comparable({ snapshot, unknown }: SnapshotOutcome): Uint8Array {
  const counts = {
    ...snapshot.counts,
    dataChunksAdded: 0,
    treeChunksAdded: 0,
    plainBytesAdded: 0,
    storedBytesAdded: 0,
  };
  const same = { ...snapshot, counts, seen: [], logHead: 0 };
  return encodeOutcome({ kind: "snapshot", added: [], removed: [], snapshot: same, ...(unknown && { unknown }) });
}
