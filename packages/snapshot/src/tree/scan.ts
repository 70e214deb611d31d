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

/** Bytes of the longest varint. */
const varintSizeMax = 8;
const noPath = new Uint8Array(0);
const magic = new TextEncoder().encode("BCATSCN1");
const slash = 0x2f;

/** Turns records into the bytes of a stream. */
export class ScanEncoder {
  #last: Uint8Array | undefined;

  /**
   * The bytes of one record, after the magic for the first.
   *
   * @throws {RangeError} when it does not follow the record before, or breaks a rule of the format.
   */
  append(record: ScanRecord): Uint8Array {
    const { path, digest, tree, entryCount, columns } = record;
    const fault = findPathFault(path, this.#last) ?? findTreeFault(record, this.#last) ?? findSizeFault(record);
    if (fault !== undefined) throw new RangeError(`Cannot write scan record: ${fault}`);
    const columnsSize = columnNames.reduce((size, name) => size + columns[name].length, 0);
    const writer = new ByteWriter(path.length + columnsSize + 256);
    if (this.#last === undefined) writer.raw(magic);
    const shared = sharedLength(this.#last ?? noPath, path);
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
 * Turns the bytes of a stream, in pieces of any size, into records. A record's memory is its own.
 *
 * It keeps what it was fed of one record, never takes memory for what a record says it will have.
 */
export class ScanDecoder {
  readonly #what: string;
  readonly #pending = new PendingBytes();
  readonly #records: Generator<ScanRecord | undefined, never, undefined>;
  #state: "between" | "inside" | "failed" = "inside";
  #last: Uint8Array | undefined;
  /** Where the record handed out last begins in the stream, and its bytes. */
  recordStart = 0;
  recordLength = 0;

  /** @param what names the stream in errors: `Cannot read <what>: …`. */
  constructor(what: string) {
    this.#what = what;
    this.#records = this.#readRecords();
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
    if (this.#state === "failed") throw this.#corrupt("it was found damaged before");
    if (this.#state === "inside" || this.#pending.length > 0) throw this.#corrupt("it ends inside a record");
    if (this.#last === undefined || this.#last.length > 0) throw this.#corrupt("it ends before the record of the root");
  }

  #next(): ScanRecord | undefined {
    if (this.#state === "failed") throw this.#corrupt("it was found damaged before");
    try {
      return this.#records.next().value;
    } catch (error) {
      this.#state = "failed";
      throw error;
    }
  }

  /** Yields undefined for want of bytes, and goes on when there are more. */
  *#readRecords(): Generator<ScanRecord | undefined, never, undefined> {
    const head = yield* this.#take(magic.length);
    if (compareBytes(head, magic) !== 0) throw this.#corrupt("it does not begin with BCATSCN1");
    for (;;) {
      this.#state = "between";
      yield* this.#need(1);
      this.#state = "inside";
      const start = this.#pending.taken;
      const record = yield* this.#readRecord();
      this.recordStart = start;
      this.recordLength = this.#pending.taken - start;
      this.#last = record.path;
      // Before the record is handed out: whoever takes it may end here.
      this.#state = "between";
      yield record;
    }
  }

  *#readRecord(): Generator<undefined, ScanRecord, undefined> {
    const path = yield* this.#readPath();
    const digest = yield* this.#take(scanDigestSize);
    const level = (yield* this.#take(1))[0]!;
    const length = yield* this.#varint(treeSizeMax, "tree length");
    const tree = { level, length, id: yield* this.#take(idSize) };
    const entryCount = yield* this.#varint(scanEntryCountMax, "number of entries");
    const fault = findTreeFault({ path, tree, entryCount }, this.#last);
    if (fault !== undefined) throw this.#corrupt(fault);
    const ctimes = yield* this.#readColumn("ctimes", entryCount);
    const inodes = yield* this.#readColumn("inodes", entryCount);
    const devices = yield* this.#readColumn("devices", entryCount);
    const births = yield* this.#readColumn("births", entryCount);
    return { path, digest, tree, entryCount, columns: { ctimes, inodes, devices, births } };
  }

  *#readPath(): Generator<undefined, Uint8Array, undefined> {
    const last = this.#last ?? noPath;
    const shared = yield* this.#varint(last.length, "number of shared bytes");
    const restLength = yield* this.#varint(scanPathLengthMax - shared, "length of the rest of a path");
    const rest = yield* this.#take(restLength);
    if (restLength > 0 && rest[0] === last[shared]) throw this.#corrupt("a path shares more bytes than it says");
    const path = new Uint8Array(shared + restLength);
    path.set(last.subarray(0, shared));
    path.set(rest, shared);
    const fault = findPathFault(path, this.#last);
    if (fault !== undefined) throw this.#corrupt(fault);
    return path;
  }

  *#readColumn(name: keyof ScanColumns, entryCount: number): Generator<undefined, Uint8Array, undefined> {
    const [least, most] = columnSizes[name];
    const length = yield* this.#varint(entryCount * most, `length of ${name}`);
    if (length < entryCount * least) throw this.#corrupt(`${length} bytes of ${name} are too few for ${entryCount}`);
    return yield* this.#take(length);
  }

  *#varint(max: number, name: string): Generator<undefined, number, undefined> {
    let size = 1;
    for (; size <= varintSizeMax; size++) {
      yield* this.#need(size);
      if (this.#pending.at(size - 1) < 128) break;
    }
    const value = new ByteReader(this.#pending.take(Math.min(size, varintSizeMax)), this.#what).varint();
    if (value > max) throw this.#corrupt(`${name} ${value} is above ${max}`);
    return value;
  }

  *#take(length: number): Generator<undefined, Uint8Array, undefined> {
    yield* this.#need(length);
    return this.#pending.take(length);
  }

  *#need(length: number): Generator<undefined, void, undefined> {
    while (this.#pending.length < length) yield undefined;
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
  const digest = reader.raw(scanDigestSize);
  const level = reader.u8();
  const length = reader.varint();
  const tree = { level, length, id: reader.raw(idSize) };
  const entryCount = reader.varint();
  const column = (name: keyof ScanColumns) => reader.bytes(entryCount * columnSizes[name][1]);
  const columns = {
    ctimes: column("ctimes"),
    inodes: column("inodes"),
    devices: column("devices"),
    births: column("births"),
  };
  reader.end();
  return { path, digest, tree, entryCount, columns };
}

function findPathFault(path: Uint8Array, last: Uint8Array | undefined): string | undefined {
  if (path.length > scanPathLengthMax) return `a path has ${path.length} bytes: at most ${scanPathLengthMax}`;
  if (path.length > 0 && !isRelativePath(path, last ?? noPath))
    return `${showName(path)} is not a path relative to a root`;
  if (last !== undefined && comparePostOrder(last, path) >= 0) return `${showName(path)} follows ${showName(last)}`;
  return undefined;
}

/** Names that `last`, which is one, begins with too are not looked at again. */
function isRelativePath(path: Uint8Array, last: Uint8Array): boolean {
  const shared = sharedLength(path, last);
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
