/**
 * Restores every snapshot of a repository in a folder. Written from `docs/format.md` alone, to show that the page
 * suffices; it shares no code with the packages.
 */

import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { init } from "@bokuweb/zstd-wasm";
import { assertFormat, assertKnown, type ByteReader } from "./bytes.js";
import { type ChunkKind, type Frame, openFrame, openPackDirectory, PACK_SIZE_MAX } from "./pack.js";
import { byteField, decodeRecord, type Fields, field, knownFields, listField, type Schema } from "./record.js";
import { blake3, decodeHeader, type KeySource, keySource, OBJECT_TYPE, openRootKey, openSealed } from "./sealed.js";
import { type Location, openSegment, type PackRecord, packObjectName, readName, type Segment } from "./segment.js";
import {
  CHUNK_SIZE_MAX,
  decodeRootNode,
  type Node,
  type NodeType,
  type ReadChunk,
  readContent,
  readDirectory,
} from "./tree.js";

export interface RestoredSnapshot {
  readonly number: number;
  readonly complete: boolean;
  readonly host: string;
  readonly tags: readonly string[];
  readonly roots: readonly RestoredRoot[];
}

export interface RestoredRoot {
  readonly path: Buffer;
  readonly entries: readonly RestoredEntry[];
}

export interface RestoredEntry {
  /** Relative to the root; empty for the root itself. */
  readonly path: Buffer;
  readonly type: NodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: Buffer;
  readonly group: Buffer;
  readonly mtimeNs: bigint;
  readonly content?: Buffer;
  readonly target?: Buffer;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly attributes?: readonly { readonly name: Buffer; readonly value: Buffer }[];
  readonly flags?: number;
  readonly linkGroup?: Buffer;
  readonly hasChanged?: boolean;
}

type ReadObject = (name: string, sizeMax: number) => Buffer | undefined;

const CONFIG: Schema = { critical: [1], optional: [2, 3], always: [1] };
const SESSION: Schema = { critical: [1], optional: [2, 3, 4, 5, 6], always: [1, 2, 5] };
const SNAPSHOT: Schema = {
  critical: [1, 2, 3, 16, 18],
  optional: [17, 19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32, 33, 34, 37],
  always: [1, 16, 19, 20, 24, 30, 32],
};
const COMPACTION: Schema = { critical: [1, 2, 3], optional: [4, 5], empty: [4, 5] };
const VOID: Schema = { critical: [1, 2, 3], optional: [6] };
const OUTCOMES = [SNAPSHOT, COMPACTION, VOID];
const LOG: Schema = { critical: [1, 16, 17, 18, 19, 20, 21], optional: [2, 3, 4], always: [1, 2] };
/** The field that a log record of each kind has: condemn, forget, pin, unpin, epoch, domain, mode, key-add, key-remove. */
const LOG_FIELDS = [16, 17, 17, 17, 18, 19, 20, 21, 21];
const OUTCOME_SNAPSHOT = 1;
const [LOG_CONDEMN, LOG_FORGET] = [1, 2] as const;
const REGISTER_SIZE_MAX = 64 * 2 ** 10;
const OUTCOME_SIZE_MAX = 16 * 2 ** 20;
const SEGMENT_SIZE_MAX = 96 * 2 ** 20;
const ROOT_PATH_SIZE_MAX = 64 * 2 ** 10;
const FRAMES_CACHED_MAX = 64;

export async function restoreRepository(folder: string, passphrase: string): Promise<RestoredSnapshot[]> {
  await init();
  const readObject: ReadObject = (name, sizeMax) => readFileIfThere(join(folder, name), sizeMax);
  const keys = openKeys(readObject, passphrase);
  const log = readLog(readObject, keys);
  const outcomes = readOutcomes(readObject, keys);
  const segments = currentSegments(readObject, keys, [...outcomes.values()]);
  for (const segment of segments) verifyPacks(readObject, keys, segment, log.condemned);
  const readChunk = chunkReader(folder, keys, segments, log.condemned);
  return [...outcomes]
    .filter(([number, fields]) => byteField(fields, 1) === OUTCOME_SNAPSHOT && !log.forgotten.has(number))
    .map(([number, fields]) => restoreSnapshot(readChunk, number, fields));
}

function readFileIfThere(path: string, sizeMax: number): Buffer | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  assertFormat(size <= sizeMax, `${path} is ${size} bytes long, at most ${sizeMax} are allowed`);
  return readFileSync(path);
}

