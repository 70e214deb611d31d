/** A scan record without some entries of its folder. */

import type { TreeReference } from "../tree/node.js";
import { type ScanRecord, scanDigestSize } from "../tree/scan.js";
import { decodeScanStats, encodeScanStats } from "../tree/scan-stats.js";

/** What became of a folder. */
export interface FilteredFolder {
  readonly tree: TreeReference;
  /** Of its entries, before any was left out. */
  readonly entryCount: number;
  /** Ordinals of those that were left out, ascending. */
  readonly dropped: readonly number[];
}

/**
 * The record of a folder after that. A digest is of all columns, those of the nodes too: where entries have gone it is
 * zeros, and the next backup compares the entries one by one.
 *
 * @throws CorruptError when the columns are not what they should be
 */
export function filterRecord(record: ScanRecord, { tree, dropped }: FilteredFolder): ScanRecord {
  if (dropped.length === 0) return { ...record, tree };
  const stats = decodeScanStats(record, { what: "a scan record" });
  const gone = new Set(dropped);
  const kept = Array.from({ length: record.entryCount }, (_, entry) => entry).filter((entry) => !gone.has(entry));
  const pick = <Column extends Float64Array | Uint32Array>(column: Column): Column => {
    const picked = column.slice(0, kept.length) as Column;
    kept.forEach((entry, i) => {
      picked[i] = column[entry]!;
    });
    return picked;
  };
  const inodes = new Uint32Array(2 * kept.length);
  kept.forEach((entry, i) => {
    inodes.set(stats.inodes.subarray(2 * entry, 2 * entry + 2), 2 * i);
  });
  const columns = encodeScanStats({
    ctimeSeconds: pick(stats.ctimeSeconds),
    ctimeNanoseconds: pick(stats.ctimeNanoseconds),
    inodes,
    deviceMajor: pick(stats.deviceMajor),
    deviceMinor: pick(stats.deviceMinor),
    birthSeconds: pick(stats.birthSeconds),
    birthNanoseconds: pick(stats.birthNanoseconds),
  });
  return { ...record, digest: new Uint8Array(scanDigestSize), tree, entryCount: kept.length, columns };
}
