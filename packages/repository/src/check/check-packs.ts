/**
 * Checks segments and the packs they name: that each says of the other what it is, and, when data are read, that every
 * frame opens and every chunk has its id.
 */
import { ArchivedError, CorruptError, isBcatError } from "@bcat/errors";
import {
  chunkId,
  type Directory,
  decodeTrailer,
  FRAME_PLAIN_MAX,
  FrameOpener,
  hasRightHash,
  memorySource,
  openDirectory,
  PackFrames,
  type PackRecord,
  PageCache,
  readSpan,
  Segment,
  spanOf,
  TRAILER_SIZE,
} from "@bcat/pack";
import type { SegmentReference } from "../bodies/references.js";
import { describeMend } from "../parity/mended-pack.js";
import { listParity } from "../parity/parity-objects.js";
import { readSegment } from "../read-segment.js";
import { partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { checkParity } from "./check-parity.js";
import type { CheckRun } from "./check-run.js";
import { DataPlan } from "./data-plan.js";

const PAGES_SIZE_MAX = 8 * 2 ** 20;

/** A pack that cannot be read. */
export interface BadPack {
  /** What was found. */
  readonly message: string;
  /** It was condemned: no damage unless a snapshot still needs it. */
  readonly isCondemned: boolean;
  /** There is no such object. */
  readonly isGone: boolean;
}

/** The packs that segments name. */
export interface PackInventory {
  readonly names: ReadonlySet<string>;
  /** By name; to be reported by who knows what needs them. */
  readonly bad: ReadonlyMap<string, BadPack>;
}

export interface PacksToCheck {
  readonly segments: ReadonlyMap<string, SegmentReference>;
  /** Names of those of their packs that are looked at; all if not given. */
  readonly only?: ReadonlySet<string> | undefined;
}

/** Checks all `segments` and their packs. */
export async function checkPacks(
  repository: Repository,
  run: CheckRun,
  { segments, only }: PacksToCheck,
): Promise<PackInventory> {
  const names = new Set<string>();
  const bad = new Map<string, BadPack>();
  const parts = partsOf(repository);
  const { context } = parts;
  const opener = new FrameOpener(context);
  const plain = new Uint8Array(FRAME_PLAIN_MAX);
  await repository.index();
  const plan = new DataPlan(parts, run);
  const parities = run.readData === false ? new Set<string>() : new Set((await listParity(parts)).keys());
  const pages = new PageCache(PAGES_SIZE_MAX);
  let isWhole = false;
  try {
    for (const [name, reference] of segments) {
      await run.guard(
        async () => {
          const bytes = await readSegment(parts, reference, () => run.noteWrongOnce(name));
          run.bytesRead += bytes.length;
          using segment = new Segment(context, { name, source: memorySource(bytes) }, pages);
          run.segments++;
          const whole = { repository: parts, run, plan, parities, segmentCount: segments.size, opener, plain, only };
          await checkSegment({ ...whole, segment }, { names, bad });
        },
        { object: name },
      );
    }
    isWhole = true;
  } finally {
    plan.finish(isWhole ? names : undefined);
  }
  return { names, bad };
}

interface Parts {
  readonly repository: RepositoryParts;
  readonly run: CheckRun;
  readonly plan: DataPlan;
  /** Names of packs that have parity, where data are read. */
  readonly parities: ReadonlySet<string>;
  readonly segment: Segment;
  /** Of the whole check. */
  readonly segmentCount: number;
  readonly opener: FrameOpener;
  /** Takes one opened frame after the other. */
  readonly plain: Uint8Array;
  readonly only: ReadonlySet<string> | undefined;
}

async function checkSegment(parts: Parts, packs: { names: Set<string>; bad: Map<string, BadPack> }): Promise<void> {
  const { run, segment } = parts;
  const entriesOf = countEntries(segment);
  for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) {
    const record = segment.packRecord(ordinal);
    const { name } = record;
    if (packs.names.has(name) || parts.only?.has(name) === false) continue;
    packs.names.add(name);
    run.packs++;
    try {
      await checkTwice(parts, { ordinal, record, entryCount: entriesOf[ordinal]! });
    } catch (error) {
      if (!(error instanceof CorruptError) && !(error instanceof ArchivedError)) throw error;
      // It is there, as far as anybody can see.
      if (error instanceof ArchivedError) run.archivedPacks++;
      else if (error.object !== name) run.reportDamage(error.object, error.message);
      else packs.bad.set(name, await badPack(parts.repository, name, error.message));
    }
    const done = run.segments - 1 + (ordinal + 1) / segment.counts.packCount;
    await run.step("packs", run.packs, undefined, done / parts.segmentCount);
  }
}

interface Indexed {
  readonly ordinal: number;
  readonly record: PackRecord;
  readonly entryCount: number;
}

/** Reads again what is wrong: what was wrong may have been the line, or the memory of a machine on the way. */
async function checkTwice(parts: Parts, indexed: Indexed): Promise<void> {
  const { name } = indexed.record;
  try {
    await checkIndexed(parts, indexed);
  } catch (error) {
    if (!(error instanceof CorruptError) || error.object !== name) throw error;
    await checkIndexed(parts, indexed);
    parts.run.noteWrongOnce(name);
  }
}

async function checkIndexed(parts: Parts, { ordinal, record, entryCount }: Indexed): Promise<void> {
  const { segment } = parts;
  const { name } = record;
  const directory = await checkPack(parts, record);
  if (directory.kind !== segment.counts.kind) throw damaged(name, "it has chunks of another kind than its segment");
  if (directory.chunks.count !== entryCount) {
    const found = `its directory has ${directory.chunks.count} chunks, segment "${segment.name}" ${entryCount}`;
    throw damaged(name, found);
  }
  checkEntries(segment, ordinal, record, directory);
}

