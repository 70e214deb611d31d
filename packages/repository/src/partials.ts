/**
 * Checkpoints of a session, `partial/<n>-<j>` (docs/format.md section 8): each is the body of a partial snapshot, and
 * counts for nothing until it is put as the outcome of its session. They are numbered densely from 1, and j + 1 is put
 * only when j is durable, so the newest is found without a listing. They stay until the outcome exists (rule 4b of
 * docs/architecture.md).
 */
import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { formatNumber, type PackContext } from "@bcat/pack";
import type { Objects } from "@bcat/storage";
import { decodeOutcome, encodeOutcome, type SnapshotOutcome } from "./bodies/outcome.js";
import { readAndOpen } from "./read-again.js";
import { findLast } from "./registers.js";

/** Damaged ones that are passed over for those before them. */
const DAMAGED_MAX = 3;

/** Which checkpoint of which session. */
export interface PartialReference {
  readonly session: number;
  /** From 1. */
  readonly checkpoint: number;
}

export function partialName({ session, checkpoint }: PartialReference): string {
  return `partial/${formatNumber(session)}-${formatNumber(checkpoint)}`;
}

export interface PartialsParts {
  readonly storage: Objects;
  readonly context: PackContext;
}

/** Puts a checkpoint. All that `outcome` names must be durable. @throws StorageError */
export async function putPartial(
  { storage, context }: PartialsParts,
  reference: PartialReference & { readonly epoch: number },
  outcome: SnapshotOutcome,
): Promise<void> {
  const name = partialName(reference);
  const object = { type: ObjectType.PARTIAL, name, epoch: reference.epoch, domain: 0 };
  await storage.put(name, sealObject(context, object, encodeOutcome(outcome)));
}

/** The newest checkpoint of a session that can be read; undefined for none. @throws StorageError; BcatError newer-format */
export async function readNewestPartial(parts: PartialsParts, session: number): Promise<SnapshotOutcome | undefined> {
  const get = (checkpoint: number) => parts.storage.get(partialName({ session, checkpoint }));
  const newest = await findLast(async (checkpoint) => (await get(checkpoint)) !== undefined, 0);
  for (let checkpoint = newest; checkpoint > Math.max(0, newest - DAMAGED_MAX); checkpoint--) {
    const name = partialName({ session, checkpoint });
    try {
      const found = await readAndOpen(
        () => get(checkpoint),
        (bytes) => openPartial(parts.context, name, bytes),
      );
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
    }
  }
  return undefined;
}

function openPartial({ keys }: PackContext, name: string, bytes: Uint8Array): SnapshotOutcome {
  const { body } = openObject(keys, { type: ObjectType.PARTIAL, name }, bytes);
  const outcome = decodeOutcome(body, name);
  if (outcome.kind === "snapshot" && !outcome.snapshot.complete) return outcome;
  throw new CorruptError(`Cannot use "${name}": it is no partial snapshot`, { object: name });
}
