/**
 * The body of `outcomes/<n>` and `partial/<n>-<j>`, docs/format.md section 8: how a session ended.
 *
 *     1 c  u8 kind: 1 snapshot, 2 compaction, 3 void
 *     2 c  segments added, 64 bytes each
 *     3 c  segments removed, 24 bytes each
 *     4    compaction: the whole resulting set, as field 2
 *     5    compaction: the live snapshots, varint each
 *     6    void: reason
 *     7    compaction: varint log head; no segment names a pack that the log up to it condemns
 *     16 … a snapshot, see snapshot.ts
 */

import { decodeRecord, type Field } from "@bcat/codec";
import { BodyReader, BodyWriter, checkRegisterNumber, readList, readRegisterNumber, recordLayout } from "./fields.js";
import { newerKind } from "./newer.js";
import {
  type NameReference,
  readNameReference,
  readSegmentReference,
  type SegmentReference,
  writeNameReference,
  writeSegmentReference,
} from "./references.js";
import { bodySizeMax, readSnapshot, type Snapshot, snapshotFields, writeSnapshot } from "./snapshot.js";

export type Outcome = SnapshotOutcome | CompactionOutcome | VoidOutcome;

/** A backup that ended, or what was saved of one. Also the body of a partial. */
export interface SnapshotOutcome extends SegmentChanges {
  readonly kind: "snapshot";
  readonly snapshot: Snapshot;
  readonly unknown?: readonly Field[];
}

/** A prune, or a backup's merging of segments. */
export interface CompactionOutcome extends SegmentChanges {
  readonly kind: "compaction";
  /** From here a reader needs no older outcome. */
  readonly base?: { readonly segments: readonly SegmentReference[]; readonly snapshots: readonly number[] };
  /** A prune: the entries of all packs that log records up to this number condemn were dropped. */
  readonly droppedHead?: number;
  readonly unknown?: readonly Field[];
}

/** A session that left nothing. */
export interface VoidOutcome {
  readonly kind: "void";
  readonly reason: string;
  readonly unknown?: readonly Field[];
}

export interface SegmentChanges {
  readonly added: readonly SegmentReference[];
  readonly removed: readonly NameReference[];
}

const snapshotNumbers = [...snapshotFields.critical, ...snapshotFields.other];
const layout = recordLayout({
  critical: [1, 2, 3, ...snapshotFields.critical],
  other: [4, 5, 6, 7, ...snapshotFields.other],
  // A repository of which everything was forgotten has a base without segments and snapshots.
  empty: [4, 5],
});
const kinds = ["snapshot", "compaction", "void"] as const;

/** @throws {RangeError} for a value that the format does not allow, or more than {@link bodySizeMax} bytes. */
export function encodeOutcome(outcome: Outcome): Uint8Array {
  const body = new BodyWriter(layout);
  body.field(1, (writer) => writer.u8(kinds.indexOf(outcome.kind) + 1));
  if (outcome.kind !== "void") writeChanges(body, outcome);
  if (outcome.kind === "compaction" && outcome.base !== undefined) writeBase(body, outcome.base);
  if (outcome.kind === "void") body.text(6, outcome.reason);
  const droppedHead = outcome.kind === "compaction" ? outcome.droppedHead : undefined;
  if (droppedHead !== undefined) body.field(7, (writer) => writer.varint(checkRegisterNumber(droppedHead)));
  if (outcome.kind === "snapshot") writeSnapshot(body, outcome.snapshot);
  const bytes = body.finish(outcome.unknown);
  if (bytes.length > bodySizeMax) throw new RangeError(`Cannot write an outcome of ${bytes.length} bytes`);
  return bytes;
}

export function decodeOutcome(bytes: Uint8Array, what = "outcome"): Outcome {
  const body = new BodyReader(decodeRecord(bytes, { known: layout, limit: bodySizeMax, what }), what);
  const kindNumber = body.field(1, (reader) => reader.u8());
  const kind = kinds[kindNumber - 1];
  if (kind === undefined) throw newerKind(what, `outcome kind ${kindNumber}`);
  if (kind === "snapshot") {
    body.refuse([4, 5, 6, 7], kind);
    return { kind, ...readChanges(body), snapshot: readSnapshot(body), ...body.unknown() };
  }
  body.refuse(snapshotNumbers, kind);
  if (kind === "compaction") {
    body.refuse([6], kind);
    const droppedHead = body.optional(7, readRegisterNumber);
    const dropped = droppedHead === undefined ? {} : { droppedHead };
    return { kind, ...readChanges(body), ...readBase(body), ...dropped, ...body.unknown() };
  }
  body.refuse([2, 3, 4, 5, 7], kind);
  return { kind, reason: body.text(6), ...body.unknown() };
}

function writeChanges(body: BodyWriter, changes: SegmentChanges): void {
  body.field(2, (writer) => {
    for (const segment of changes.added) writeSegmentReference(writer, segment);
  });
  body.field(3, (writer) => {
    for (const segment of changes.removed) writeNameReference(writer, segment);
  });
}

function readChanges(body: BodyReader): SegmentChanges {
  return { added: body.list(2, readSegmentReference), removed: body.list(3, readNameReference) };
}

function writeBase(body: BodyWriter, base: NonNullable<CompactionOutcome["base"]>): void {
  body.field(4, (writer) => {
    for (const segment of base.segments) writeSegmentReference(writer, segment);
  });
  body.field(5, (writer) => {
    for (const number of base.snapshots) writer.varint(checkRegisterNumber(number));
  });
}

/** Both fields or neither. */
function readBase(body: BodyReader): Pick<CompactionOutcome, "base"> {
  if (!body.has(4) && !body.has(5)) return {};
  const segments = body.field(4, (reader) => readList(reader, readSegmentReference));
  return { base: { segments, snapshots: body.field(5, (reader) => readList(reader, readRegisterNumber)) } };
}
