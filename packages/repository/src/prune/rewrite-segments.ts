/**
 * Makes the segments that take the place of those which name dropped packs: the same entries without those. Only a
 * prune does that, after its wait and its rescue (rule 15 of docs/architecture.md).
 */
import { freshBytes } from "@bcat/crypto";
import {
  type BlobKind,
  DATA,
  type MergeOptions,
  memorySource,
  mergeSegments,
  type PackNames,
  PageCache,
  packsOfMerged,
  parseObjectName,
  Segment,
  segmentName,
  TREE,
} from "@bcat/pack";
import type { SegmentReference } from "../bodies/references.js";
import { readAhead } from "../read-ahead.js";
import { readSegment } from "../read-segment.js";
import type { RepositoryParts } from "../repository.js";

/** Bytes of segments that are merged into one, so that it stays below the format's 64 MiB. */
const GROUP_SIZE_MAX = 32 * 2 ** 20;
const PAGES_SIZE = 8 * 2 ** 20;

export interface RewriteOptions {
  /** Session that owns the new segments. */
  readonly session: number;
  /** Object names of packs whose entries are dropped. */
  readonly dropped: Pick<PackNames, "has" | "size">;
  /** Segments that are to be written anew though they name none of these. */
  readonly small: ReadonlySet<SegmentReference>;
}

export interface Rewritten {
  readonly added: SegmentReference[];
  readonly removed: SegmentReference[];
}

interface OpenSegment {
  readonly reference: SegmentReference;
  readonly segment: Segment;
}

/**
 * Reads all current segments, one after the other, and writes those anew that have to be.
 *
 * @throws CorruptError naming a segment, which another prune may have removed; StorageError
 */
export async function rewriteSegments(parts: RepositoryParts, options: RewriteOptions): Promise<Rewritten> {
  const rewritten: Rewritten = { added: [], removed: [] };
  const groups: Record<BlobKind, OpenSegment[]> = { [DATA]: [], [TREE]: [] };
  const flush = async (kind: BlobKind) => {
    const group = groups[kind];
    groups[kind] = [];
    await writeGroup(parts, options, group, rewritten);
  };
  const wanted = [...parts.history.segments]
    .filter(([, reference]) => options.dropped.size > 0 || options.small.has(reference))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const expected = wanted.map(([name, { size }]) => ({ name, size }));
  const pages = new PageCache(PAGES_SIZE);
  const source = { storage: readAhead(parts.storage, expected), context: parts.context };
  for (const [name, reference] of wanted) {
    const bytes = await readSegment(source, reference);
    const segment = new Segment(parts.context, { name, source: memorySource(bytes) }, pages);
    if (!options.small.has(reference) && !namesDropped(segment, options.dropped)) continue;
    const { kind } = segment.counts;
    if (sizeOf(groups[kind]) + reference.size > GROUP_SIZE_MAX) await flush(kind);
    groups[kind].push({ reference, segment });
  }
  for (const kind of [DATA, TREE] as const) await flush(kind);
  return rewritten;
}

async function writeGroup(
  parts: RepositoryParts,
  options: RewriteOptions,
  group: readonly OpenSegment[],
  { added, removed }: Rewritten,
): Promise<void> {
  const segments = group.map(({ segment }) => segment);
  const packs = packsOfMerged(segments, options.dropped);
  if (packs.size > 0) added.push(await putMerged(parts, options, { segments, packs }));
  removed.push(...group.map(({ reference }) => reference));
}

async function putMerged(
  { context, storage, history }: RepositoryParts,
  { session, dropped }: RewriteOptions,
  { segments, packs }: { readonly segments: readonly Segment[]; readonly packs: ReadonlySet<string> },
): Promise<SegmentReference> {
  const uniques = Buffer.concat([...packs].map((pack) => parseObjectName(pack)!.unique));
  const unique = freshBytes(context.blake3, context.random, uniques).slice(0, 16);
  const name = segmentName({ session, unique });
  const pieces: Uint8Array[] = [];
  const sink = (piece: Uint8Array) => pieces.push(piece);
  const target: MergeOptions = { name, epoch: history.epoch, domain: 0, isPadded: true, omitted: dropped, sink };
  mergeSegments(context, segments, target);
  const bytes = Buffer.concat(pieces);
  await storage.put(name, bytes);
  return { session, unique, size: bytes.length, hash: context.blake3.hash(bytes) };
}

function namesDropped(segment: Segment, dropped: Pick<PackNames, "has">): boolean {
  for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) {
    if (dropped.has(segment.packName(ordinal))) return true;
  }
  return false;
}

function sizeOf(group: readonly OpenSegment[]): number {
  return group.reduce((sum, { reference }) => sum + reference.size, 0);
}
