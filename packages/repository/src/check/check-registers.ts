/** Checks sessions, outcomes and the log: all there, all readable, and which segments follow from them. */

import { KEY_SLOT_LENGTH, keySlotId, ObjectType, openObject } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { segmentName } from "@bcat/pack";
import { decodeLogRecord } from "../bodies/log.js";
import { decodeOutcome } from "../bodies/outcome.js";
import type { SegmentReference } from "../bodies/references.js";
import { decodeSession } from "../bodies/session.js";
import type { Snapshot } from "../bodies/snapshot.js";
import { KEY_SLOTS_MAX } from "../open.js";
import { readAndOpen } from "../read-again.js";
import { registerName, type Sequence } from "../registers.js";
import { partsOf, type Repository } from "../repository.js";
import type { CheckRun } from "./check-run.js";

/** What the registers say the repository consists of. */
export interface Inventory {
  readonly snapshots: readonly { readonly number: number; readonly snapshot: Snapshot }[];
  readonly segments: ReadonlyMap<string, SegmentReference>;
  /** Registers that exist, by name. */
  readonly names: ReadonlySet<string>;
  /** Heads of the sequences: what lies behind them has been put since. */
  readonly sessionHead: number;
  readonly logHead: number;
  /** Sessions that have no outcome, and none that anybody has seen. */
  readonly unfinished: ReadonlySet<number>;
}

const READERS = {
  sessions: { type: ObjectType.SESSION, decode: decodeSession },
  outcomes: { type: ObjectType.OUTCOME, decode: decodeOutcome },
  log: { type: ObjectType.LOG, decode: decodeLogRecord },
} as const;

/** Reads all registers. Memory: the snapshots, the names of segments, and the numbers of sessions without an outcome. */
export async function checkRegisters(repository: Repository, run: CheckRun): Promise<Inventory> {
  const { history } = repository;
  const { sessionHead, logHead } = history;
  const snapshots: { number: number; snapshot: Snapshot }[] = [];
  const segments = new Map<string, SegmentReference>();
  /** As sets: a prune with a lower number may have removed what a backup with a higher one added. */
  const removed: string[] = [];
  const names = new Set<string>();
  const unfinished: number[] = [];
  for (let number = 1; number <= sessionHead; number++) {
    if ((await readRegister(repository, run, "sessions", number, names)) === undefined) {
      const name = registerName("sessions", number);
      if (!names.has(name))
        run.reportDamage(name, `"${name}" is missing although later ones exist`, { code: "missing" });
    }
    const outcome = await readRegister(repository, run, "outcomes", number, names);
    await run.step("registers", number, sessionHead);
    // What has ended since the history was read names segments that the index has not.
    if (history.isOpen(number)) {
      unfinished.push(number);
      continue;
    }
    if (outcome === undefined || !("kind" in outcome)) {
      if (!names.has(registerName("outcomes", number))) unfinished.push(number);
      continue;
    }
    if (outcome.kind === "snapshot" || outcome.kind === "compaction") {
      for (const reference of outcome.added) segments.set(segmentName(reference), reference);
      removed.push(...outcome.removed.map(segmentName));
    }
    if (outcome.kind === "snapshot" && !history.isForgotten(number))
      snapshots.push({ number, snapshot: outcome.snapshot });
  }
  for (const name of removed) segments.delete(name);
  for (let number = 1; number <= logHead; number++) await readRegister(repository, run, "log", number, names);
  run.snapshots = snapshots.length;
  const running = unfinished.filter((number) => !isLost(run, number, snapshots));
  return { snapshots, segments, names, sessionHead, logHead, unfinished: new Set(running) };
}

/** Whether the outcome of a session was there, as a snapshot says; then that is reported. */
function isLost(run: CheckRun, number: number, snapshots: Inventory["snapshots"]): boolean {
  const name = registerName("outcomes", number);
  if (run.isDamaged(name)) return true;
  const witness = snapshots.find(({ snapshot }) => snapshot.seen.some((outcome) => outcome.number === number));
  if (witness === undefined) return false;
  run.reportDamage(name, `"${name}" is missing, but snapshot ${witness.number} has seen it`, { code: "missing" });
  return true;
}

type Body<S extends Sequence> = ReturnType<(typeof READERS)[S]["decode"]>;

async function readRegister<S extends Sequence>(
  repository: Repository,
  run: CheckRun,
  sequence: S,
  number: number,
  names: Set<string>,
): Promise<Body<S> | undefined> {
  const name = registerName(sequence, number);
  const { type, decode } = READERS[sequence];
  const get = async () => {
    const bytes = await partsOf(repository).storage.get(name);
    if (bytes !== undefined) names.add(name);
    run.bytesRead += bytes?.length ?? 0;
    return bytes;
  };
  const open = (bytes: Uint8Array) => {
    const { body } = openObject(repository.context.keys, { type, name }, bytes);
    return decode(body, name) as Body<S>;
  };
  return await run.guard(() => readAndOpen(get, open, () => run.noteWrongOnce(name)), { object: name });
}

/** Checks the key slots as far as can be without their secrets. */
export async function checkKeySlots(repository: Repository, run: CheckRun): Promise<Set<string>> {
  const names = new Set<string>();
  for (let number = 1; number <= KEY_SLOTS_MAX; number++) {
    const name = `keys/${number}`;
    const slot = await partsOf(repository).storage.get(name);
    if (slot === undefined) continue;
    names.add(name);
    run.bytesRead += slot.length;
    await run.guard(async () => {
      const damaged = (found: string) => new CorruptError(`Cannot read "${name}": ${found}`, { object: name });
      if (Buffer.from(slot.subarray(0, 4)).toString("latin1") !== "BCKS") throw damaged("it is no key slot");
      if (slot[4] === 1 && slot.length !== KEY_SLOT_LENGTH)
        throw damaged(`it has ${slot.length} bytes, not ${KEY_SLOT_LENGTH}`);
      if (Buffer.compare(slot.subarray(16, 32), repository.id) !== 0)
        run.reportNote(
          name,
          `"${name}" is of another repository: left by an init that did not finish, or damaged`,
          "other-key-slot",
        );
      else if (repository.history.keyChanges.removalOf(keySlotId(slot)) !== undefined)
        run.reportNote(
          name,
          `"${name}" was removed and is still there: remove it again with bcat key remove ${number}`,
          "removed-key-slot",
        );
    });
  }
  return names;
}
