/**
 * The fields of a snapshot inside an outcome or a partial, docs/format.md section 8.
 *
 *     16 c  u8: 1 complete, 0 partial              26  program version
 *     17    varint parent                          27  tags
 *     18 c  roots: bytes path ‖ node ‖ scan        28  exclude patterns
 *     19    time of start                          29  options, name=value
 *     20    time of end                            30  counts, varint each
 *     21    zone                                   31  errors: varint total ‖ (bytes path ‖ bytes message) each
 *     22    host                                   32  varint head of the log
 *     23    user                                   33  outcomes seen: u64 number ‖ hash 32
 *     24    client id, 16 bytes                    34  original: u64 number ‖ time
 *                                                  36  folders above the roots: folder-above.ts
 *                                                  38  original of another repository: its id, 16 bytes
 *                                                  40  u8 1: the scan is settled
 *                                                  41  varint, with 38: the copy here whose place this one has
 *                                                  42  u8 1: the time of start was said, by no clock
 *                                                  43  varint, with 38: the number there whose place the original has
 */

import type { ByteReader, ByteWriter } from "@bcat/codec";
import { type Counts, readCounts, writeCounts } from "./counts.js";
import {
  type BodyReader,
  type BodyWriter,
  checkRegisterNumber,
  readList,
  readRegisterNumber,
  readWideRegisterNumber,
  registerNumberMax,
  writeFixed,
} from "./fields.js";
import { type FolderAbove, readFolderAbove, writeFolderAbove } from "./folder-above.js";
import { checkRoots, findRootFault, rootPathLengthMax } from "./root-path.js";
import { clientIdSize } from "./session.js";

/** The most errors that a snapshot lists; it counts all. */
export const errorCountMax = 100;
/** The most outcomes that a snapshot names as seen. */
export const seenCountMax = 3;
/** Bytes of a BLAKE3 hash. */
export const hashSize = 32;
/** Bytes of the id of a repository. */
const repositoryIdSize = 16;
/** Outcomes have at most this many bytes, and so has each part of one. */
export const bodySizeMax = 16 * 1024 * 1024;

/** What a backup kept. */
export interface Snapshot {
  /** False for what was saved of a backup that did not end. */
  readonly complete: boolean;
  /** The newest of the parents. */
  readonly parent?: number;
  /** Where roots have parents of their own: by path, not sorted. */
  readonly parents?: readonly ParentOfRoot[];
  /** Ascending by path, none inside another. */
  readonly roots: readonly Root[];
  readonly start: number;
  readonly end: number;
  /** Of the host, such as `Europe/Berlin`; empty when unknown, as all texts here. */
  readonly zone: string;
  readonly host: string;
  readonly user: string;
  /** 16 bytes. */
  readonly clientId: Uint8Array;
  /** Of the program. */
  readonly version: string;
  readonly tags: readonly string[];
  readonly excludes: readonly string[];
  /** `name=value`. */
  readonly options: readonly string[];
  readonly counts: Counts;
  readonly errors: ErrorList;
  /** Number of the newest log record seen, 0 for none. */
  readonly logHead: number;
  /** The newest outcomes seen, at most {@link seenCountMax}. */
  readonly seen: readonly SeenOutcome[];
  /** Files that may have changed behind their reading have no inode in the scan: no time needs to be looked at. */
  readonly isSettled?: boolean;
  /** Somebody said when it was begun: it need not have been begun after those with lower numbers. */
  readonly isTimeSaid?: boolean;
  /** What all its nodes record where an entry has it: {@link SnapshotRecords}; absent: nothing that is named there. */
  readonly records?: number;
  /** The folders that the roots lie in, where they could be looked at; ascending by path. */
  readonly foldersAbove?: readonly FolderAbove[];
  /** For undelete, copy and rewrite: the snapshot that this one was made from. */
  readonly original?: Original;
}

/** The snapshot that another one was made from; where several were made from one another, the first. */
export interface Original {
  readonly number: number;
  /** When it was begun. */
  readonly time: number;
  /** Id of its repository, 16 bytes, if it is of another one. */
  readonly repository?: Uint8Array;
  /** Of one of another repository: the snapshot here, a copy of it, whose place this one has. */
  readonly place?: number;
  /** Of one of another repository: the snapshot there whose place it has, when it was made from that. */
  readonly placeThere?: number;
}

/** Bits of {@link Snapshot.records}; later versions have more. `allAttributes`: also those that take privileges to see. */
export const SnapshotRecords = {
  linkGroups: 1,
  attributes: 2,
  allAttributes: 4,
  flags: 8,
  holes: 16,
  atimes: 32,
} as const;

