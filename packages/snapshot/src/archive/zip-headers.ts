/**
 * Headers of zip archives (APPNOTE.TXT 6.3.10), little-endian; 64-bit forms where a number needs them.
 *
 *     local     `PK34` version flags method time date crc packed size  name extra      before the data of an entry
 *     descriptor `PK78` crc packed size                                                behind it, where they were not known
 *     central   `PK12` made-by version flags … attributes offset  name extra           all entries once more, at the end
 *     end       `PK66` …, `PK67` …, `PK56` …
 *
 * Extra fields: 1 sizes and offset of 64 bits, `UT` seconds of the mtime, `ux` numbers of the owner.
 */
import { isUtf8 } from "node:buffer";

export const ZipMethod = { stored: 0, deflated: 8 } as const;

export interface ZipEntry {
  /** Bytes; of a folder with a slash at its end. */
  readonly name: Uint8Array;
  /** As in stat(2): type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Rounded down. */
  readonly mtimeSeconds: number;
  readonly method: number;
  /** Sizes and sum stand behind the data. */
  readonly isStreamed: boolean;
  /** The numbers of its header and descriptor have 64 bits: to be known before the first byte. */
  readonly isLarge: boolean;
}

export interface ZipSizes {
  readonly crc: number;
  readonly size: number;
  readonly packedSize: number;
}

const NONE: ZipSizes = { crc: 0, size: 0, packedSize: 0 };
const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
/** Version 4.5 knows sizes of 64 bits, 2.0 deflate and folders; made by Unix. */
const VERSION = 20;
const VERSION_LARGE = 45;
const MADE_BY_UNIX = 3 << 8;
const FLAG_STREAMED = 0x0008;
const FLAG_UTF8 = 0x0800;
const FOLDER_ATTRIBUTE = 0x10;
const FOLDER_MODE = 0o040000;
const TYPE_MASK = 0o170000;

/** True for an entry whose packed size may not fit 32 bits. */
export function isLargeZipEntry(size: number): boolean {
  // What deflate cannot shrink it makes longer by less than this.
  return size + size / 1000 + 1024 >= U32_MAX;
}

export function encodeZipLocal(entry: ZipEntry, sizes: ZipSizes = NONE): Uint8Array {
  const { name, isLarge } = entry;
  const wide = isLarge ? extraField(1, u64s(sizes.size, sizes.packedSize)) : new Uint8Array(0);
  const extra = Buffer.concat([wide, ownExtra(entry)]);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(isLarge ? VERSION_LARGE : VERSION, 4);
  putCommon(head, 6, entry);
  head.writeUInt32LE(sizes.crc, 14);
  head.writeUInt32LE(isLarge ? U32_MAX : sizes.packedSize, 18);
  head.writeUInt32LE(isLarge ? U32_MAX : sizes.size, 22);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, name, extra]);
}

export function encodeZipDescriptor({ isLarge }: ZipEntry, { crc, size, packedSize }: ZipSizes): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x08074b50, 0);
  head.writeUInt32LE(crc, 4);
  return Buffer.concat([head, isLarge ? u64s(packedSize, size) : u32s(packedSize, size)]);
}

