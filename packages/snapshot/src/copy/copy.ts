/** Copies snapshots into another repository: cut and keyed anew, with the fields and all metadata of the originals. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { type ListedSnapshot, readSnapshot } from "../snapshots.js";
import { replaceSnapshot } from "../take-over/tag.js";
import { CopiedMemory } from "./copied-memory.js";
import { copySnapshot } from "./copy-snapshot.js";
import { CopyWork } from "./copy-work.js";
import { KnownCopies, type KnownCopy } from "./known-copies.js";
import type { CopiedSnapshot, CopyOptions, CopyPlan, SnapshotToCopy } from "./options.js";

/** Both, as a caller has opened them: the source is only read. */
export interface CopyBetween {
  readonly source: Repository;
  readonly target: Repository;
}

/**
 * What of `chosen` snapshots is in the target already, and what is to be copied.
 *
 * @throws BcatError usage when both are one repository; CorruptError; StorageError
 */
export async function planCopy({ source, target }: CopyBetween, chosen: readonly ListedSnapshot[]): Promise<CopyPlan> {
  refuseSame(source, target);
  await target.refresh({ trustHead: true });
  const copies = new KnownCopies(source, target);
  const plan = {
    missing: [] as ListedSnapshot[],
    incomplete: [] as SnapshotToCopy[],
    rewritten: [] as CopyPlan["rewritten"][number][],
    present: [] as CopyPlan["present"][number][],
    forgotten: [] as ListedSnapshot[],
  };
  for (const info of [...chosen].sort((a, b) => a.number - b.number)) {
    const copy = await copies.find(info);
    if (copy === undefined) plan.missing.push(info);
    else if (copy.isForgotten) plan.forgotten.push(info);
    else if (copy.incomplete === undefined) plan.present.push({ from: info.number, number: copy.number });
    else if (copy.incomplete.isRewritten) plan.rewritten.push({ from: info.number, copy: copy.incomplete });
    else plan.incomplete.push({ ...info, replaces: copy.incomplete, ...replacement(copy) });
  }
  return plan;
}

function replacement({ number, incomplete }: KnownCopy): Pick<SnapshotToCopy, "replacedBy"> {
  return number === incomplete?.number ? {} : { replacedBy: number };
}

/**
 * Copies snapshots in order of number, each in a session of its own: what is committed stays, whatever becomes of the next.
 * To be called with what {@link planCopy} says is missing or incomplete. A copy that lacks entries is replaced by one that
 * has all that it has, and more, and else stays.
 *
 * @throws CorruptError for a snapshot of which some is damaged, unless that is to be passed over; BcatError usage,
 *   not-found, refused, interrupted, newer-format; StorageError of either
 */
export async function copySnapshots(
  given: CopyBetween,
  snapshots: readonly SnapshotToCopy[],
  options: CopyOptions = {},
): Promise<CopiedSnapshot[]> {
  refuseSame(given.source, given.target);
  const source = given.source.withSignal(options.signal);
  const target = given.target.withSignal(options.signal);
  await source.index();
  const memory = new CopiedMemory(target.context.blake3, options.memorySize);
  const copies = new KnownCopies(source, target);
  const copied: CopiedSnapshot[] = [];
  const inOrder = [...snapshots].sort((a, b) => a.number - b.number);
  const work = await CopyWork.of(inOrder, (number) => copies.has(number));
  for (const [done, { number, snapshot, replaces, replacedBy }] of inOrder.entries()) {
    if (done > 0) work.finish(inOrder[done - 1]!.number);
    if (replaces !== undefined && replacedBy !== undefined) {
      await replaceSnapshot(target, replaces.number, replacedBy);
      continue;
    }
    const info = await readSnapshot(source, number);
    if (info === undefined)
      throw new BcatError("not-found", `Cannot copy snapshot ${number}: it is not there any more`);
    const progress = {
      snapshot: number,
      snapshotsDone: done,
      snapshotsTotal: snapshots.length,
      filesTotal: snapshot.counts.files,
      bytesTotal: snapshot.counts.bytes,
    };
    const one = await copySnapshot({ source, target, copies, memory, options, progress, work, replaces }, info);
    if (one === undefined) {
      options.onStillIncomplete?.(number, replaces!);
      continue;
    }
    copies.note(one.number);
    if (replaces !== undefined) await replaceSnapshot(target, replaces.number, one.number);
    copied.push(one);
    options.onCopied?.(one);
  }
  return copied;
}

function refuseSame(source: Repository, target: Repository): void {
  if (Buffer.compare(source.id, target.id) !== 0) return;
  throw new BcatError("usage", "Cannot copy: both are the same repository, or one is a copy of the other's files");
}