/** The snapshot that a root was compared with. */
export interface ParentOfRoot {
  /** Absolute, in bytes. */
  readonly path: Uint8Array;
  readonly number: number;
}

export interface Root {
  /** Absolute, in bytes. */
  readonly path: Uint8Array;
  /** A leaf of one node with an empty name, encoded. */
  readonly node: Uint8Array;
  /** Content of the scan stream, encoded; no bytes when there is none. */
  readonly scan: Uint8Array;
}

export interface ErrorList {
  readonly total: number;
  /** At most {@link errorCountMax}. */
  readonly first: readonly SnapshotError[];
}

export interface SnapshotError {
  readonly path: Uint8Array;
  readonly message: string;
}

export interface SeenOutcome {
  readonly number: number;
  /** BLAKE3 of the object, 32 bytes. */
  readonly hash: Uint8Array;
}

/** The numbers of the fields below. */
export const snapshotFields = {
  critical: [16, 18],
  other: [17, 19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 40, 41, 42, 43],
} as const;

export function writeSnapshot(body: BodyWriter, snapshot: Snapshot): void {
  const { parent, original } = snapshot;
  checkRoots(snapshot.roots);
  body.field(16, (writer) => writer.u8(snapshot.complete ? 1 : 0));
  if (parent !== undefined) body.field(17, (writer) => writer.varint(checkRegisterNumber(parent)));
  body.field(18, (writer) => snapshot.roots.forEach((root) => void writeRoot(writer, root)));
  body.field(19, (writer) => writer.time(snapshot.start));
  body.field(20, (writer) => writer.time(snapshot.end));
  body.text(21, snapshot.zone);
  body.text(22, snapshot.host);
  body.text(23, snapshot.user);
  body.field(24, (writer) => writeFixed(writer, snapshot.clientId, clientIdSize));
  body.text(26, snapshot.version);
  body.field(27, (writer) => writeTexts(writer, snapshot.tags));
  body.field(28, (writer) => writeTexts(writer, snapshot.excludes));
  body.field(29, (writer) => writeTexts(writer, snapshot.options));
  body.field(30, (writer) => writeCounts(writer, snapshot.counts));
  body.field(31, (writer) => writeErrors(writer, snapshot.errors));
  body.field(32, (writer) => writer.varint(snapshot.logHead));
  body.field(33, (writer) => writeSeen(writer, snapshot.seen));
  if (original !== undefined) body.field(34, (writer) => writeOriginal(writer, original));
  if (snapshot.records !== undefined) body.field(35, (writer) => writer.varint(snapshot.records!));
  body.field(36, (writer) => snapshot.foldersAbove?.forEach((folder) => void writeFolderAbove(writer, folder)));
  body.field(37, (writer) => snapshot.parents?.forEach((parent) => void writeParent(writer, parent)));
  if (original?.repository !== undefined)
    body.field(38, (writer) => writeFixed(writer, original.repository!, repositoryIdSize));
  if (snapshot.isSettled === true) body.field(40, (writer) => writer.u8(1));
  const { place, placeThere } = original?.repository === undefined ? {} : original;
  if (place !== undefined) body.field(41, (writer) => writer.varint(checkRegisterNumber(place)));
  if (snapshot.isTimeSaid === true) body.field(42, (writer) => writer.u8(1));
  if (placeThere !== undefined) body.field(43, (writer) => writer.varint(checkRegisterNumber(placeThere)));
}

