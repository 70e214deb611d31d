/** Appends to the log (docs/format.md section 9), and decides how the sessions of others ended. */
import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { BcatError, StorageError } from "@bcat/errors";
import { encodeLogRecord, type LogEntry } from "./bodies/log.js";
import { decodeOutcome, encodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { NameReference } from "./bodies/references.js";
import { readAndOpen } from "./read-again.js";
import { decideAndReadBack, decideRegister, registerName } from "./registers.js";
import { partsOf, type Repository, type RepositoryParts, saveManifest, updateIndex } from "./repository.js";
import { Session } from "./session.js";
import { becomeOwn, refuseFork } from "./standing.js";

/** Numbers tried before giving up: others take them as fast as we ask. */
const APPEND_ATTEMPTS_MAX = 1000;
/** Packs that one record condemns: 24 bytes each, of its 16 MiB. */
const RECORD_PACKS_MAX = 500_000;

/**
 * Appends a record and reads it back: whoever begins to read the log from now on meets it. Killed before that, it may be
 * there or not; to append it again is harmless.
 *
 * @param entry what to say; or what makes it when the log has been read to its head, and may throw
 * @param session the caller's own, still open. Without it, where the place is for one writer, see {@link withLogSession}
 * @returns the number of the record
 * @throws BcatError refused, identity-changed; CorruptError; StorageError
 */
export async function appendToLog(
  repository: Repository,
  entry: LogEntry | (() => LogEntry),
  session?: Session,
): Promise<number> {
  const parts = partsOf(repository);
  refuseFork(parts);
  return await parts.changes.run(async () => {
    if (parts.config.isForOneWriter === true) requireAlone(parts, session);
    const { history, storage, environment, context } = parts;
    for (let attempt = 0; attempt < APPEND_ATTEMPTS_MAX; attempt++) {
      await history.readLog(storage, true);
      const number = history.logHead + 1;
      const name = registerName("log", number);
      const head = { time: environment.now(), host: environment.host };
      const said = typeof entry === "function" ? entry() : entry;
      const body = encodeLogRecord({ ...said, ...head, ...(session && { session: session.number }) });
      const object = { type: ObjectType.LOG, name, epoch: history.epoch, domain: 0 };
      if (!(await decideAndReadBack(storage, name, sealObject(context, object, body)))) continue;
      if (parts.standing.kind !== "current") becomeOwn(parts);
      await history.readLog(storage, true);
      if (parts.index.isCurrent(history)) saveManifest(parts);
      else await updateIndex(parts, { strict: true });
      return number;
    }
    throw new BcatError("refused", `Cannot write to the log: ${APPEND_ATTEMPTS_MAX} numbers were taken by others`);
  });
}

/**
 * Condemns packs, in as many records as they take.
 *
 * @param damage they are missing or damaged: from then on backups look up what they take over, and heal it
 * @param session the caller's own, where one is open
 * @throws as {@link appendToLog}
 */
export async function condemnPacks(
  repository: Repository,
  packs: readonly NameReference[],
  session: Session | undefined,
  damage: { readonly areDamaged?: true } = {},
): Promise<void> {
  for (let first = 0; first < packs.length; first += RECORD_PACKS_MAX) {
    const some = packs.slice(first, first + RECORD_PACKS_MAX);
    await appendToLog(repository, { kind: "condemn", packs: some, ...damage }, session);
  }
}

/**
 * Runs `action`, which appends to the log, with a session of its own where the place is for one writer: whoever writes
 * there holds one meanwhile, forget too (rule 9). Elsewhere without.
 */
export async function withLogSession<T>(
  repository: Repository,
  action: (session: Session | undefined) => Promise<T>,
): Promise<T> {
  if (repository.config.isForOneWriter !== true) return await action(undefined);
  const session = await Session.begin(repository, { kind: "prune" });
  try {
    const result = await action(session);
    await session.decide({ kind: "void", reason: "wrote to the log" });
    return result;
  } finally {
    session.abandon();
  }
}

/**
 * Decides how session `number`, which is another's, ended, unless that is decided already; brings history and index up
 * to that.
 *
 * @param session the caller's own, begun after that one
 * @returns how it ended, read back: only that counts, whatever `outcome` was (rule 4b)
 */
export async function decideOutcomeOf(session: Session, number: number, outcome: Outcome): Promise<Outcome> {
  const parts = partsOf(session.repository);
  const { storage, context, history } = parts;
  return await parts.changes.run(async () => {
    const name = registerName("outcomes", number);
    const object = { type: ObjectType.OUTCOME, name, epoch: history.epoch, domain: 0 };
    await decideRegister(storage, name, sealObject(context, object, encodeOutcome(outcome)));
    const decided = await readAndOpen(
      () => storage.get(name),
      (bytes) => decodeOutcome(openObject(context.keys, { type: ObjectType.OUTCOME, name }, bytes).body, name),
    );
    if (decided === undefined)
      throw new StorageError(`Cannot rely on the storage: it took "${name}" and does not give it back`, {
        isFinal: true,
      });
    await history.refresh(storage, { strict: true, ownSession: session.number });
    await updateIndex(parts, { strict: true });
    return decided;
  });
}

/** What a place for one writer says of others proves nothing about requests under way: all have to have ended (rule 9). */
function requireAlone({ history }: RepositoryParts, session: Session | undefined): void {
  if (session === undefined)
    throw new RangeError("Cannot write to the log: it takes a session in a place for one writer");
  const other = history.openSessions.find((number) => number !== session.number);
  if (other === undefined) return;
  throw new BcatError(
    "refused",
    `Cannot write to the log: session ${other} has not ended, and in a place for one writer at a time nobody can tell whether it still writes; its own machine's next backup ends it`,
  );
}
