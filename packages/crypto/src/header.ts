/**
 * The clear header of every sealed object, index segment and pack (`docs/format.md` section 4).
 *
 *     offset  size  field
 *     0       4     "BCAT"
 *     4       1     format version, 1
 *     5       1     type
 *     6       1     suite, 1
 *     7       1     auth, 0
 *     8       4     u32 epoch
 *     12      4     u32 domain
 *     16      32    salt (in packs elsewhere)
 *
 * A reader decides "newer than me" here, from the first 8 bytes: all that follows may differ in a later format. Nothing
 * here is trusted: object keys and additional data cover every byte.
 */

import { BcatError, CorruptError } from "@bcat/errors";

export const ObjectType = {
  CONFIG: 1,
  SESSION: 2,
  OUTCOME: 3,
  LOG: 4,
  PARTIAL: 5,
  SEGMENT: 6,
  PACK: 7,
  PARITY: 8,
} as const;
export type ObjectType = (typeof ObjectType)[keyof typeof ObjectType];

export interface ObjectHeader {
  readonly type: ObjectType;
  readonly epoch: number;
  readonly domain: number;
}

/** What a reader has asked for. */
export interface NamedType {
  readonly type: ObjectType;
  /** The object's name in the storage. */
  readonly name: string;
}

/** Without the salt. */
export const HEADER_LENGTH = 16;
export const SALT_LENGTH = 32;
export const SALTED_HEADER_LENGTH = HEADER_LENGTH + SALT_LENGTH;

const MAGIC = Buffer.from("BCAT", "latin1");
const VERSION = 1;
const SUITE = 1;
const AUTH = 0;
const EPOCH_OFFSET = 8;

/**
 * The 16 bytes of the header, or the 48 of header and salt.
 *
 * @throws {RangeError} when epoch or domain is not a u32 or the salt is not of 32 bytes.
 */
export function encodeHeader(header: ObjectHeader, salt?: Uint8Array): Uint8Array {
  if (salt !== undefined && salt.length !== SALT_LENGTH) {
    throw new RangeError(`Cannot encode a header: found a salt of ${salt.length} bytes, allowed are ${SALT_LENGTH}`);
  }
  const bytes = Buffer.alloc(salt === undefined ? HEADER_LENGTH : SALTED_HEADER_LENGTH);
  bytes.set(MAGIC, 0);
  bytes.writeUInt8(VERSION, 4);
  bytes.writeUInt8(header.type, 5);
  bytes.writeUInt8(SUITE, 6);
  bytes.writeUInt8(AUTH, 7);
  bytes.writeUInt32LE(header.epoch, 8);
  bytes.writeUInt32LE(header.domain, 12);
  if (salt !== undefined) bytes.set(salt, HEADER_LENGTH);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Reads the first 16 of `bytes`.
 *
 * @throws {BcatError} `newer-format` when version, suite or auth is not of this format version.
 * @throws {CorruptError} when this is no header, or one of another type than expected.
 */
export function decodeHeader(bytes: Uint8Array, expected: NamedType): ObjectHeader {
  if (bytes.length < HEADER_LENGTH) {
    throw corrupt(expected, `${bytes.length} bytes are below the minimum ${HEADER_LENGTH}`);
  }
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_LENGTH);
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(expected, "it does not begin with BCAT");
  const version = header.readUInt8(4);
  if (version > VERSION) throw newer(expected, "format version", version, VERSION);
  if (version < VERSION) throw corrupt(expected, `found format version ${version}, allowed is ${VERSION}`);
  const suite = header.readUInt8(6);
  if (suite !== SUITE) throw newer(expected, "suite", suite, SUITE);
  const auth = header.readUInt8(7);
  if (auth !== AUTH) throw newer(expected, "auth", auth, AUTH);
  const type = header.readUInt8(5);
  if (type !== expected.type) throw corrupt(expected, `found type ${type}, allowed is ${expected.type}`);
  return { type: expected.type, epoch: header.readUInt32LE(8), domain: header.readUInt32LE(12) };
}

/** A copy of `bytes` with what this program would have written as version, type, suite and auth. */
export function repairHeader(bytes: Uint8Array, { type }: NamedType): Uint8Array {
  const repaired = bytes.slice();
  repaired.set(encodeHeader({ type, epoch: 0, domain: 0 }).subarray(0, EPOCH_OFFSET));
  return repaired;
}

function corrupt({ name }: NamedType, found: string): CorruptError {
  return new CorruptError(`Cannot open "${name}": ${found}`, { object: name });
}

function newer({ name }: NamedType, what: string, found: number, supported: number): BcatError {
  const message = `Cannot open "${name}": found ${what} ${found}, this program supports ${supported}`;
  return new BcatError("newer-format", message);
}