export function readSnapshot(body: BodyReader): Snapshot {
  const parent = body.optional(17, readRegisterNumber);
  const original = body.optional(34, readOriginal);
  const repository = body.optional(38, (reader) => {
    if (original === undefined) throw reader.corrupt("it names the repository of no original");
    return reader.raw(repositoryIdSize);
  });
  const readPlace = (reader: ByteReader) => {
    if (repository === undefined) throw reader.corrupt("it is a place without a repository of the original");
    return readRegisterNumber(reader);
  };
  const place = body.optional(41, readPlace);
  const placeThere = body.optional(43, readPlace);
  const parents = body.list(37, readParent);
  const records = body.optional(35, (reader) => reader.varint());
  const foldersAbove = body.list(36, readFolderAbove);
  return {
    complete: body.field(16, (reader) => readFlag(reader, "completeness")),
    ...(parent === undefined ? {} : { parent }),
    roots: body.optional(18, readRoots) ?? [],
    start: body.field(19, (reader) => reader.time()),
    end: body.field(20, (reader) => reader.time()),
    zone: body.text(21),
    host: body.text(22),
    user: body.text(23),
    clientId: body.field(24, (reader) => reader.raw(clientIdSize)),
    version: body.text(26),
    tags: body.list(27, readText),
    excludes: body.list(28, readText),
    options: body.list(29, readText),
    counts: body.field(30, readCounts),
    errors: body.optional(31, readErrors) ?? { total: 0, first: [] },
    logHead: body.field(32, readLogHead),
    seen: body.optional(33, readSeen) ?? [],
    ...(original === undefined
      ? {}
      : {
          original: {
            ...{ ...original, ...(repository && { repository }) },
            ...{ ...(place && { place }), ...(placeThere && { placeThere }) },
          },
        }),
    ...(records === undefined ? {} : { records }),
    ...(foldersAbove.length === 0 ? {} : { foldersAbove }),
    ...(parents.length === 0 ? {} : { parents }),
    ...(body.has(40) ? { isSettled: body.field(40, (reader) => readFlag(reader, "settledness")) } : {}),
    ...(body.has(42) ? { isTimeSaid: body.field(42, (reader) => readFlag(reader, "said time")) } : {}),
  };
}

function readFlag(reader: ByteReader, what: string): boolean {
  const value = reader.u8();
  if (value > 1) throw reader.corrupt(`${what} ${value} is neither 0 nor 1`);
  return value === 1;
}

function writeRoot(writer: ByteWriter, root: Root): void {
  writer.bytes(root.path);
  writer.bytes(root.node);
  writer.bytes(root.scan);
}

function readRoots(reader: ByteReader): Root[] {
  const roots = readList(reader, () => ({
    path: reader.bytes(rootPathLengthMax),
    node: reader.bytes(bodySizeMax),
    scan: reader.bytes(bodySizeMax),
  }));
  const fault = findRootFault(roots);
  if (fault !== undefined) throw reader.corrupt(fault);
  return roots;
}

function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  for (const text of texts) writer.text(text);
}

function readText(reader: ByteReader): string {
  return reader.text(bodySizeMax);
}

/** Without errors the field is absent. */
function writeErrors(writer: ByteWriter, errors: ErrorList): void {
  const { total, first } = errors;
  if (first.length > Math.min(total, errorCountMax)) {
    throw new RangeError(`Cannot list ${first.length} of ${total} errors: at most ${errorCountMax}`);
  }
  if (total === 0) return;
  writer.varint(total);
  for (const { path, message } of first) {
    writer.bytes(path);
    writer.text(message);
  }
}

function readErrors(reader: ByteReader): ErrorList {
  const total = reader.varint();
  const first: SnapshotError[] = [];
  while (reader.remaining > 0) {
    if (first.length === Math.min(total, errorCountMax))
      throw reader.corrupt(`more than ${first.length} errors follow`);
    first.push({ path: reader.bytes(bodySizeMax), message: readText(reader) });
  }
  if (total === 0) throw reader.corrupt("a list of errors counts none");
  return { total, first };
}

function readLogHead(reader: ByteReader): number {
  const head = reader.varint();
  if (head > registerNumberMax) throw reader.corrupt(`log head ${head} is above ${registerNumberMax}`);
  return head;
}

function writeSeen(writer: ByteWriter, seen: readonly SeenOutcome[]): void {
  if (seen.length > seenCountMax) throw new RangeError(`Cannot name ${seen.length} outcomes: at most ${seenCountMax}`);
  for (const { number, hash } of seen) {
    writer.u64(checkRegisterNumber(number));
    writeFixed(writer, hash, hashSize);
  }
}

function readSeen(reader: ByteReader): SeenOutcome[] {
  const seen = readList(reader, () => ({ number: readWideRegisterNumber(reader), hash: reader.raw(hashSize) }));
  if (seen.length > seenCountMax) throw reader.corrupt(`${seen.length} outcomes seen are above ${seenCountMax}`);
  return seen;
}

function writeParent(writer: ByteWriter, { path, number }: ParentOfRoot): void {
  writer.bytes(path);
  writer.varint(checkRegisterNumber(number));
}

function readParent(reader: ByteReader): ParentOfRoot {
  return { path: reader.bytes(rootPathLengthMax), number: readRegisterNumber(reader) };
}

function writeOriginal(writer: ByteWriter, original: Original): void {
  writer.u64(checkRegisterNumber(original.number));
  writer.time(original.time);
}

function readOriginal(reader: ByteReader): Original {
  const number = readWideRegisterNumber(reader);
  return { number, time: reader.time() };
}
