/**
 * The entries of one directory in columns: names, and stat data in order of name. Directories have up to millions of
 * entries: one costs about 90 bytes beside its name. A table grows and is used again, one for each open directory.
 *
 * Names lie one after the other, each ended by a NUL, which is also how a scan digest takes them.
 */
import type { KeyedHash } from "@bcat/crypto";
import { type EntryList, FileType, Stat } from "@bcat/posix";
import { scanDigestSize } from "../tree/scan.js";
import { encodeScanStats, type ScanColumns } from "../tree/scan-stats.js";
import { AccessTimes } from "./access-times.js";
import { growBytes } from "./growth.js";
import { mayHaveHoles } from "./holes.js";

/** Of a table that no list has been made room for. */
const ROWS = 8;
const NAME_BYTES = 256;
/** Bytes of the columns of a row that a digest covers. */
const DIGESTED_ROW_SIZE = 51;
/** Bytes of those of access times. */
const ACCESSED_ROW_SIZE = 12;

/** Bytes of a row in all columns. */
const ROW_SIZE = 83;

/**
 * Columns of numbers, one item a row. Inodes have two: low and high half. All lie in one piece of memory, the widest
 * first: of pieces, the collector of garbage has to know each.
 */
function createColumns(rows: number) {
  const memory = new ArrayBuffer(rows * ROW_SIZE);
  let at = 0;
  const next = (bytes: number) => {
    at += rows * bytes;
    return at - rows * bytes;
  };
  return {
    sizes: new Float64Array(memory, next(8), rows),
    mtimeSeconds: new Float64Array(memory, next(8), rows),
    ctimeSeconds: new Float64Array(memory, next(8), rows),
    birthSeconds: new Float64Array(memory, next(8), rows),
    inodes: new Uint32Array(memory, next(8), 2 * rows),
    uids: new Uint32Array(memory, next(4), rows),
    gids: new Uint32Array(memory, next(4), rows),
    mtimeNanoseconds: new Uint32Array(memory, next(4), rows),
    ctimeNanoseconds: new Uint32Array(memory, next(4), rows),
    deviceMajor: new Uint32Array(memory, next(4), rows),
    deviceMinor: new Uint32Array(memory, next(4), rows),
    birthNanoseconds: new Uint32Array(memory, next(4), rows),
    /** Names of the file; 1 for a directory, whose names are none of anybody's making. */
    links: new Uint32Array(memory, next(4), rows),
    modes: new Uint16Array(memory, next(2), rows),
    types: new Uint8Array(memory, next(1), rows),
    /** 1 where the file must be read again the next time. */
    unsettled: new Uint8Array(memory, next(1), rows),
    /** 1 where the file was found to have extended attributes, which are to be read yet. */
    attributes: new Uint8Array(memory, next(1), rows),
    /** 1 where the file has holes; as long as it has not been looked at, where it takes less room than it is long. */
    holes: new Uint8Array(memory, next(1), rows),
    /** 1 where nothing is left to be found out: what there is of a file or link is stored, or on its way. */
    done: new Uint8Array(memory, next(1), rows),
  };
}

type Columns = ReturnType<typeof createColumns>;

export class EntryTable {
  columns = createColumns(ROWS);
  count = 0;
  /** Undefined unless they are stored. */
  accessTimes: AccessTimes | undefined;
  #names = new Uint8Array(NAME_BYTES);
  /** Where each name begins, and behind the last where the next would. */
  #nameStarts = new Uint32Array(ROWS + 1);

  clear(): void {
    this.count = 0;
  }

  /** Memory that the table holds, bytes. */
  get size(): number {
    return this.#names.length + this.columns.types.length * (ROW_SIZE + 4);
  }

  /** Makes room in an empty table for all entries of a list. @throws RangeError beyond 4 GiB of names */
  reserve({ count, lengths }: EntryList): void {
    if (this.columns.types.length < count) {
      this.columns = createColumns(count);
      this.#nameStarts = new Uint32Array(count + 1);
    }
    let nameBytes = 1;
    for (let i = 0; i < count; i++) nameBytes += lengths[i]! + 1;
    if (this.#names.length < nameBytes) this.#names = growBytes(new Uint8Array(0), nameBytes, "names");
  }

  add(name: Uint8Array, stat: Stat): void {
    this.#add(name, 0, name.length, stat);
  }

  /** Adds entry `index` of a list. */
  addEntry(list: EntryList, index: number, stat: Stat): void {
    this.#add(list.bytes, list.starts[index]!, list.lengths[index]!, stat);
  }

  /** The name is `length` bytes of `bytes`, from `from` on. @throws RangeError beyond 4 GiB of names */
  #add(bytes: Uint8Array, from: number, length: number, stat: Stat): void {
    const row = this.count;
    if (row === this.columns.types.length) this.#growRows();
    const start = this.#nameStarts[row]!;
    const end = start + length;
    if (end >= this.#names.length) this.#names = growBytes(this.#names, end + 1, "names");
    for (let i = 0; i < length; i++) this.#names[start + i] = bytes[from + i]!;
    this.#names[end] = 0;
    this.#nameStarts[row + 1] = end + 1;
    this.count++;
    this.set(row, stat);
    this.columns.holes[row] = mayHaveHoles(stat) ? 1 : 0;
    this.columns.done[row] = 0;
    if (stat.wantsAccessTime) this.#accessTimesToSet().set(row, stat);
  }

  #accessTimesToSet(): AccessTimes {
    this.accessTimes ??= new AccessTimes();
    return this.accessTimes;
  }

