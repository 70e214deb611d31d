/**
 * Headers of tar entries, POSIX.1-2001 (ustar, and `pax` for what it has no room for). A header is 512 bytes; numbers
 * are octal text that ends with a NUL, text ends with a NUL where it does not fill its field.
 *
 *       0 100  name          136  12  mtime, s         265  32  user name
 *     100   8  mode          148   8  sum of all       297  32  group name
 *     108   8  uid           156   1  type             329   8  device major
 *     116   8  gid           157 100  target of link   337   8  device minor
 *     124  12  size          257   8  `ustar` 0 `00`   345 155  prefix of the name
 *
 * What does not fit (names beyond 100 bytes, fractions of a second, sizes beyond 8 GiB, large ids) and what ustar does not
 * know (attributes, holes) goes before it as an entry of type `x`. GNU tar, bsdtar and Python read all of this.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { encodePaxRecords, type PaxRecord } from "./pax.js";

export const tarBlockSize = 512;

export const TarType = {
  file: 0x30,
  link: 0x31,
  symlink: 0x32,
  characterDevice: 0x33,
  blockDevice: 0x34,
  directory: 0x35,
  fifo: 0x36,
} as const;

export type TarType = (typeof TarType)[keyof typeof TarType];

export interface TarEntry {
  /** Bytes, in no encoding; of a directory with a slash at its end. */
  readonly name: Uint8Array;
  readonly type: TarType;
  /** Permission bits and set-id bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: Uint8Array;
  readonly group: Uint8Array;
  readonly mtimeSeconds: number;
  /** Counted upwards from the second, also before 1970. */
  readonly mtimeNanoseconds: number;
  /** When it was read last, where that is known. */
  readonly atimeSeconds?: number | undefined;
  readonly atimeNanoseconds?: number | undefined;
  /** Bytes that follow the header, which are then filled up to a whole block. */
  readonly size: number;
  /** Of a symbolic link where it leads to; of a hard link the name of the entry. */
  readonly target?: Uint8Array | undefined;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  /** Further records: attributes, access control lists, holes. */
  readonly records?: readonly PaxRecord[] | undefined;
}

const NAME_SIZE = 100;
const OWNER_SIZE = 32;
const ID_MAX = 0o7777777;
const SIZE_MAX = 0o77777777777;
const NANOSECONDS = 1_000_000_000;
const NOTHING = new Uint8Array(0);
const MAGIC = Buffer.from("ustar\u000000", "latin1");
/** Of the entry that an extended header is: readers that know none show it. */
const PAX_NAME = Buffer.from("./PaxHeaders/");
const PAX_TYPE = 0x78;
/** Ends an archive. */
export const tarEnd = new Uint8Array(2 * tarBlockSize);

/** The header of an entry, with an extended one before it where that is needed: whole blocks. */
export function encodeTarHeader(entry: TarEntry): Uint8Array {
  const records = extendedRecords(entry);
  const header = ustarHeader(entry);
  if (records.length === 0) return header;
  const body = encodePaxRecords(records);
  const extended = ustarHeader({
    ...entry,
    name: Buffer.concat([PAX_NAME, lastName(entry.name)]),
    type: PAX_TYPE as TarType,
    mode: 0o644,
    size: body.length,
    target: NOTHING,
    major: 0,
    minor: 0,
  });
  return Buffer.concat([extended, body, new Uint8Array(tarPadding(body.length)), header]);
}

/** Bytes that fill up what `size` bytes leave of their last block. */
export function tarPadding(size: number): number {
  return (tarBlockSize - (size % tarBlockSize)) % tarBlockSize;
}