async function badPack({ index, storage, context }: RepositoryParts, name: string, found: string): Promise<BadPack> {
  const message = found + (await describeMend({ storage, ...context }, name));
  const isGone = (await storage.get(name, { range: { offset: 0, length: 1 } })) === undefined;
  return { message, isCondemned: index.chunks.isCondemned(name), isGone };
}

/** How many entries each pack has. @throws CorruptError when they are out of order */
function countEntries(segment: Segment): Uint32Array {
  const counts = new Uint32Array(segment.counts.packCount);
  for (const { pack } of segment.entries()) counts[pack]!++;
  return counts;
}

function checkEntries(segment: Segment, ordinal: number, record: PackRecord, { chunks }: Directory): void {
  for (let i = 0; i < chunks.count; i++) {
    const place = { pack: ordinal, offset: chunks.offsets[i]!, length: chunks.lengths[i]! };
    if (segment.hasPlace(chunkId(chunks, i), place)) continue;
    const found = `segment "${segment.name}" does not have chunk ${i} of "${record.name}" where the pack has it`;
    throw new CorruptError(`Cannot use the index: ${found}`, { object: segment.name });
  }
}

/** The directory of a pack, after comparing it with what the segment says of the pack. */
async function checkPack(parts: Parts, record: PackRecord): Promise<Directory> {
  const whole = parts.plan.reads(record.name);
  try {
    return await checkBytes(parts, record, { whole });
  } catch (error) {
    if (whole || !isBcatError(error, "newer-format")) throw error;
    // What its trailer says may be a flipped bit: the hash of the pack tells.
    return await checkBytes(parts, record, { whole: true });
  }
}

async function checkBytes(parts: Parts, record: PackRecord, read: { whole: boolean }): Promise<Directory> {
  const { repository, run } = parts;
  const { name, size } = record;
  const { storage, context } = repository;
  const whole = read.whole ? await storage.get(name) : undefined;
  const tail =
    whole ??
    (await storage.get(name, { range: { offset: Math.max(0, size - TRAILER_SIZE), length: TRAILER_SIZE + 1 } }));
  if (tail === undefined) throw damaged(name, "it is missing");
  run.bytesRead += tail.length;
  if (whole === undefined ? tail.length !== TRAILER_SIZE : whole.length !== size) {
    throw damaged(name, `it has not the ${size} bytes its segment says`);
  }
  // Before the header is looked at: a flipped bit there must not pass for a newer format.
  if (whole !== undefined && !hasRightHash(context, whole)) throw damaged(name, "its hash is not that of its bytes");
  const trailerBytes = tail.subarray(tail.length - TRAILER_SIZE);
  const trailer = decodeTrailer(trailerBytes, { name, size });
  const range = { offset: trailer.directoryOffset, length: trailer.directoryLength };
  const sealed =
    whole?.subarray(range.offset, range.offset + range.length) ??
    (await storage.get(name, { range })) ??
    new Uint8Array(0);
  if (whole === undefined) run.bytesRead += sealed.length;
  const directory = openDirectory(context, { name, trailer: trailerBytes, size }, sealed);
  compareTables(record, directory);
  run.chunks += directory.chunks.count;
  if (whole !== undefined) {
    checkChunks(parts, { name, bytes: whole, directory });
    if (parts.parities.has(name)) await checkParity(parts, { name, bytes: whole });
    parts.plan.noteRight(name, size);
  }
  return directory;
}

function compareTables(record: PackRecord, directory: Directory): void {
  const same =
    record.keys.length === directory.keys.length &&
    record.frames.length === directory.frames.length &&
    record.keys.every((key, i) => {
      const other = directory.keys[i]!;
      const sameKey = key.kind === other.kind && key.epoch === other.epoch && key.domain === other.domain;
      return sameKey && Buffer.compare(key.encapsulation, other.encapsulation) === 0;
    }) &&
    record.frames.every((frame, i) => {
      const other = directory.frames[i]!;
      const sameLengths = frame.storedLength === other.storedLength && frame.plainLength === other.plainLength;
      const sameWay = frame.key === other.key && frame.codec === other.codec;
      return sameLengths && sameWay && Buffer.compare(frame.salt, other.salt) === 0;
    });
  if (!same) throw damaged(record.name, "its directory and its segment differ");
}

/** Opens every frame once, in order, and recomputes the id of every chunk. */
function checkChunks(
  { repository, opener, plain }: Parts,
  pack: { name: string; bytes: Uint8Array; directory: Directory },
): void {
  const { name, bytes, directory } = pack;
  const frames = new PackFrames(repository.context, opener, { name, kind: directory.kind, tables: directory });
  let opened = -1;
  const open = (index: number): Uint8Array => {
    if (opened === index) return plain;
    const { storedOffset, storedLength } = directory.frames[index]!;
    frames.open(index, bytes.subarray(storedOffset, storedOffset + storedLength), plain);
    opened = index;
    return plain;
  };
  const { chunks } = directory;
  let next = 0;
  for (let i = 0; i < chunks.count; i++) {
    const span = spanOf(directory, { offset: chunks.offsets[i]!, length: chunks.lengths[i]! }, name);
    while (next < span.first) open(next++);
    const chunk = readSpan(directory, span, { open, take: (length) => new Uint8Array(length) });
    const id = repository.idHash[directory.kind].hash(chunk);
    const wanted = chunkId(chunks, i);
    if (Buffer.compare(id.subarray(0, wanted.length), wanted) !== 0)
      throw damaged(name, `chunk ${i} does not have its id`);
    next = span.last;
  }
  while (next < directory.frames.length) open(next++);
}

function damaged(name: string, found: string): CorruptError {
  return new CorruptError(`Cannot read pack "${name}": ${found}`, { object: name });
}
