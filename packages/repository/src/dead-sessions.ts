/**
 * What dead sessions of this client have left is taken over by the next one (rules 4a and 4b of docs/architecture.md):
 * first it decides how they ended, as their newest checkpoint, and reads that back; only then is it a snapshot. Packs that
 * no checkpoint names are found by the journal.
 */

import { type LeftJournal, readJournals } from "./journal.js";
import { decideOutcomeOf } from "./log-writer.js";
import { readNewestPartial } from "./partials.js";
import { registerName } from "./registers.js";
import { partsOf, type RepositoryParts } from "./repository.js";
import type { Session } from "./session.js";

const REASON = "the session did not finish";

/**
 * Decides how the dead sessions of this client ended.
 *
 * @returns the journals of those that did not end with a whole snapshot. They stay until what they name is committed
 * @throws BcatError; CorruptError; StorageError
 */
export async function settleDeadSessions(session: Session): Promise<LeftJournal[]> {
  const parts = partsOf(session.repository);
  const { places, environment, history } = parts;
  if (places.folder === undefined || session.isDryRun) return [];
  const left: LeftJournal[] = [];
  for (const journal of readJournals(places.folder, environment.now())) {
    const { number } = journal;
    if (number >= session.number || !isFree(parts, journal)) continue;
    if (!(await isOfThisHistory(parts, journal))) {
      journal.remove();
      continue;
    }
    // Rule 4b: what a session leaves counts when it is decided and was read back, not before.
    if (history.isOpen(number)) await decideDead(session, number);
    const outcome = await session.repository.readOutcome(number);
    if (outcome?.kind === "snapshot" && outcome.snapshot.complete) journal.remove();
    else left.push(journal);
  }
  return left;
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
