/** Takes all that a snapshot refers to over into a new session, forgotten or not: for undelete, tag, copies and repairs. */
import { CorruptError } from "@bcat/errors";
import type { Snapshot, WriteSession } from "@bcat/repository";
import { walkReferences } from "../references/walk-references.js";
import { lostError, type TakenOptions, TakenReferences } from "./taken-references.js";

export interface TakenOver {
  /** Lowest head of the log that the references were checked against: field 32 of what is committed (rule 2). */
  readonly logHead: number;
  /** Chunks that lay in condemned packs only, and were stored again. */
  readonly copied: number;
}

/**
 * Afterwards the session may commit the roots of `snapshot`. Nothing is read where nothing was condemned since the
 * snapshot was committed (decision 2).
 *
 * @throws CorruptError naming paths of what is lost: then nothing may be committed; StorageError
 */
export async function takeOver(
  session: WriteSession,
  snapshot: Snapshot,
  options: TakenOptions = {},
): Promise<TakenOver> {
  const { repository } = session;
  // Rule 5: what was condemned behind its head is looked for again, by the log as read after this session began.
  const mustResolve = repository.history.condemnedSince(snapshot.logHead);
  if (!mustResolve) return { logHead: snapshot.logHead, copied: 0 };
  const references = new TakenReferences(session, options);
  try {
    await walkReferences(repository, snapshot, references);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    throw lostError([references.path], { count: 1, cause: error });
  }
  await references.finish();
  return { logHead: session.session.logHead, copied: references.counts.copied };
}
