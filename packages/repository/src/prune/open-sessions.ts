/**
 * The wait of a prune. Condemned packs may be deleted only when every backup that was found after the record was read
 * back has ended; one that seems dead is decided for it. Prunes are waited for by nobody.
 */
import { ObjectType, openObject } from "@bcat/crypto";
import { BcatError, CorruptError } from "@bcat/errors";
import type { SnapshotOutcome } from "../bodies/outcome.js";
import { decodeSession, type SessionBody } from "../bodies/session.js";
import { decideOutcomeOf } from "../log-writer.js";
import { readNewestPartial } from "../partials.js";
import { readAndOpen } from "../read-again.js";
import { registerName } from "../registers.js";
import { catchUpStrictly, partsOf, type RepositoryParts } from "../repository.js";
import type { Session } from "../session.js";
import { believeSigns } from "./future-signs.js";

/** A session without an outcome. */
export interface OpenSession {
  readonly number: number;
  readonly kind: SessionBody["kind"];
  readonly host: string;
  /**
   * Since its last sign of life, its start or a checkpoint, as its machine's clock says; of one in the future since it was
   * met. Milliseconds.
   */
  readonly silentMs: number;
  /** Its newest checkpoint. */
  readonly partial?: SnapshotOutcome | undefined;
}

export interface WaitOptions {
  /** Silence after which a session counts as dead, milliseconds. A heuristic: one that lives has to start over. */
  readonly voidAfterMs: number;
  /** Told of each session that was decided. */
  readonly onDecided: (session: OpenSession) => void;
}

/**
 * Reads log, sessions and outcomes again, decides what seems dead, and reads again.
 *
 * @returns the sessions that are to be waited for; without any, the index and the history are those of a moment at which
 *   every backup that does not know of the condemned packs had ended
 */
export async function waitForOthers(session: Session, options: WaitOptions): Promise<OpenSession[]> {
  const parts = partsOf(session.repository);
  await catchUpStrictly(parts);
  const { decidable, waited } = judgeSessions(parts, await readOpenSessions(parts, session.number), options);
  for (const open of decidable) {
    // Rule 4b of docs/architecture.md: the newest checkpoint is kept.
    const outcome = open.partial ?? { kind: "void", reason: describeSilence(open) };
    await decideOutcomeOf(session, open.number, outcome);
    options.onDecided(open);
  }
  await catchUpStrictly(parts);
  return waited;
}

/** Of open sessions those that seem dead and may be decided, and those that are to be waited for. */
export function judgeSessions(
  parts: Pick<RepositoryParts, "config">,
  open: readonly OpenSession[],
  options: Pick<WaitOptions, "voidAfterMs">,
): { readonly decidable: OpenSession[]; readonly waited: OpenSession[] } {
  const decidable = open.filter((session) => isDecidable(parts, session, options));
  const waited = open.filter((session) => !decidable.includes(session) && isWaitedFor(parts, session));
  return { decidable, waited };
}

/**
 * In a place for one writer nothing is condemned beside an open session, rule 9 of docs/architecture.md.
 *
 * @throws BcatError conditions-not-met
 */
export function requireAlone({ config }: Pick<RepositoryParts, "config">, [other]: readonly OpenSession[]): void {
  if (config.isForOneWriter !== true || other === undefined) return;
  const found = `session ${other.number} of host ${other.host} has not ended, and in a place for one writer nobody else can end it`;
  throw new BcatError("conditions-not-met", `Cannot prune: ${found}; that machine's next backup does`);
}

/** All sessions without an outcome, but for `own`. @throws CorruptError, BcatError newer-format, StorageError */
export async function readOpenSessions(parts: RepositoryParts, own: number): Promise<OpenSession[]> {
  const open: Omit<OpenSession, "silentMs">[] = [];
  const signs = new Map<number, number>();
  for (const number of parts.history.openSessions) {
    if (number === own) continue;
    const { kind, host, start } = await readSession(parts, number);
    const partial = kind === "backup" ? await readNewestPartial(parts, number) : undefined;
    signs.set(number, Math.max(start, partial?.snapshot.end ?? start));
    open.push({ number, kind, host, partial });
  }
  const believed = believeSigns(parts, signs);
  const now = parts.environment.now();
  return open.map((session) => ({ ...session, silentMs: now - believed.get(session.number)! }));
}

/** Backups, rule 5 of docs/architecture.md; in a place for one writer everybody, rule 9. */
export function isWaitedFor({ config }: Pick<RepositoryParts, "config">, { kind }: OpenSession): boolean {
  if (config.isForOneWriter === true) return true;
  return kind === "backup";
}

/** In a place for one writer nobody decides for others, rule 9 of docs/architecture.md. */
function isDecidable(
  { config }: Pick<RepositoryParts, "config">,
  { silentMs }: OpenSession,
  { voidAfterMs }: Pick<WaitOptions, "voidAfterMs">,
): boolean {
  if (config.isForOneWriter === true) return false;
  return silentMs >= voidAfterMs;
}

function describeSilence({ silentMs }: OpenSession): string {
  return `a prune took it for dead: no sign of life for ${Math.floor(silentMs / 1000)} seconds`;
}

async function readSession({ storage, context }: RepositoryParts, number: number): Promise<SessionBody> {
  const name = registerName("sessions", number);
  const found = await readAndOpen(
    () => storage.get(name),
    (bytes) => decodeSession(openObject(context.keys, { type: ObjectType.SESSION, name }, bytes).body, name),
  );
  if (found === undefined) throw new CorruptError(`Cannot read "${name}": it is missing`, { object: name });
  return found;
}
