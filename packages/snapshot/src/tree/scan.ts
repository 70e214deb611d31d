/**
 * The scan stream, docs/format.md section 13: 8 bytes `BCATSCN1`, then a record for each directory of a root, in the
 * order of `comparePostOrder`, the root's own last.
 *
 *     varint       bytes of the path shared with the record before, as many as can be
 *     bytes        the rest of the path, relative to the root
 *     16           digest of the stat columns, or zeros
 *     reference    to the directory's nodes: u8 level ‖ varint length ‖ id 32; all zero for a root that is no directory
 *     varint       number of entries
 *     4 × bytes    stat columns, see scan-stats.ts
 *
 * Both sides keep one path and one record, whatever the number of directories.
 */

import { ByteReader, ByteWriter } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import { compareBytes, isName, showName } from "./name.js";
import { idSize, levelMax, type TreeReference, treeSizeMax } from "./node.js";
import { PendingBytes } from "./pending-bytes.js";
import { comparePostOrder, sharedLength } from "./post-order.js";
import { columnNames, columnSizes, type ScanColumns } from "./scan-stats.js";

/** The longest path of a directory relative to its root: 1,023 of the longest names inside one another. */
export const scanPathLengthMax = 1024 * 1024;
/**
 * The most entries of one record. A record of that many takes 224 to 704 MiB, and its directory some GiB of inodes; a
 * larger directory has no record, and is walked as if it were new.
 */
export const scanEntryCountMax = 2 ** 24;
/** Bytes of a digest of stat columns. */
export const scanDigestSize = 16;

/** One directory, or a root that is none. */
export interface ScanRecord {
  /** Relative to the root, empty for the root itself. */
  readonly path: Uint8Array;
  /** {@link scanDigestSize} bytes; zeros are never compared. */
  readonly digest: Uint8Array;
  /** To the directory's nodes; `noReference` for a root that is no directory. */
  readonly tree: TreeReference;
  readonly entryCount: number;
  readonly columns: ScanColumns;
}

/** A record that was found by its path: of each directory on the way down one is held, and long paths are many bytes. */
export type FoundRecord = Omit<ScanRecord, "path">;

/** False for a directory that a backup has not finished: its digest is not to be compared. */
export function isFinished({ digest }: Pick<ScanRecord, "digest">): boolean {
  return digest.some((byte) => byte !== 0);
}

const noPath = new Uint8Array(0);
const magic = new TextEncoder().encode("BCATSCN1");
const slash = 0x2f;

/** Turns records into the bytes of a stream. */
export class ScanEncoder {
  #last: Uint8Array | undefined;

  /** An encoder that goes on from here, beside this one. */
  fork(): ScanEncoder {
    const fork = new ScanEncoder();
    fork.#last = this.#last;
    return fork;
  }

