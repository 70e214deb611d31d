/**
 * What dead sessions of this client have left is taken over by the next one (rules 4a and 4b of docs/architecture.md):
 * first it decides how they ended, as their newest checkpoint, and reads that back; only then is it a snapshot. Packs that
 * no checkpoint names are found by the journal.
 */

import { type LeftJournal, type NotedPack, readJournals } from "./journal.js";
import { decideOutcomeOf } from "./log-writer.js";
import { readNewestPartial } from "./partials.js";
import { registerName } from "./registers.js";
import { partsOf, type RepositoryParts } from "./repository.js";
import type { Session } from "./session.js";

const REASON = "the session did not finish";

/**
 * Decides how the dead sessions of this client ended.
 *
 * @param onDecided is told the number of each that had no outcome
 * @returns the journals of those that did not end with a whole snapshot. They stay until what they name is committed
 * @throws BcatError; CorruptError; StorageError
 */
export async function settleDeadSessions(
  session: Session,
  onDecided?: (number: number) => void,
): Promise<LeftJournal[]> {
  const parts = partsOf(session.repository);
  const { history } = parts;
  if (session.isDryRun) return [];
  const left: LeftJournal[] = [];
  for (const journal of freeJournals(parts)) {
    const { number } = journal;
    if (number >= session.number) continue;
    if (!(await isOfThisHistory(parts, journal))) {
      journal.remove();
      continue;
    }
    // Rule 4b: what a session leaves counts when it is decided and was read back, not before.
    if (history.isOpen(number)) {
      await decideDead(session, number);
      onDecided?.(number);
    }
    const outcome = await session.repository.readOutcome(number);
    if (outcome?.kind === "snapshot" && outcome.snapshot.complete) journal.remove();
    else left.push(journal);
  }
  return left;
}

/** Those that {@link settleDeadSessions} would decide, as far as the history was read. */
export function openDeadSessions(parts: RepositoryParts): number[] {
  return freeJournals(parts)
    .map(({ number }) => number)
    .filter((number) => parts.history.isOpen(number));
}

/** Packs that the next backup of this client may adopt, of sessions that wrote something less than `quietMaxMs` ago. */
export function packsToAdopt(parts: RepositoryParts, quietMaxMs: number): NotedPack[] {
  return freeJournals(parts).flatMap(({ quietMs, packs }) => (quietMs < quietMaxMs ? packs : []));
}

/** Those of sessions whose process has ended. */
function freeJournals(parts: RepositoryParts): LeftJournal[] {
  const { places, environment } = parts;
  if (places.folder === undefined) return [];
  return readJournals(places.folder, environment.now()).filter((journal) => isFree(parts, journal));
}

/** Rule 4b: a session whose process may run is left alone, or two that run at the same time would end each other for ever. */
function isFree({ environment }: RepositoryParts, { mark, quietMs }: LeftJournal): boolean {
  return mark === undefined || environment.processes?.mayRun(mark, quietMs) === false;
}

/** False for a session of another history, in which its number was given to another. */
async function isOfThisHistory({ storage, context }: RepositoryParts, journal: LeftJournal): Promise<boolean> {
  const bytes = await storage.get(registerName("sessions", journal.number));
  return bytes !== undefined && Buffer.from(context.blake3.hash(bytes)).toString("hex") === journal.session;
}

async function decideDead(session: Session, number: number): Promise<void> {
  const partial = await readNewestPartial(partsOf(session.repository), number);
  await decideOutcomeOf(session, number, partial ?? { kind: "void", reason: REASON });
}