function extendedRecords(entry: TarEntry): PaxRecord[] {
  const { name, target = NOTHING, user, group, uid, gid, size, mtimeSeconds, mtimeNanoseconds } = entry;
  const { major = 0, minor = 0, atimeSeconds, atimeNanoseconds = 0, records = [] } = entry;
  const long = (bytes: Uint8Array) => bytes.length > NAME_SIZE || (!isAscii(bytes) && isPlainText(bytes));
  const texts: [string, Uint8Array][] = [];
  if (long(name)) texts.push(["path", name]);
  if (long(target)) texts.push(["linkpath", target]);
  if (user.length > OWNER_SIZE || !isAscii(user)) texts.push(["uname", user]);
  if (group.length > OWNER_SIZE || !isAscii(group)) texts.push(["gname", group]);
  const numbers: [string, string][] = [];
  if (uid > ID_MAX) numbers.push(["uid", String(uid)]);
  if (gid > ID_MAX) numbers.push(["gid", String(gid)]);
  if (size > SIZE_MAX) numbers.push(["size", String(size)]);
  if (mtimeNanoseconds > 0 || mtimeSeconds < 0 || mtimeSeconds > SIZE_MAX)
    numbers.push(["mtime", decimalTime(mtimeSeconds, mtimeNanoseconds)]);
  if (atimeSeconds !== undefined) numbers.push(["atime", decimalTime(atimeSeconds, atimeNanoseconds)]);
  if (major > ID_MAX) numbers.push(["SCHILY.devmajor", String(major)]);
  if (minor > ID_MAX) numbers.push(["SCHILY.devminor", String(minor)]);
  // Texts are UTF-8, unless this stands before them.
  if (texts.some(([, bytes]) => !isPlainText(bytes))) numbers.unshift(["hdrcharset", "BINARY"]);
  return [
    ...numbers.map(([key, text]): PaxRecord => [Buffer.from(key), Buffer.from(text)]),
    ...texts.map(([key, bytes]): PaxRecord => [Buffer.from(key), bytes]),
    ...records,
  ];
}

/** UTF-8 that stays as it is: bsdtar composes what it takes for text, and `e` with an accent would become another name. */
function isPlainText(bytes: Uint8Array): boolean {
  if (isAscii(bytes)) return true;
  if (!isUtf8(bytes)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  return text.normalize("NFC") === text;
}

/** `-0.5` is second −1 and half of one. */
export function decimalTime(seconds: number, nanoseconds: number): string {
  const isBefore = seconds < 0;
  const whole = isBefore && nanoseconds > 0 ? -seconds - 1 : Math.abs(seconds);
  const part = isBefore && nanoseconds > 0 ? NANOSECONDS - nanoseconds : nanoseconds;
  const fraction = part === 0 ? "" : `.${String(part).padStart(9, "0").replace(/0+$/, "")}`;
  return `${isBefore ? "-" : ""}${whole}${fraction}`;
}

function ustarHeader(entry: TarEntry): Uint8Array {
  const header = Buffer.alloc(tarBlockSize);
  const { size, mtimeSeconds: mtime, target, major = 0, minor = 0 } = entry;
  header.set(cut(entry.name, NAME_SIZE), 0);
  putOctal(header, 100, 7, entry.mode);
  // What does not fit is in the extended header.
  putOctal(header, 108, 7, entry.uid > ID_MAX ? 0 : entry.uid);
  putOctal(header, 116, 7, entry.gid > ID_MAX ? 0 : entry.gid);
  putOctal(header, 124, 11, size > SIZE_MAX ? 0 : size);
  putOctal(header, 136, 11, Math.min(Math.max(mtime, 0), SIZE_MAX));
  header[156] = entry.type;
  if (target !== undefined) header.set(cut(target, NAME_SIZE), 157);
  header.set(MAGIC, 257);
  header.set(cut(entry.user, OWNER_SIZE), 265);
  header.set(cut(entry.group, OWNER_SIZE), 297);
  putOctal(header, 329, 7, major > ID_MAX ? 0 : major);
  putOctal(header, 337, 7, minor > ID_MAX ? 0 : minor);
  putSum(header);
  return header;
}

/** The sum of all bytes, its own field counting as blanks: six digits, a NUL and a blank. */
function putSum(header: Uint8Array): void {
  header.fill(0x20, 148, 156);
  putOctal(header, 148, 6, sumOf(header));
}

export function sumOf(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < tarBlockSize; i++) sum += header[i]!;
  return sum;
}

function putOctal(header: Uint8Array, at: number, digits: number, value: number): void {
  for (let i = at + digits - 1; i >= at; i--) {
    header[i] = 0x30 + (value % 8);
    value = Math.floor(value / 8);
  }
  header[at + digits] = 0;
}

function cut(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.length > size ? bytes.subarray(0, size) : bytes;
}

function lastName(path: Uint8Array): Uint8Array {
  const end = path.at(-1) === 0x2f ? path.length - 1 : path.length;
  return path.subarray(path.lastIndexOf(0x2f, end - 1) + 1, end);
}