  /** A view on the name of a row, valid until the table is cleared or grows. */
  name(row: number): Uint8Array {
    return this.#names.subarray(this.#nameStarts[row]!, this.#nameStarts[row + 1]! - 1);
  }

  set(row: number, stat: Stat): void {
    const { columns } = this;
    columns.types[row] = stat.type;
    columns.modes[row] = stat.mode;
    columns.uids[row] = stat.uid;
    columns.gids[row] = stat.gid;
    columns.sizes[row] = stat.size;
    columns.mtimeSeconds[row] = stat.mtimeSeconds;
    columns.mtimeNanoseconds[row] = stat.mtimeNanoseconds;
    columns.ctimeSeconds[row] = stat.ctimeSeconds;
    columns.ctimeNanoseconds[row] = stat.ctimeNanoseconds;
    columns.inodes[2 * row] = stat.inodeLow;
    columns.inodes[2 * row + 1] = stat.inodeHigh;
    columns.deviceMajor[row] = stat.deviceMajor;
    columns.deviceMinor[row] = stat.deviceMinor;
    columns.birthSeconds[row] = stat.birthSeconds;
    columns.birthNanoseconds[row] = stat.birthNanoseconds;
    columns.unsettled[row] = 0;
    columns.attributes[row] = 0;
    columns.links[row] = stat.type === FileType.DIRECTORY ? 1 : stat.links;
  }

  /** A row as it was set, in an object of its own. */
  stat(row: number): Stat {
    const { columns } = this;
    return Object.assign(new Stat(), {
      type: columns.types[row],
      mode: columns.modes[row],
      uid: columns.uids[row],
      gid: columns.gids[row],
      size: columns.sizes[row],
      links: columns.links[row],
      mtimeSeconds: columns.mtimeSeconds[row],
      mtimeNanoseconds: columns.mtimeNanoseconds[row],
      ctimeSeconds: columns.ctimeSeconds[row],
      ctimeNanoseconds: columns.ctimeNanoseconds[row],
      inodeLow: columns.inodes[2 * row],
      inodeHigh: columns.inodes[2 * row + 1],
      deviceMajor: columns.deviceMajor[row],
      deviceMinor: columns.deviceMinor[row],
      birthSeconds: columns.birthSeconds[row],
      birthNanoseconds: columns.birthNanoseconds[row],
    });
  }

  /** Makes the row match no file the next time: none has the inode 0. */
  forget(row: number): void {
    this.columns.unsettled[row] = 1;
  }

  /** Leaves out the rows for which `keep` is 0. */
  filter(keep: Uint8Array): void {
    let to = 0;
    for (let row = 0; row < this.count; row++) {
      if (keep[row] === 0) continue;
      if (to < row) this.#move(row, to);
      to++;
    }
    this.count = to;
  }

  /**
   * True when the file may have changed behind `time` (ms) without its stat data showing it. Its change time tells; its
   * modification time, which anybody can set, only where the other says nothing.
   */
  isRacy(row: number, time: number, ignoreCtime = false): boolean {
    const { ctimeSeconds, mtimeSeconds } = this.columns;
    return (ignoreCtime ? mtimeSeconds : ctimeSeconds)[row]! * 1000 + 1000 > time;
  }

  /** True when a file of the directory is racy. */
  hasRacyFile(time: number): boolean {
    for (let row = 0; row < this.count; row++) {
      if (this.columns.types[row] === FileType.FILE && this.isRacy(row, time)) return true;
    }
    return false;
  }

