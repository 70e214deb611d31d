/** Measures a repository: what its snapshots take, each alone and together, and what of its packs nobody needs. */
import { type ChunkIndex, ChunkNumbers, DATA, segmentName } from "@bcat/pack";
import { measureParity, type Outcome, type Repository, type SegmentReference, type Snapshot } from "@bcat/repository";
import { ChunkOwners, type IsLost } from "./chunk-owners.js";
import type { ChunkSums, ObjectSums, RepositoryStats, StatsOptions } from "./options.js";
import { StatsRun } from "./stats-run.js";

/** Sums while they grow. */
type Sums<Fields> = { -readonly [Key in keyof Fields]: Fields[Key] };

/**
 * All of the repository, as of now: also snapshots that are partial, which keep what they refer to.
 *
 * @throws CorruptError for outcomes, trees and segments that cannot be read; BcatError interrupted; StorageError
 */
export async function measureRepository(given: Repository, options: StatsOptions = {}): Promise<RepositoryStats> {
  const repository = given.withSignal(options.signal);
  const run = new StatsRun(options);
  await repository.refresh();
  const [problem] = repository.history.problems;
  if (problem !== undefined) throw problem;
  const index = await repository.index();
  const numbers = new ChunkNumbers(index);
  const owners = new ChunkOwners(numbers, liesInAny(repository.history.log.damagedPacks, index));
  const { kept, segments } = await readOutcomes(repository, async (snapshot, index) => {
    await owners.add(repository, snapshot, index, run);
    run.begin("snapshots", index + 1, repository.history.summaries.size);
  });
  const { log, droppedHead } = repository.history;
  const dropped = new Set(log.condemnedBehind(0, droppedHead));
  return {
    ...(await addUp({ numbers, owners, dropped, run }, kept)),
    segments: sumOf(segments),
    parity: await measureParity(repository),
    missing: owners.missing,
  };
}

/** Tells chunks that lie in packs of these names alone, all of which are condemned. */
function liesInAny(packs: Pick<ReadonlySet<string>, "has" | "size">, index: ChunkIndex): IsLost {
  if (packs.size === 0) return () => false;
  return (kind, id) => !index.has(kind, id) && index.locate(kind, id).every(({ pack }) => packs.has(pack.name));
}

/** Goes through all outcomes, ascending; the snapshots that are kept are handed to `visit` with their index. */
async function readOutcomes(
  repository: Repository,
  visit: (snapshot: Snapshot, index: number) => Promise<void>,
): Promise<{ kept: number[]; segments: SegmentReference[] }> {
  const { history } = repository;
  const kept: number[] = [];
  const segments = new Map<string, SegmentReference>();
  for (let number = 1; number <= history.sessionHead; number++) {
    const outcome = history.isOpen(number) ? undefined : await repository.readOutcome(number);
    if (outcome === undefined) continue;
    noteSegments(outcome, segments);
    if (outcome.kind !== "snapshot" || history.isForgotten(number)) continue;
    kept.push(number);
    await visit(outcome.snapshot, kept.length - 1);
  }
  return { kept, segments: [...segments.values()] };
}

function noteSegments(outcome: Outcome, segments: Map<string, SegmentReference>): void {
  if (outcome.kind === "void") return;
  for (const segment of outcome.added) segments.set(segmentName(segment), segment);
  for (const segment of outcome.removed) segments.delete(segmentName(segment));
}

interface ToAddUp {
  readonly numbers: ChunkNumbers;
  readonly owners: ChunkOwners;
  /** Condemned packs that a prune has dropped: they are gone, though runs of this client still name them. */
  readonly dropped: ReadonlySet<string>;
  readonly run: StatsRun;
}

async function addUp(
  { numbers, owners, dropped, run }: ToAddUp,
  kept: readonly number[],
): Promise<Omit<RepositoryStats, "segments" | "parity" | "missing">> {
  const live = noChunks();
  const unique = kept.map(noChunks);
  const [dataPacks, treePacks, condemnedPacks] = [noObjects(), noObjects(), noObjects()];
  let framesStored = 0;
  let packs = 0;
  await numbers.visit({
    onPack(kind, { name, size, stored, isCondemned }) {
      run.begin("packs", ++packs, undefined);
      if (dropped.has(name)) return;
      addObject(isCondemned ? condemnedPacks : kind === DATA ? dataPacks : treePacks, size);
      if (!isCondemned) framesStored += stored;
    },
    onChunk(_kind, number, sizes) {
      if (owners.isLive(number)) addChunk(live, sizes);
      const owner = owners.onlyOwnerOf(number);
      if (owner !== undefined) addChunk(unique[owner]!, sizes);
    },
    step: () => run.step(),
  });
  return {
    live: rounded(live),
    unique: new Map(kept.map((number, index) => [number, rounded(unique[index]!)])),
    dataPacks,
    treePacks,
    condemnedPacks,
    dead: Math.max(0, Math.round(framesStored - live.stored)),
  };
}

function noChunks(): Sums<ChunkSums> {
  return { count: 0, plain: 0, stored: 0 };
}

function noObjects(): Sums<ObjectSums> {
  return { count: 0, size: 0 };
}

function addChunk(sums: Sums<ChunkSums>, { plain, stored }: { readonly plain: number; readonly stored: number }): void {
  sums.count++;
  sums.plain += plain;
  sums.stored += stored;
}

function addObject(sums: Sums<ObjectSums>, size: number): void {
  sums.count++;
  sums.size += size;
}

function rounded({ count, plain, stored }: ChunkSums): ChunkSums {
  return { count, plain, stored: Math.round(stored) };
}

function sumOf(segments: readonly SegmentReference[]): ObjectSums {
  return { count: segments.length, size: segments.reduce((sum, { size }) => sum + size, 0) };
}
