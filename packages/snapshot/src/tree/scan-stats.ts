/**
 * The stat columns of a scan record, docs/format.md section 13, for all entries of a directory in order of name.
 *
 *     ctimes         zigzag seconds as difference ‖ varint nanoseconds each
 *     inodes         u64 each, all 64 bits used
 *     devices        varint major ‖ varint minor each
 *     birth times    as ctimes; 0, 0 when unknown
 */

import { ByteReader, ByteWriter } from "@bcat/codec";
import { readNanoseconds, readSeconds, writeTime } from "./time.js";

/** The columns as bytes: what is compared, copied from a parent, and only decoded when an entry is looked at. */
export interface ScanColumns {
  readonly ctimes: Uint8Array;
  readonly inodes: Uint8Array;
  readonly devices: Uint8Array;
  readonly births: Uint8Array;
}

/** The columns as numbers, one for each entry (two for inodes). */
export interface ScanStats {
  readonly ctimeSeconds: Float64Array;
  readonly ctimeNanoseconds: Uint32Array;
  /** Low half, high half. */
  readonly inodes: Uint32Array;
  readonly deviceMajor: Uint32Array;
  readonly deviceMinor: Uint32Array;
  readonly birthSeconds: Float64Array;
  readonly birthNanoseconds: Uint32Array;
}

/** Bytes that one entry takes in each column: at least, at most. */
export const columnSizes = {
  ctimes: [2, 8 + 5],
  inodes: [8, 8],
  devices: [2, 5 + 5],
  births: [2, 8 + 5],
} as const satisfies Record<keyof ScanColumns, readonly [number, number]>;

/** Names of the columns, in their order in a record. */
export const columnNames = ["ctimes", "inodes", "devices", "births"] as const satisfies (keyof ScanColumns)[];

const deviceNumberMax = 0xffff_ffff;

/** @throws {RangeError} when a time is out of range or the arrays are not of one length. */
export function encodeScanStats(stats: ScanStats): ScanColumns {
  const count = stats.ctimeSeconds.length;
  const { ctimeNanoseconds, inodes, deviceMajor, deviceMinor, birthSeconds, birthNanoseconds } = stats;
  const singles = [ctimeNanoseconds, deviceMajor, deviceMinor, birthSeconds, birthNanoseconds];
  if (inodes.length !== 2 * count || singles.some((column) => column.length !== count)) {
    throw new RangeError(
      `Cannot write stat columns of different lengths: ${count} ctimes, ${inodes.length / 2} inodes`,
    );
  }
  const writers = { inodes: new ByteWriter(8 * count), devices: new ByteWriter(4 * count) };
  for (const half of inodes) writers.inodes.u32(half);
  for (let i = 0; i < count; i++) {
    writers.devices.varint(deviceMajor[i]!);
    writers.devices.varint(deviceMinor[i]!);
  }
  return {
    ctimes: encodeTimes(stats.ctimeSeconds, ctimeNanoseconds),
    inodes: writers.inodes.finish(),
    devices: writers.devices.finish(),
    births: encodeTimes(birthSeconds, birthNanoseconds),
  };
}

/**
 * Decodes the columns of one record.
 *
 * @param options.what names the record in errors: `Cannot read <what>, ctimes: …`.
 * @throws {CorruptError} when the columns are not of `entryCount` entries, or not in their one form.
 */
export function decodeScanStats(
  record: { readonly entryCount: number; readonly columns: ScanColumns },
  options: { readonly what: string },
): ScanStats {
  const { entryCount, columns } = record;
  const reader = (name: keyof ScanColumns) => {
    const opened = new ByteReader(columns[name], `${options.what}, ${name}`);
    // Before memory is taken for `entryCount` entries: each takes bytes.
    if (opened.remaining < entryCount * columnSizes[name][0])
      throw opened.corrupt(`it ends before entry ${entryCount}`);
    return opened;
  };
  const ctimes = decodeTimes(reader("ctimes"), entryCount);
  const devices = decodeDevices(reader("devices"), entryCount);
  const births = decodeTimes(reader("births"), entryCount);
  return {
    ctimeSeconds: ctimes.seconds,
    ctimeNanoseconds: ctimes.nanoseconds,
    inodes: decodeInodes(reader("inodes"), entryCount),
    ...devices,
    birthSeconds: births.seconds,
    birthNanoseconds: births.nanoseconds,
  };
}

function encodeTimes(seconds: Float64Array, nanoseconds: Uint32Array): Uint8Array {
  const writer = new ByteWriter(seconds.length * 8);
  let previous = 0;
  for (let i = 0; i < seconds.length; i++) {
    writeTime(writer, { seconds: seconds[i]!, nanoseconds: nanoseconds[i]!, previous });
    previous = seconds[i]!;
  }
  return writer.finish();
}

function decodeTimes(reader: ByteReader, count: number): { seconds: Float64Array; nanoseconds: Uint32Array } {
  const seconds = new Float64Array(count);
  const nanoseconds = new Uint32Array(count);
  let previous = 0;
  for (let i = 0; i < count; i++) {
    previous = readSeconds(reader, previous);
    seconds[i] = previous;
    nanoseconds[i] = readNanoseconds(reader);
  }
  reader.end();
  return { seconds, nanoseconds };
}

function decodeInodes(reader: ByteReader, count: number): Uint32Array {
  const inodes = new Uint32Array(2 * count);
  for (let i = 0; i < inodes.length; i++) inodes[i] = reader.u32();
  reader.end();
  return inodes;
}

function decodeDevices(reader: ByteReader, count: number): { deviceMajor: Uint32Array; deviceMinor: Uint32Array } {
  const deviceMajor = new Uint32Array(count);
  const deviceMinor = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    deviceMajor[i] = readDeviceNumber(reader);
    deviceMinor[i] = readDeviceNumber(reader);
  }
  reader.end();
  return { deviceMajor, deviceMinor };
}

function readDeviceNumber(reader: ByteReader): number {
  const number = reader.varint();
  if (number > deviceNumberMax) throw reader.corrupt(`device number ${number} is not below 2^32`);
  return number;
}