function openKeys(readObject: ReadObject, passphrase: string): KeySource {
  const config = readObject("config", REGISTER_SIZE_MAX);
  assertFormat(config !== undefined, "there is no repository here");
  decodeHeader(config, OBJECT_TYPE.config);
  const repositoryId = config.subarray(16, 32);
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  const slots = numbers.map((number) => readObject(`keys/${number}`, REGISTER_SIZE_MAX));
  const present = slots.filter((slot) => slot !== undefined);
  const keys = keySource(openRootKey(present, passphrase, repositoryId), repositoryId);
  const body = openSealed(keys, OBJECT_TYPE.config, "config", config);
  const chunker = field(knownFields(decodeRecord(body), CONFIG), 1);
  const kind = chunker.u8();
  assertKnown(kind === 1 || kind === 2, `chunker ${kind} is unknown`);
  const sizes = chunker.list(chunker.u32);
  assertFormat(sizes.length === 3 && sizes[0]! >= 1 && sizes[2]! <= CHUNK_SIZE_MAX, `chunk sizes ${sizes}`);
  assertFormat(sizes[0]! <= sizes[1]! && sizes[1]! <= sizes[2]!, `chunk sizes ${sizes} do not ascend`);
  return keys;
}

function registerName(sequence: string, number: number): string {
  return `${sequence}/${String(number).padStart(10, "0")}`;
}

function readLog(readObject: ReadObject, keys: KeySource) {
  const condemned = new Set<string>();
  const forgotten = new Set<number>();
  for (let number = 1; ; number++) {
    const name = registerName("log", number);
    const object = readObject(name, OUTCOME_SIZE_MAX);
    if (object === undefined) return { condemned, forgotten };
    const fields = knownFields(decodeRecord(openSealed(keys, OBJECT_TYPE.log, name, object)), LOG);
    const kind = byteField(fields, 1);
    const wanted = LOG_FIELDS[kind - 1];
    assertKnown(wanted !== undefined, `log record of kind ${kind}`);
    const found = [...fields.keys()].filter((number) => number >= 16);
    assertFormat(found.length === 1 && found[0] === wanted, `log record of kind ${kind} with fields ${found}`);
    if (kind === LOG_CONDEMN) for (const pack of listField(fields, 16, readName)) condemned.add(pack);
    if (kind === LOG_FORGET) for (const snapshot of listField(fields, 17, (r) => r.varint())) forgotten.add(snapshot);
  }
}

/** The outcome of each session that has one. */
function readOutcomes(readObject: ReadObject, keys: KeySource): Map<number, Fields> {
  const outcomes = new Map<number, Fields>();
  for (let number = 1; ; number++) {
    const sessionName = registerName("sessions", number);
    const session = readObject(sessionName, REGISTER_SIZE_MAX);
    if (session === undefined) return outcomes;
    const body = openSealed(keys, OBJECT_TYPE.session, sessionName, session);
    const kind = byteField(knownFields(decodeRecord(body), SESSION), 1);
    assertKnown(kind === 1 || kind === 2, `session of kind ${kind}`);
    const name = registerName("outcomes", number);
    const outcome = readObject(name, OUTCOME_SIZE_MAX);
    if (outcome !== undefined)
      outcomes.set(number, decodeOutcome(openSealed(keys, OBJECT_TYPE.outcome, name, outcome)));
  }
}

function decodeOutcome(body: Buffer): Fields {
  const values = decodeRecord(body);
  const kind = byteField(new Map([[1, values.get(3) ?? Buffer.alloc(0)]]), 1);
  const schema = OUTCOMES[kind - 1];
  assertKnown(schema !== undefined, `outcome of kind ${kind}`);
  return knownFields(values, schema);
}

function currentSegments(readObject: ReadObject, keys: KeySource, outcomes: readonly Fields[]): Segment[] {
  const readAdded = (r: ByteReader) => ({ name: readName(r), size: r.u64(), hash: r.take(32) });
  const removed = new Set(outcomes.flatMap((outcome) => listField(outcome, 3, readName)));
  const added = outcomes.flatMap((outcome) => listField(outcome, 2, readAdded));
  const current = added.filter((segment) => !removed.has(segment.name));
  return current.map(({ name, size, hash }) => {
    const objectName = `index/${name}`;
    const object = readObject(objectName, SEGMENT_SIZE_MAX);
    assertFormat(object !== undefined, `${objectName} is missing`);
    assertFormat(object.length === size && blake3(object).equals(hash), `${objectName} is not what its outcome added`);
    return openSegment(keys, objectName, object);
  });
}

/** Packs that are not condemned are there, whole, and have the directory that the segment says. */
function verifyPacks(readObject: ReadObject, keys: KeySource, segment: Segment, condemned: ReadonlySet<string>): void {
  const chunks = new Map<PackRecord, Location[]>(segment.packs.map((pack) => [pack, []]));
  for (const location of segment.locations) chunks.get(location.pack)!.push(location);
  for (const [record, locations] of chunks) {
    if (condemned.has(record.name)) continue;
    const name = packObjectName(record.name);
    const pack = readObject(name, PACK_SIZE_MAX);
    assertFormat(pack !== undefined && pack.length === record.size, `${name} is missing or of another size`);
    const directory = openPackDirectory(keys, name, pack);
    assertFormat(directory.kind === segment.kind, `${name} has chunks of another kind`);
    assertFormat(directory.table.bytes.equals(record.table.bytes), `${name} has other frames than its segment says`);
    for (const { id, offset, length } of locations)
      assertFormat(directory.chunks.has(`${id} ${offset} ${length}`), `${name} has no chunk ${id} at ${offset}`);
  }
}