/** @param offset of the local header */
export function encodeZipCentral(entry: ZipEntry, sizes: ZipSizes, offset: number): Uint8Array {
  const { name, mode, isLarge } = entry;
  const isFar = offset >= U32_MAX;
  const wide = [...(isLarge ? [sizes.size, sizes.packedSize] : []), ...(isFar ? [offset] : [])];
  const extra = Buffer.concat([wide.length > 0 ? extraField(1, u64s(...wide)) : new Uint8Array(0), ownExtra(entry)]);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(MADE_BY_UNIX | VERSION_LARGE, 4);
  head.writeUInt16LE(isLarge || isFar ? VERSION_LARGE : VERSION, 6);
  putCommon(head, 8, entry);
  head.writeUInt32LE(sizes.crc, 16);
  head.writeUInt32LE(isLarge ? U32_MAX : sizes.packedSize, 20);
  head.writeUInt32LE(isLarge ? U32_MAX : sizes.size, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  const attribute = (mode & TYPE_MASK) === FOLDER_MODE ? FOLDER_ATTRIBUTE : 0;
  head.writeUInt32LE(mode * 2 ** 16 + attribute, 38);
  head.writeUInt32LE(isFar ? U32_MAX : offset, 42);
  return Buffer.concat([head, name, extra]);
}

export interface ZipDirectory {
  readonly count: number;
  readonly offset: number;
  readonly size: number;
}

export function encodeZipEnd({ count, offset, size }: ZipDirectory): Uint8Array {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, U16_MAX), 8);
  end.writeUInt16LE(Math.min(count, U16_MAX), 10);
  end.writeUInt32LE(Math.min(size, U32_MAX), 12);
  end.writeUInt32LE(Math.min(offset, U32_MAX), 16);
  if (count < U16_MAX && size < U32_MAX && offset < U32_MAX) return end;
  const wide = Buffer.alloc(56);
  wide.writeUInt32LE(0x06064b50, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeUInt16LE(MADE_BY_UNIX | VERSION_LARGE, 12);
  wide.writeUInt16LE(VERSION_LARGE, 14);
  wide.set(u64s(count, count, size, offset), 24);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([wide, locator, end]);
}

/** Flags, method, time, date. A name that is no UTF-8 is in nobody's encoding: unzip takes it as it is. */
function putCommon(head: Buffer, at: number, { name, method, isStreamed, mtimeSeconds }: ZipEntry): void {
  const { time, date } = dosTime(mtimeSeconds);
  head.writeUInt16LE((isUtf8(name) ? FLAG_UTF8 : 0) | (isStreamed ? FLAG_STREAMED : 0), at);
  head.writeUInt16LE(method, at + 2);
  head.writeUInt16LE(time, at + 4);
  head.writeUInt16LE(date, at + 6);
}

function ownExtra({ uid, gid, mtimeSeconds }: ZipEntry): Uint8Array {
  const owner = Buffer.alloc(11);
  owner.writeUInt8(1, 0);
  owner.writeUInt8(4, 1);
  owner.writeUInt32LE(uid, 2);
  owner.writeUInt8(4, 6);
  owner.writeUInt32LE(gid, 7);
  const time = Buffer.alloc(5);
  time.writeUInt8(1, 0);
  const fits = Math.abs(mtimeSeconds) < 2 ** 31;
  if (fits) time.writeInt32LE(mtimeSeconds, 1);
  return Buffer.concat([fits ? extraField(0x5455, time) : new Uint8Array(0), extraField(0x7875, owner)]);
}

function extraField(id: number, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(body.length, 2);
  return Buffer.concat([head, body]);
}

const SECONDS_A_DAY = 86_400;
const EARLIEST = { time: 0, date: (1 << 5) | 1 };
const LATEST = { time: (23 << 11) | (59 << 5) | 29, date: (127 << 9) | (12 << 5) | 31 };

/** Of the UTC time: two seconds are the finest, 1980 to 2107. Programs that know `UT` look at that. */
export function dosTime(seconds: number): { readonly time: number; readonly date: number } {
  const days = Math.floor(seconds / SECONDS_A_DAY);
  const { year, month, day } = civilDate(days);
  if (year < 1980) return EARLIEST;
  if (year > 2107) return LATEST;
  const rest = seconds - days * SECONDS_A_DAY;
  const time = (Math.floor(rest / 3600) << 11) | (Math.floor((rest % 3600) / 60) << 5) | Math.floor((rest % 60) / 2);
  return { time, date: ((year - 1980) << 9) | (month << 5) | day };
}

/** Days since 1970 as a date of the Gregorian calendar, by eras of 400 years that begin in March (H. Hinnant). */
function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function u32s(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 4);
  return bytes;
}

function u64s(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), i * 8);
  return bytes;
}