  /**
   * Digest of everything that decides whether the directory's own entries are as they were: names, types, modes, owners,
   * sizes, mtimes, ctimes, inodes, and access times if they are stored. Not devices: their numbers change with every boot on
   * some systems.
   */
  digest(hash: KeyedHash): Uint8Array {
    const { columns, count } = this;
    const nameBytes = this.#nameStarts[count]!;
    const accessed = this.accessTimes?.columns(count) ?? [];
    const size = nameBytes + count * (DIGESTED_ROW_SIZE + (accessed.length > 0 ? ACCESSED_ROW_SIZE : 0));
    if (scratch.length < size) scratch = new Uint8Array(2 * size);
    scratch.set(this.#names.subarray(0, nameBytes));
    let at = nameBytes;
    const put = (column: Float64Array | Uint32Array | Uint16Array | Uint8Array, items: number) => {
      const bytes = new Uint8Array(column.buffer, column.byteOffset, items * column.BYTES_PER_ELEMENT);
      scratch.set(bytes, at);
      at += bytes.length;
    };
    put(columns.types, count);
    put(columns.modes, count);
    put(columns.uids, count);
    put(columns.gids, count);
    put(columns.sizes, count);
    put(columns.mtimeSeconds, count);
    put(columns.mtimeNanoseconds, count);
    put(columns.ctimeSeconds, count);
    put(columns.ctimeNanoseconds, count);
    put(this.#settledInodes(), 2 * count);
    for (const column of accessed) put(column, count);
    const digest = hash.hash(scratch.subarray(0, at)).slice(0, scanDigestSize);
    if (scratch.length > SCRATCH_KEPT_MAX) scratch = new Uint8Array(0);
    return digest;
  }

  /** What of the table a scan record keeps. */
  scanColumns(): ScanColumns {
    const { columns, count } = this;
    return encodeScanStats({
      ctimeSeconds: columns.ctimeSeconds.subarray(0, count),
      ctimeNanoseconds: columns.ctimeNanoseconds.subarray(0, count),
      inodes: this.#settledInodes().subarray(0, 2 * count),
      deviceMajor: columns.deviceMajor.subarray(0, count),
      deviceMinor: columns.deviceMinor.subarray(0, count),
      birthSeconds: columns.birthSeconds.subarray(0, count),
      birthNanoseconds: columns.birthNanoseconds.subarray(0, count),
    });
  }

  /** The same of the rows for which `keep` is 1 alone. */
  scanColumnsOf(keep: Uint8Array): ScanColumns {
    const rows = Uint32Array.from({ length: this.count }, (_, row) => row).filter((row) => keep[row] === 1);
    const { columns } = this;
    const inodes = this.#settledInodes();
    const pick = (column: Float64Array | Uint32Array) => Float64Array.from(rows, (row) => column[row]!);
    return encodeScanStats({
      ctimeSeconds: pick(columns.ctimeSeconds),
      ctimeNanoseconds: Uint32Array.from(pick(columns.ctimeNanoseconds)),
      inodes: Uint32Array.from({ length: 2 * rows.length }, (_, i) => inodes[2 * rows[i >> 1]! + (i & 1)]!),
      deviceMajor: Uint32Array.from(pick(columns.deviceMajor)),
      deviceMinor: Uint32Array.from(pick(columns.deviceMinor)),
      birthSeconds: pick(columns.birthSeconds),
      birthNanoseconds: Uint32Array.from(pick(columns.birthNanoseconds)),
    });
  }

  /** The inodes, with zeros for the files that must be read again. */
  #settledInodes(): Columns["inodes"] {
    const { columns, count } = this;
    let row = columns.unsettled.indexOf(1);
    if (row < 0 || row >= count) return columns.inodes;
    const inodes = columns.inodes.slice(0, 2 * count);
    for (; row >= 0 && row < count; row = columns.unsettled.indexOf(1, row + 1)) inodes.fill(0, 2 * row, 2 * row + 2);
    return inodes;
  }

  #move(from: number, to: number): void {
    const name = this.name(from);
    const start = this.#nameStarts[to]!;
    this.accessTimes?.move(from, to);
    this.#names.copyWithin(start, name.byteOffset, name.byteOffset + name.length + 1);
    this.#nameStarts[to + 1] = start + name.length + 1;
    for (const column of Object.values(this.columns)) {
      const width = column.length / this.columns.types.length;
      column.copyWithin(to * width, from * width, (from + 1) * width);
    }
  }

  #growRows(): void {
    const larger = createColumns(2 * this.columns.types.length);
    for (const key of Object.keys(larger) as (keyof Columns)[]) larger[key].set(this.columns[key]);
    this.columns = larger;
    const starts = new Uint32Array(larger.types.length + 1);
    starts.set(this.#nameStarts);
    this.#nameStarts = starts;
  }
}

/** What a digest is made of, put together: one for all tables, since a digest is made in one go. */
let scratch = new Uint8Array(64 * 1024);
const SCRATCH_KEPT_MAX = 4 * 2 ** 20;
