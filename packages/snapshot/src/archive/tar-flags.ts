/**
 * Inode flags in a pax record, as libarchive (bsdtar) writes and reads them: `SCHILY.fflags`, names with commas between. Of
 * the flags that are recorded, those that it has a name for; other systems' names mean nothing here.
 */
import { bitsOf, InodeFlag } from "../tree/inode-flags.js";
import type { PaxRecord } from "./pax.js";

const KEY = "SCHILY.fflags";
/** Bytes of the names of one entry. */
const SIZE_MAX = 1_024;

/** The first name of each is the one that is written. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ["sappnd", InodeFlag.appendOnly],
  ["sappend", InodeFlag.appendOnly],
  ["schg", InodeFlag.immutable],
  ["schange", InodeFlag.immutable],
  ["simmutable", InodeFlag.immutable],
  ["nodump", InodeFlag.noDump],
  ["noatime", InodeFlag.noAtime],
  ["compress", InodeFlag.compressed],
  ["dirsync", InodeFlag.synchronousDirectory],
  ["journal-data", InodeFlag.journalledData],
  ["journal", InodeFlag.journalledData],
  ["nocow", InodeFlag.noCopyOnWrite],
  ["notail", InodeFlag.noTailMerging],
  ["secdel", InodeFlag.secureDeletion],
  ["securedeletion", InodeFlag.secureDeletion],
  ["sync", InodeFlag.synchronous],
  ["topdir", InodeFlag.topDirectory],
  ["undel", InodeFlag.undeletable],
]);

/** No record where there is nothing that it could say. */
export function encodeFlags(flags: number): PaxRecord[] {
  const names: string[] = [];
  let named = 0;
  for (const [name, flag] of NAMES) {
    if (bitsOf(flags, flag) === 0 || bitsOf(named, flag) !== 0) continue;
    names.push(name);
    named += flag;
  }
  return names.length === 0 ? [] : [[Buffer.from(KEY), Buffer.from(names.join(","))]];
}

/** 0 without a record. @throws RangeError for one that is too long */
export function decodeFlags(records: readonly PaxRecord[]): number {
  const value = records.find(([key]) => Buffer.from(key).toString("latin1") === KEY)?.[1];
  if (value === undefined) return 0;
  if (value.length > SIZE_MAX) throw new RangeError(`inode flags of ${value.length} bytes: at most ${SIZE_MAX}`);
  let flags = 0;
  for (const name of Buffer.from(value)
    .toString("latin1")
    .split(/[,\s]+/)) {
    const flag = NAMES.get(name) ?? 0;
    if (bitsOf(flags, flag) === 0) flags += flag;
  }
  return flags;
}
