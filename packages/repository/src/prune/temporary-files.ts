/**
 * What writes that were cut off have left, where a storage can tell: files that never got their name. Those are removed
 * whose writers have ended, and those that nobody has written to for a day. Who is at work on one all the same, its write
 * fails; nothing that was acknowledged is lost.
 */
import type { ListedObject } from "@bcat/storage";
import { catchUpStrictly, type RepositoryParts } from "../repository.js";

/** Nobody takes so long between two calls that write one object, milliseconds. */
const QUIET_MS = 86_400_000;
/** Files that are looked at; the others are for the next run. */
const FILES_MAX = 100_000;
/** Where only who holds a session writes. */
const ofSessions = /^(?:packs|index|partial)\//;

export interface TemporaryFiles {
  /** Their writers have ended. */
  readonly ended: readonly ListedObject[];
  /** Somebody may be at work on them. */
  readonly young: readonly ListedObject[];
}

/** @param own the session of whoever asks, which has no such files */
export async function findTemporary(parts: RepositoryParts, own: number): Promise<TemporaryFiles> {
  const { storage, environment, history } = parts;
  const files: ListedObject[] = [];
  if (storage.listTemporary === undefined || storage.deleteTemporary === undefined)
    return { ended: files, young: files };
  for await (const file of storage.listTemporary()) if (files.push(file) === FILES_MAX) break;
  if (files.length === 0) return { ended: files, young: files };
  // After the listing: who wrote to one of them had its number by then.
  await catchUpStrictly(parts);
  const isAlone = history.openSessions.every((number) => number === own);
  const now = environment.now();
  const hasEnded = ({ name, modifiedAt = now }: ListedObject) =>
    now - modifiedAt >= QUIET_MS || (isAlone && ofSessions.test(name));
  return { ended: files.filter(hasEnded), young: files.filter((file) => !hasEnded(file)) };
}
