/**
 * Makes segments anew that are missing or damaged, out of the directories of the packs that they named.
 *
 *     bad segments ──► packs that no good one names ──directory──► segments of a session of one's own ──► compaction
 *
 * Nothing is deleted: the session's outcome removes the bad segments from the index and adds its own. Only packs of
 * sessions that have ended are taken up, condemned ones too: a compaction that is no prune drops no place of a chunk
 * (rule 15), and names no segment of others (rule 4a). The session is one that prunes wait for (rule 5).
 */
import { BcatError, CorruptError, isBcatError } from "@bcat/errors";
import { memorySource, PageCache, parseObjectName, Segment } from "@bcat/pack";
import type { ListedObject } from "@bcat/storage";
import type { SegmentReference } from "../bodies/references.js";
import { checkRegisters } from "../check/check-registers.js";
import { type CheckOptions, CheckRun } from "../check/check-run.js";
import { findBad } from "../check/passes.js";
import { readSegment } from "../read-segment.js";
import { partsOf, type Repository } from "../repository.js";
import { Session } from "../session.js";
import type { BadObject } from "./bad-object.js";
import { condemnDamaged } from "./condemn-damaged.js";
import { readIndexedPack } from "./indexed-pack.js";
import { OwnSegments } from "./own-segments.js";

export interface RepairOptions extends Pick<CheckOptions, "signal" | "onProgress"> {
  /** Says what would be done, and does nothing. */
  readonly dryRun?: boolean;
}

export interface IndexRepair {
  /** Segments that are good. */
  readonly good: number;
  readonly bad: readonly BadObject[];
  /** Packs whose chunks are found again. */
  readonly packs: number;
  readonly chunks: number;
  /** Packs that may have been named by a bad segment, and whose directory cannot be read: condemned, so that backups look. */
  readonly unreadable: readonly BadObject[];
  /** Segments that were written; none in a dry run, or when there was nothing to do. */
  readonly written: number;
  /** Number of the session that wrote them. */
  readonly session: number | undefined;
}

const PAGES_SIZE_MAX = 8 * 2 ** 20;

/**
 * @throws BcatError refused where the place cannot list, identity-changed, interrupted; CorruptError when a register is
 *   damaged: what it says cannot be told from packs; StorageError
 */
export async function repairIndex(given: Repository, options: RepairOptions = {}): Promise<IndexRepair> {
  const repository = given.withSignal(options.signal);
  const { storage } = partsOf(repository);
  if (storage.list === undefined)
    throw new BcatError("refused", `Cannot repair the index of "${storage.location}": the place cannot list its packs`);
  const survey = await findBad(
    repository,
    () => surveySegments(repository, options),
    ({ bad }) => bad.length > 0,
  );
  const { bad, good } = survey;
  const nothing = { good, bad: named(bad), packs: 0, chunks: 0, unreadable: [], written: 0, session: undefined };
  if (bad.length === 0) return nothing;
  if (options.dryRun === true) return { ...nothing, ...(await readPacks(repository, survey, undefined)) };
  const session = await Session.begin(repository, { kind: "backup", toleratesSegments: true });
  try {
    const own = new OwnSegments(session);
    const found = await readPacks(repository, survey, own);
    await own.finish();
    // Before the outcome: a run that is killed between finds them again.
    await condemnDamaged(repository, found.unreadable, session);
    await session.decide({ kind: "compaction", added: own.segments, removed: bad.map(({ reference }) => reference) });
    repository.history.forgetProblems(bad.map(({ name }) => name));
    return { ...nothing, ...found, written: own.segments.length, session: session.number };
  } finally {
    session.abandon();
  }
}

interface BadSegment extends BadObject {
  readonly reference: SegmentReference;
}

interface Survey {
  readonly run: CheckRun;
  readonly good: number;
  readonly bad: readonly BadSegment[];
  /** Packs that good segments name. */
  readonly packs: ReadonlySet<string>;
  readonly unfinished: ReadonlySet<number>;
  /** The last session there was. */
  readonly sessionHead: number;
}

function named(bad: readonly BadSegment[]): BadObject[] {
  return bad.map(({ name, message }) => ({ name, message }));
}

/** Reads all current segments. Memory: the names of all packs. */
async function surveySegments(repository: Repository, options: RepairOptions): Promise<Survey> {
  const parts = partsOf(repository);
  const run = new CheckRun({
    ...options,
    onFinding: ({ kind, message, object }) => {
      if (kind === "damage")
        throw new CorruptError(`Cannot repair the index: ${message}`, object === undefined ? {} : { object });
    },
  });
  const { segments, unfinished, sessionHead } = await checkRegisters(repository, run);
  const packs = new Set<string>();
  const bad: BadSegment[] = [];
  for (const [name, reference] of segments) {
    try {
      const bytes = await readSegment(parts, reference);
      run.bytesRead += bytes.length;
      const segment = new Segment(parts.context, { name, source: memorySource(bytes) }, new PageCache(PAGES_SIZE_MAX));
      for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) packs.add(segment.packName(ordinal));
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      bad.push({ name, message: error.message, reference });
    }
    await run.step("segments", ++run.segments, segments.size);
  }
  return { run, good: segments.size - bad.length, bad, packs, unfinished, sessionHead };
}

/** Reads what packs say of themselves that no good segment names. */
async function readPacks(
  repository: Repository,
  survey: Survey,
  own: OwnSegments | undefined,
): Promise<Pick<IndexRepair, "packs" | "chunks" | "unreadable">> {
  const { run } = survey;
  const unreadable: BadObject[] = [];
  let packs = 0;
  let chunks = 0;
  for await (const pack of packsToRead(repository, survey)) {
    try {
      const read = await readIndexedPack(partsOf(repository), pack);
      if (read === undefined || read.chunks.count === 0) continue;
      await own?.add(read);
      packs++;
      chunks += read.chunks.count;
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      unreadable.push({ name: pack.name, message: error.message });
    }
    await run.step("packs", packs, undefined);
  }
  return { packs, chunks, unreadable };
}

/**
 * Those of sessions that had ended when the index was read: what a running one stores, it names itself. Named by two, a
 * pack could be condemned while its session still counts on it.
 */
async function* packsToRead(repository: Repository, survey: Survey): AsyncGenerator<ListedObject> {
  const { packs, unfinished, sessionHead } = survey;
  const { storage } = partsOf(repository);
  for await (const pack of storage.list!("packs/")) {
    const session = parseObjectName(pack.name)?.session;
    if (session === undefined || packs.has(pack.name)) continue;
    if (session <= sessionHead && !unfinished.has(session)) yield pack;
  }
}
