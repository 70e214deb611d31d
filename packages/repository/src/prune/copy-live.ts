/**
 * Copies what is live and lies only in packs that are to go into packs of one's own: before packs are condemned, and
 * again, as the rescue, before they are deleted.
 */
import { BcatError, CorruptError } from "@bcat/errors";
import type { BlobKind, ScannedPlaces } from "@bcat/pack";
import type { ChunkStore } from "../chunk-store.js";
import type { Repository } from "../repository.js";
import type { Session } from "../session.js";
import { ChosenChunks, type Copies, PackCopier } from "./copy-pack.js";
import type { LiveMarks } from "./live-marks.js";
import { forEachLive, type PackTable } from "./pack-table.js";
import { StoredSizes } from "./stored-sizes.js";

/** Chunks whose places are in memory at a time: 24 bytes each, and 28 more while they are sorted. */
const BATCH_MAX = 1_000_000;

/** What tells which live chunks lie only in packs that are to go. */
export interface LiveParts {
  /** Whose durable segments are places, too; undefined before there is one. */
  readonly session?: Session | undefined;
  readonly marks: LiveMarks;
  readonly table: PackTable;
}

export interface ReadParts extends LiveParts {
  readonly repository: Repository;
  /** Between two packs: for progress and for others to run. @throws BcatError interrupted */
  readonly step: (packs: number, of: number) => Promise<void>;
}

export interface CopyParts extends ReadParts {
  readonly session: Session;
  readonly chunks: ChunkStore;
}

/**
 * Copies until every live chunk has a place in a pack that is not `excluded`, in a durable segment (rule 10-segment of
 * docs/architecture.md: a pack whose segment was refused is no place).
 *
 * @param excluded a flag for each pack of the table
 * @throws CorruptError for a live chunk that can be had nowhere; StorageError
 */
export async function copyLive(parts: CopyParts, excluded: Uint8Array): Promise<void> {
  const bad = new Set<number>();
  for (;;) {
    const needed = await countNeeded(parts, { excluded, bad });
    if (needed.packs.length === 0) return;
    const badBefore = bad.size;
    const copiedBefore = parts.chunks.added.dataChunks + parts.chunks.added.treeChunks;
    await copyRound({ ...parts, copies: parts.chunks }, { excluded, bad }, needed);
    await parts.chunks.settle();
    const copied = parts.chunks.added.dataChunks + parts.chunks.added.treeChunks - copiedBefore;
    if (copied === 0 && bad.size === badBefore) throw new BcatError("refused", "Cannot copy what is in use");
  }
}

/** Where nothing is kept. */
const nowhere: Copies = { moveGroup() {}, storeAgain() {}, ready: async () => {} };

/** Reads what {@link copyLive} would copy. @throws as {@link copyLive}, without having stored anything */
export async function requireReadable(parts: ReadParts, excluded: Uint8Array): Promise<void> {
  const bad = new Set<number>();
  for (let badBefore = -1; badBefore < bad.size; ) {
    badBefore = bad.size;
    const needed = await countNeeded(parts, { excluded, bad });
    if (needed.packs.length > 0) await copyRound({ ...parts, copies: nowhere }, { excluded, bad }, needed);
  }
}

/** All packs that hold a live chunk which lies only in `excluded` ones, and the bytes of these chunks as they are stored. */
export async function findNeeded(
  parts: LiveParts,
  excluded: Uint8Array,
): Promise<{ readonly packs: ReadonlySet<number>; readonly bytes: number }> {
  const packs = new Set<number>();
  const stored = new StoredSizes(parts.table);
  let bytes = 0;
  await forEachLive(parts.marks, (kind, places) => {
    if (!isNeeded(parts, { kind, places, excluded })) return;
    bytes += stored.of(parts.table.packOf(kind, places, 0), places.offsets[0]!, places.lengths[0]!);
    for (let i = 0; i < places.count; i++) packs.add(parts.table.packOf(kind, places, i));
  });
  return { packs, bytes: Math.round(bytes) };
}

interface Limits {
  readonly excluded: Uint8Array;
  /** Packs of which something could not be read. */
  readonly bad: Set<number>;
}

/** Packs that something is to be copied from, and how many chunks of each. */
interface Needed {
  readonly packs: number[];
  readonly counts: Uint32Array;
}

async function countNeeded(parts: LiveParts, limits: Limits): Promise<Needed> {
  const counts = new Uint32Array(parts.table.count);
  await forEachLive(parts.marks, (kind, places) => {
    if (!isNeeded(parts, { kind, places, excluded: limits.excluded })) return;
    const chosen = choosePlace(parts.table, { kind, places, bad: limits.bad });
    if (chosen < 0) throw missing(parts.table, kind, places);
    counts[parts.table.packOf(kind, places, chosen)]!++;
  });
  const packs: number[] = [];
  for (let pack = 0; pack < counts.length; pack++) if (counts[pack]! > 0) packs.push(pack);
  return { packs, counts };
}

async function copyRound(
  parts: ReadParts & { readonly copies: Copies },
  limits: Limits,
  { packs, counts }: Needed,
): Promise<void> {
  const copier = new PackCopier(parts.repository, parts.copies);
  for (let first = 0; first < packs.length; ) {
    const batch = new ChosenChunks();
    let last = first;
    for (; last < packs.length && (last === first || batch.count + counts[packs[last]!]! <= BATCH_MAX); last++) {
      batch.reserve(packs[last]!, counts[packs[last]!]!);
    }
    batch.allocate();
    await forEachLive(parts.marks, (kind, places) => {
      if (!isNeeded(parts, { kind, places, excluded: limits.excluded })) return;
      const chosen = choosePlace(parts.table, { kind, places, bad: limits.bad });
      if (chosen < 0) return;
      batch.add(parts.table.packOf(kind, places, chosen), places, chosen);
    });
    for (let at = first; at < last; at++) {
      const pack = packs[at]!;
      await parts.step(at, packs.length);
      const source = { record: parts.table.record(pack), kind: parts.table.kindOf(pack) };
      if (!(await copier.copy(source, batch.of(pack)))) limits.bad.add(pack);
    }
    first = last;
  }
}

/** True when all places of a live chunk are in packs that are to go, and no durable segment of this session has it. */
function isNeeded(
  { table, session }: LiveParts,
  { kind, places, excluded }: { kind: BlobKind; places: ScannedPlaces; excluded: Uint8Array },
): boolean {
  for (let i = 0; i < places.count; i++) if (excluded[table.packOf(kind, places, i)] === 0) return false;
  return session?.own.chunks.has(kind, places.id) !== true;
}

/** The first place in a pack that can be read, or -1. */
function choosePlace(
  table: PackTable,
  { kind, places, bad }: { kind: BlobKind; places: ScannedPlaces; bad: ReadonlySet<number> },
): number {
  for (let i = 0; i < places.count; i++) if (!bad.has(table.packOf(kind, places, i))) return i;
  return -1;
}

function missing(table: PackTable, kind: BlobKind, places: ScannedPlaces): CorruptError {
  const object = table.names[table.packOf(kind, places, 0)]!;
  const found = `a chunk in "${object}" is in use and cannot be read`;
  return new CorruptError(`Cannot prune: ${found}; bcat check tells what needs it, bcat repair what can be done`, {
    object,
  });
}