function chunkReader(
  folder: string,
  keys: KeySource,
  segments: readonly Segment[],
  condemned: ReadonlySet<string>,
): ReadChunk {
  const cache = new Map<Frame, Buffer>();
  const read = (kind: ChunkKind, domain: number, id: Buffer, location: Location): Buffer => {
    const plain = readStream(folder, keys, kind, location, cache);
    const label = kind === 1 ? "id/data" : "id/tree";
    assertFormat(blake3(plain, keys(label, 0, domain)).equals(id), `chunk ${id.toString("hex")} has another id`);
    return plain;
  };
  const index = new Map<string, (Location & { readonly domain: number })[]>();
  for (const { kind, domain, locations } of segments)
    for (const location of locations) {
      const key = `${kind} ${location.id}`;
      index.set(key, [...(index.get(key) ?? []), { ...location, domain }]);
    }
  return (kind, id, length) => {
    const found = index.get(`${kind} ${id.toString("hex", 0, 16)}`) ?? [];
    const failures: unknown[] = [];
    const [last, first] = [true, false].map((late) => found.filter(({ pack }) => condemned.has(pack.name) === late));
    for (const location of [...first!, ...last!].filter((candidate) => candidate.length === length)) {
      try {
        return read(kind, location.domain, id, location);
      } catch (error) {
        failures.push(error);
      }
    }
    throw new AggregateError(failures, `chunk ${id.toString("hex")} of ${length} bytes cannot be read`);
  };
}

/** A part of the stream of a pack, read with what the segment says alone. */
function readStream(
  folder: string,
  keys: KeySource,
  kind: ChunkKind,
  { pack, offset, length }: Location,
  cache: Map<Frame, Buffer>,
): Buffer {
  const end = offset + length;
  const { frames } = pack.table;
  const touched = frames.filter((frame) => frame.plainOffset < end && frame.plainOffset + frame.plainLength > offset);
  const plain = touched.map((frame) => {
    const bytes = cache.get(frame) ?? openFrame(keys, kind, frame, readFrame(folder, pack.name, frame));
    cache.set(frame, bytes);
    if (cache.size > FRAMES_CACHED_MAX) cache.delete(cache.keys().next().value!);
    return bytes;
  });
  const start = offset - touched[0]!.plainOffset;
  return Buffer.concat(plain).subarray(start, start + length);
}

function readFrame(folder: string, name: string, { storedOffset, storedLength }: Frame): Buffer {
  const file = openSync(join(folder, packObjectName(name)), "r");
  try {
    const bytes = Buffer.alloc(storedLength);
    assertFormat(readSync(file, bytes, 0, storedLength, storedOffset) === storedLength, `${name} is too short`);
    return bytes;
  } finally {
    closeSync(file);
  }
}

function restoreSnapshot(readChunk: ReadChunk, number: number, fields: Fields): RestoredSnapshot {
  const roots = listField(fields, 18, (r) => ({ path: r.bytes(), node: decodeRootNode(r.bytes()), scan: r.bytes() }));
  for (const [position, { path }] of roots.entries()) checkRootPath(path, roots[position - 1]?.path);
  const complete = byteField(fields, 16);
  assertFormat(complete <= 1, `snapshot of completeness ${complete}`);
  return {
    number,
    complete: complete === 1,
    host: (fields.get(22) ?? Buffer.alloc(0)).toString(),
    tags: listField(fields, 27, (r) => r.bytes().toString()),
    roots: roots.map(({ path, node }) => ({ path, entries: [...restoreEntries(readChunk, node, Buffer.alloc(0))] })),
  };
}

function checkRootPath(path: Buffer, before: Buffer | undefined): void {
  const text = path.toString("latin1");
  assertFormat(before === undefined || before.compare(path) < 0, "roots are not sorted");
  const components = text === "/" ? [] : text.split("/").slice(1);
  const wrong = components.some((name) => name === "" || name === "." || name === "..");
  assertFormat(text.startsWith("/") && !wrong && !text.includes("\0"), `path of root ${JSON.stringify(text)}`);
  assertFormat(path.length <= ROOT_PATH_SIZE_MAX, `path of root of ${path.length} bytes`);
}

function* restoreEntries(readChunk: ReadChunk, node: Node, path: Buffer): Generator<RestoredEntry> {
  const { name: _, owner, content, directory, attributes, ...same } = node;
  yield {
    path,
    ...same,
    ...owner,
    ...(content && { content: readContent(readChunk, content) }),
    ...(attributes && {
      attributes: attributes.map((item) => ({ name: item.name, value: readContent(readChunk, item.content) })),
    }),
  };
  if (directory === undefined) return;
  const prefix = path.length === 0 ? path : Buffer.concat([path, Buffer.from("/")]);
  for (const child of readDirectory(readChunk, directory))
    yield* restoreEntries(readChunk, child, Buffer.concat([prefix, child.name]));
}
