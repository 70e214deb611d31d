/**
 * The stat data of one directory, in columns. Directories have up to millions of entries: a row costs about 90 bytes
 * beside its name.
 */

import type { KeyedHash } from "@bcat/crypto";
import { FileType, type Stat } from "@bcat/posix";
import { scanDigestSize } from "../tree/scan.js";
import { encodeScanStats, type ScanColumns } from "../tree/scan-stats.js";

/** Columns of numbers, one item a row. Inodes have two: low and high half. */
interface Columns {
  readonly types: Uint8Array;
  readonly modes: Uint16Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  readonly sizes: Float64Array;
  readonly mtimeSeconds: Float64Array;
  readonly mtimeNanoseconds: Uint32Array;
  readonly ctimeSeconds: Float64Array;
  readonly ctimeNanoseconds: Uint32Array;
  readonly inodes: Uint32Array;
  readonly deviceMajor: Uint32Array;
  readonly deviceMinor: Uint32Array;
  readonly birthSeconds: Float64Array;
  readonly birthNanoseconds: Uint32Array;
}

/** Rows for the entries of a directory, in order of name. Rows may be dropped, never added behind the first capacity. */
export class StatTable {
  readonly names: Uint8Array[] = [];
  readonly columns: Columns;

  constructor(capacity: number) {
    this.columns = {
      types: new Uint8Array(capacity),
      modes: new Uint16Array(capacity),
      uids: new Uint32Array(capacity),
      gids: new Uint32Array(capacity),
      sizes: new Float64Array(capacity),
      mtimeSeconds: new Float64Array(capacity),
      mtimeNanoseconds: new Uint32Array(capacity),
      ctimeSeconds: new Float64Array(capacity),
      ctimeNanoseconds: new Uint32Array(capacity),
      inodes: new Uint32Array(capacity * 2),
      deviceMajor: new Uint32Array(capacity),
      deviceMinor: new Uint32Array(capacity),
      birthSeconds: new Float64Array(capacity),
      birthNanoseconds: new Uint32Array(capacity),
    };
  }

  get count(): number {
    return this.names.length;
  }

  add(name: Uint8Array, stat: Stat): void {
    this.set(this.names.length, stat);
    this.names.push(name);
  }

  set(row: number, stat: Stat): void {
    const columns = this.columns;
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
  }

  /** Makes the row match no file the next time: none has the inode 0. */
  forget(row: number): void {
    this.columns.inodes.fill(0, 2 * row, 2 * row + 2);
  }

  /** A table of the rows for which `keep` is 1, or this one when that is all. */
  filtered(keep: Uint8Array): StatTable {
    if (keep.every((value) => value === 1)) return this;
    const kept = new StatTable(this.count);
    this.names.forEach((name, row) => {
      if (keep[row] !== 1) return;
      const to = kept.names.length;
      kept.names.push(name);
      for (const key of Object.keys(this.columns) as (keyof Columns)[]) {
        if (key === "inodes") continue;
        kept.columns[key][to] = this.columns[key][row]!;
      }
      kept.columns.inodes.set(this.columns.inodes.subarray(2 * row, 2 * row + 2), 2 * to);
    });
    return kept;
  }

  /** True when the file may have changed since `time` (ms) without its stat data showing it. */
  isRacy(row: number, time: number): boolean {
    const { mtimeSeconds, ctimeSeconds } = this.columns;
    return mtimeSeconds[row]! * 1000 + 1000 > time || ctimeSeconds[row]! * 1000 + 1000 > time;
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
   * sizes, mtimes, ctimes, inodes. Not devices: their numbers change with every boot on some systems.
   */
  digest(hash: KeyedHash): Uint8Array {
    const { columns, count } = this;
    const names = Buffer.concat(this.names.flatMap((name) => [name, ZERO]));
    const parts = [
      columns.types,
      columns.modes,
      columns.uids,
      columns.gids,
      columns.sizes,
      columns.mtimeSeconds,
      columns.mtimeNanoseconds,
      columns.ctimeSeconds,
      columns.ctimeNanoseconds,
    ].map((column) => bytesOf(column.subarray(0, count)));
    return hash
      .hash(Buffer.concat([names, ...parts, bytesOf(columns.inodes.subarray(0, 2 * count))]))
      .slice(0, scanDigestSize);
  }

  /** What of the table a scan record keeps. */
  scanColumns(): ScanColumns {
    const { columns, count } = this;
    return encodeScanStats({
      ctimeSeconds: columns.ctimeSeconds.subarray(0, count),
      ctimeNanoseconds: columns.ctimeNanoseconds.subarray(0, count),
      inodes: columns.inodes.subarray(0, 2 * count),
      deviceMajor: columns.deviceMajor.subarray(0, count),
      deviceMinor: columns.deviceMinor.subarray(0, count),
      birthSeconds: columns.birthSeconds.subarray(0, count),
      birthNanoseconds: columns.birthNanoseconds.subarray(0, count),
    });
  }
}

const ZERO = new Uint8Array(1);

function bytesOf(column: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