  /**
   * The bytes of one record, after the magic for the first.
   *
   * @throws {RangeError} when it does not follow the record before, or breaks a rule of the format.
   */
  append(record: ScanRecord): Uint8Array {
    const { path, digest, tree, entryCount, columns } = record;
    const shared = sharedLength(this.#last ?? noPath, path);
    const fault = findPathFault(path, this.#last, shared) ?? findTreeFault(record, this.#last) ?? findSizeFault(record);
    if (fault !== undefined) throw new RangeError(`Cannot write scan record: ${fault}`);
    const columnsSize = columnNames.reduce((size, name) => size + columns[name].length, 0);
    const writer = new ByteWriter(path.length + columnsSize + 256);
    if (this.#last === undefined) writer.raw(magic);
    writer.varint(shared);
    writer.bytes(path.subarray(shared));
    writer.raw(digest);
    writer.u8(tree.level);
    writer.varint(tree.length);
    writer.raw(tree.id);
    writer.varint(entryCount);
    for (const name of columnNames) writer.bytes(columns[name]);
    this.#last = path.slice();
    return writer.finish();
  }
}

/**
 * Turns the bytes of a stream, in pieces of any size, into records. A record's memory is its own, or that of others.
 *
 * It keeps what it was fed of one record, never takes memory for what a record says it will have.
 */
export class ScanDecoder {
  readonly #what: string;
  readonly #pending = new PendingBytes();
  #isStarted = false;
  #hasFailed = false;
  /** Bytes without which the next record is surely not whole. */
  #needed = magic.length;
  #last: Uint8Array | undefined;
  /** Where the record handed out last begins in the stream, and its bytes. */
  recordStart = 0;
  recordLength = 0;

  /** @param what names the stream in errors: `Cannot read <what>: …`. */
  constructor(what: string) {
    this.#what = what;
  }

  /**
   * The records that `piece`, which is copied, completes.
   *
   * @throws {CorruptError} when the stream breaks a rule of the format; then it cannot be read on.
   */
  *feed(piece: Uint8Array): Generator<ScanRecord, void, undefined> {
    this.#pending.append(piece);
    for (let record = this.#next(); record !== undefined; record = this.#next()) yield record;
  }

  /** @throws {CorruptError} when the stream ends before or inside its root's own record. */
  end(): void {
    if (this.#hasFailed) throw this.#corrupt("it was found damaged before");
    if (!this.#isStarted || this.#pending.length > 0) throw this.#corrupt("it ends inside a record");
    if (this.#last === undefined || this.#last.length > 0) throw this.#corrupt("it ends before the record of the root");
  }

  #next(): ScanRecord | undefined {
    if (this.#hasFailed) throw this.#corrupt("it was found damaged before");
    try {
      return this.#isStarted || this.#readMagic() ? this.#read() : undefined;
    } catch (error) {
      this.#hasFailed = true;
      throw error;
    }
  }

  /** False for want of bytes. */
  #readMagic(): boolean {
    if (this.#pending.length < magic.length) return false;
    const head = this.#pending.bytes.subarray(0, magic.length);
    if (compareBytes(head, magic) !== 0) throw this.#corrupt("it does not begin with BCATSCN1");
    this.#pending.take(magic.length);
    this.#isStarted = true;
    this.#needed = 1;
    return true;
  }

  /** The next record; undefined for want of bytes. */
  #read(): ScanRecord | undefined {
    if (this.#pending.length < this.#needed) return undefined;
    const reader = new ByteReader(this.#pending.bytes, this.#what);
    let record: ScanRecord;
    try {
      record = this.#readRecord(reader);
    } catch (error) {
      if (reader.missing === 0) throw error;
      // At least one more field can be read then: a record is begun again some dozen times at most.
      this.#needed = this.#pending.length + reader.missing;
      return undefined;
    }
    this.recordStart = this.#pending.taken;
    this.recordLength = reader.position;
    this.#pending.take(reader.position);
    this.#needed = 1;
    this.#last = record.path;
    return record;
  }

  #readRecord(reader: ByteReader): ScanRecord {
    const path = this.#readPath(reader);
    const record = readBehindPath(reader, path, (found) => this.#corrupt(found));
    const fault = findTreeFault(record, this.#last);
    if (fault !== undefined) throw this.#corrupt(fault);
    return record;
  }

  #readPath(reader: ByteReader): Uint8Array {
    const last = this.#last ?? noPath;
    const shared = reader.varint();
    if (shared > last.length) throw this.#corrupt(`number of shared bytes ${shared} is above ${last.length}`);
    const rest = reader.bytes(scanPathLengthMax - shared);
    if (rest.length > 0 && rest[0] === last[shared]) throw this.#corrupt("a path shares more bytes than it says");
    const path = new Uint8Array(shared + rest.length);
    path.set(last.subarray(0, shared));
    path.set(rest, shared);
    const fault = findPathFault(path, this.#last, shared);
    if (fault !== undefined) throw this.#corrupt(fault);
    return path;
  }

  #corrupt(found: string): CorruptError {
    return new CorruptError(`Cannot read ${this.#what}: after ${show(this.#last)}: ${found}`);
  }
}

/**
 * Decodes one record that a {@link ScanDecoder} has handed out before, from the bytes it said.
 *
 * @throws {CorruptError} when they are not the record of the directory at `path`.
 */
export function decodeScanRecord(bytes: Uint8Array, path: Uint8Array, what: string): ScanRecord {
  const reader = new ByteReader(bytes, what);
  const shared = reader.varint();
  const rest = reader.bytes(scanPathLengthMax);
  if (shared + rest.length !== path.length || compareBytes(rest, path.subarray(shared)) !== 0)
    throw reader.corrupt(`it is not the record of ${showName(path)}`);
  const record = readBehindPath(reader, path, (found) => reader.corrupt(found));
  reader.end();
  return record;
}

/** The fields behind the path, each within its limits; its bytes are views. */
function readBehindPath(reader: ByteReader, path: Uint8Array, corrupt: (found: string) => CorruptError): ScanRecord {
  const bounded = (most: number, name: string) => {
    const value = reader.varint();
    if (value > most) throw corrupt(`${name} ${value} is above ${most}`);
    return value;
  };
  const digest = reader.raw(scanDigestSize);
  const level = reader.u8();
  const length = bounded(treeSizeMax, "tree length");
  const tree = { level, length, id: reader.raw(idSize) };
  const entryCount = bounded(scanEntryCountMax, "number of entries");
  const column = (name: keyof ScanColumns) => {
    const [least, most] = columnSizes[name];
    const size = bounded(entryCount * most, `length of ${name}`);
    if (size < entryCount * least) throw corrupt(`${size} bytes of ${name} are too few for ${entryCount}`);
    return reader.raw(size);
  };
  // In this order.
  const ctimes = column("ctimes");
  const inodes = column("inodes");
  const devices = column("devices");
  const births = column("births");
  return { path, digest, tree, entryCount, columns: { ctimes, inodes, devices, births } };
}

/** @param shared bytes that both paths begin with, as many as can be */
function findPathFault(path: Uint8Array, last: Uint8Array | undefined, shared: number): string | undefined {
  if (path.length > scanPathLengthMax) return `a path has ${path.length} bytes: at most ${scanPathLengthMax}`;
  if (path.length > 0 && !isRelativePath(path, shared)) return `${showName(path)} is not a path relative to a root`;
  if (last !== undefined && comparePostOrder(last, path, shared) >= 0)
    return `${showName(path)} follows ${showName(last)}`;
  return undefined;
}

/** The first `shared` bytes are those of a path that is one: names that end in them are not looked at again. */
function isRelativePath(path: Uint8Array, shared: number): boolean {
  let start = shared;
  while (start > 0 && path[start - 1] !== slash) start--;
  for (let end = path.indexOf(slash, start); end >= 0; end = path.indexOf(slash, start)) {
    if (!isName(path.subarray(start, end))) return false;
    start = end + 1;
  }
  return isName(path.subarray(start));
}

/** A tree that is none stands only where the root is no directory. */
function findTreeFault(
  record: { readonly path: Uint8Array; readonly tree: TreeReference; readonly entryCount: number },
  last: Uint8Array | undefined,
): string | undefined {
  const { path, tree, entryCount } = record;
  const { level, length, id } = tree;
  if (level > levelMax || length > treeSizeMax) return `tree of level ${level} and length ${length} cannot be`;
  if (length > 0) return undefined;
  if (level !== 0 || id.some((byte) => byte !== 0)) return "a tree of length 0 has a level or an id";
  const only = last === undefined && path.length === 0 && entryCount === 1;
  return only ? undefined : "a record without a tree is not the only one, of the root, with one entry";
}

function findSizeFault(record: ScanRecord): string | undefined {
  const { digest, tree, entryCount, columns } = record;
  if (digest.length !== scanDigestSize) return `a digest has ${digest.length} bytes`;
  if (tree.id.length !== idSize) return `an id has ${tree.id.length} bytes`;
  if (entryCount > scanEntryCountMax) return `${entryCount} entries: at most ${scanEntryCountMax}`;
  for (const name of columnNames) {
    const [least, most] = columnSizes[name];
    const { length } = columns[name];
    if (length < entryCount * least || length > entryCount * most)
      return `${length} bytes of ${name} for ${entryCount}`;
  }
  return undefined;
}

function show(path: Uint8Array | undefined): string {
  return path === undefined ? "the beginning" : `directory ${showName(path)}`;
}
