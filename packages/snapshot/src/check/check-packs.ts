/**
 * Checks segments and the packs they name: that each says of the other what it is, and, when data are read, that every
 * frame opens and every chunk has its id.
 */
import { CorruptError, isBcatError } from "@bcat/errors";
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
import type { Repository, SegmentReference } from "@bcat/repository";
import type { CheckRun } from "./findings.js";

const PAGES_SIZE_MAX = 8 * 2 ** 20;

/** Names of the packs that segments name. */
export interface PackInventory {
  readonly all: ReadonlySet<string>;
  /** Those of them that were condemned and are no longer there: no damage unless a snapshot still needs one. */
  readonly gone: ReadonlySet<string>;
}

/** Checks all `segments` and their packs. */
export async function checkPacks(
  repository: Repository,
  run: CheckRun,
  segments: ReadonlyMap<string, SegmentReference>,
): Promise<PackInventory> {
  const all = new Set<string>();
  const gone = new Set<string>();
  const opener = new FrameOpener(repository.context);
  const plain = new Uint8Array(FRAME_PLAIN_MAX);
  for (const [name, reference] of segments) {
    await run.guard(
      async () => {
        const segment = await openSegment(repository, run, name, reference);
        run.segments++;
        await checkSegment({ repository, run, segment, opener, plain }, { all, gone });
      },
      { object: name },
    );
  }
  return { all, gone };
}

interface Parts {
  readonly repository: Repository;
  readonly run: CheckRun;
  readonly segment: Segment;
  readonly opener: FrameOpener;
  /** Takes one opened frame after the other. */
  readonly plain: Uint8Array;
}

async function openSegment(
  repository: Repository,
  run: CheckRun,
  name: string,
  reference: SegmentReference,
): Promise<Segment> {
  const bytes = await repository.storage.get(name);
  if (bytes === undefined) throw new CorruptError(`Cannot read segment "${name}": it is missing`, { object: name });
  run.bytesRead += bytes.length;
  const { blake3 } = repository.context;
  if (bytes.length !== reference.size || Buffer.compare(blake3.hash(bytes), reference.hash) !== 0) {
    throw new CorruptError(`Cannot read segment "${name}": its bytes are not those its outcome names`, {
      object: name,
    });
  }
  const source = memorySource(bytes);
  return new Segment(repository.context, { name, source }, new PageCache(PAGES_SIZE_MAX));
}

async function checkSegment(parts: Parts, packs: { all: Set<string>; gone: Set<string> }): Promise<void> {
  const { run, segment } = parts;
  const entriesOf = countEntries(segment);
  for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) {
    const record = segment.packRecord(ordinal);
    if (packs.all.has(record.name)) continue;
    packs.all.add(record.name);
    run.packs++;
    if (await isGoneAsCondemned(parts.repository, record.name)) {
      packs.gone.add(record.name);
      run.reportNote(record.name, `pack "${record.name}" was condemned and is gone`);
      continue;
    }
    await run.guard(
      async () => {
        const directory = await checkPack(parts, record);
        if (directory.kind !== segment.counts.kind)
          throw damaged(record.name, "it has chunks of another kind than its segment");
        if (directory.chunks.count !== entriesOf[ordinal]) {
          throw damaged(
            record.name,
            `its directory has ${directory.chunks.count} chunks, segment "${segment.name}" ${entriesOf[ordinal]}`,
          );
        }
        checkEntries(segment, ordinal, record, directory);
      },
      { object: record.name },
    );
    await run.step("packs", run.packs, undefined);
  }
}

async function isGoneAsCondemned({ state, storage }: Repository, name: string): Promise<boolean> {
  if (!state.index.isCondemned(name)) return false;
  return (await storage.get(name, { range: { offset: 0, length: 1 } })) === undefined;
}

/** How many entries each pack has. @throws CorruptError when they are out of order */
function countEntries(segment: Segment): Uint32Array {
  const counts = new Uint32Array(segment.counts.packCount);
  for (const { pack } of segment.entries()) counts[pack]!++;
  return counts;
}

function checkEntries(segment: Segment, ordinal: number, record: PackRecord, { chunks }: Directory): void {
  for (let i = 0; i < chunks.count; i++) {
    const isIndexed = segment
      .find(chunkId(chunks, i))
      .some(
        (entry) => entry.pack === ordinal && entry.offset === chunks.offsets[i] && entry.length === chunks.lengths[i],
      );
    if (isIndexed) continue;
    const found = `segment "${segment.name}" does not have chunk ${i} of "${record.name}" where the pack has it`;
    throw new CorruptError(`Cannot use the index: ${found}`, { object: segment.name });
  }
}

/** The directory of a pack, after comparing it with what the segment says of the pack. */
async function checkPack(parts: Parts, record: PackRecord): Promise<Directory> {
  const { readsData } = parts.run;
  try {
    return await checkBytes(parts, record, { whole: readsData });
  } catch (error) {
    if (readsData || !isBcatError(error, "newer-format")) throw error;
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
  if (whole !== undefined) checkChunks(parts, { name, bytes: whole, directory });
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
