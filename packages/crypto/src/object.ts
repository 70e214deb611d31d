/**
 * Sealed objects: configs, sessions, outcomes, log records and partials (`docs/format.md` section 4).
 *
 *     offset  size  field
 *     0       48    header and salt
 *     48      n     sealed body = GCM(object key, zero nonce, bytes[0..48] ‖ name, padded body)
 *
 * The object key comes from the salt, the type and the name, so an object that is renamed, retyped or moved to another
 * repository does not open.
 */

import { CorruptError, isBcatError } from "@bcat/errors";
import type { Blake3 } from "./blake3.js";
import { GCM_TAG_LENGTH, openGcm, sealGcm, ZERO_NONCE } from "./gcm.js";
import {
  decodeHeader,
  encodeHeader,
  HEADER_LENGTH,
  type NamedType,
  type ObjectHeader,
  ObjectType,
  repairHeader,
  SALTED_HEADER_LENGTH,
} from "./header.js";
import { hkdf } from "./hkdf.js";
import { type KeyLabel, REPOSITORY_ID_LENGTH, type RepositoryKeys } from "./keys.js";
import { decodePaddedBody, encodePaddedBody, paddedBodyLength } from "./padded-body.js";
import { freshBytes, type Random } from "./random.js";

/** The types under object keys: packs have keys of their own, parity needs none. */
type KeyedType = Exclude<ObjectType, typeof ObjectType.PACK | typeof ObjectType.PARITY>;

/** The types that are one sealed body. */
export type BodyType = Exclude<KeyedType, typeof ObjectType.SEGMENT>;

/** What sealing takes, once per repository. */
export interface Sealer {
  readonly keys: RepositoryKeys;
  readonly blake3: Blake3;
  readonly random: Random;
}

export interface ObjectToSeal {
  readonly type: BodyType;
  /** The object's name in the storage, to which it is bound. */
  readonly name: string;
  readonly epoch: number;
  readonly domain: number;
}

export interface OpenedObject {
  readonly epoch: number;
  readonly domain: number;
  readonly body: Uint8Array;
}

const OVERHEAD = SALTED_HEADER_LENGTH + GCM_TAG_LENGTH;
const SIZE_MIN = OVERHEAD + paddedBodyLength(0);
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Of whole objects, in bytes. */
const SIZE_MAX: Readonly<Record<BodyType, number>> = {
  [ObjectType.CONFIG]: 64 * KIBIBYTE,
  [ObjectType.SESSION]: 64 * KIBIBYTE,
  [ObjectType.OUTCOME]: 16 * MEBIBYTE,
  [ObjectType.LOG]: 16 * MEBIBYTE,
  [ObjectType.PARTIAL]: 16 * MEBIBYTE,
};

const LABELS: Readonly<Record<KeyedType, KeyLabel>> = {
  [ObjectType.CONFIG]: "register",
  [ObjectType.SESSION]: "register",
  [ObjectType.OUTCOME]: "outcome",
  [ObjectType.LOG]: "register",
  [ObjectType.PARTIAL]: "outcome",
  [ObjectType.SEGMENT]: "index",
};

/**
 * The bytes of an object, different at every call: what is sent again must be the bytes of the first call.
 *
 * @throws {RangeError} when the object would be larger than its type allows.
 */
export function sealObject({ keys, blake3, random }: Sealer, object: ObjectToSeal, body: Uint8Array): Uint8Array {
  const paddedLength = paddedBodyLength(body.length);
  const size = OVERHEAD + paddedLength;
  const sizeMax = SIZE_MAX[object.type];
  if (size > sizeMax)
    throw new RangeError(`Cannot seal "${object.name}": ${size} bytes are above the limit ${sizeMax}`);
  const salt = freshBytes(blake3, random, body);
  if (object.type === ObjectType.CONFIG) salt.set(keys.repositoryId);
  const header = encodeHeader(object, salt);
  const key = objectKey(keys, object, salt, object.name);
  const sealed = sealGcm(key, ZERO_NONCE, additionalData(header, object.name), encodePaddedBody(body, paddedLength));
  const bytes = new Uint8Array(size);
  bytes.set(header);
  bytes.set(sealed, SALTED_HEADER_LENGTH);
  return bytes;
}

/**
 * Verifies and opens an object that was asked for as `expected`.
 *
 * @throws {BcatError} `newer-format` when a later format wrote it.
 * @throws {CorruptError} when it is damaged, or not what was sealed under this name, type and repository.
 */
export function openObject(
  keys: RepositoryKeys,
  expected: NamedType & { readonly type: BodyType },
  bytes: Uint8Array,
): OpenedObject {
  const { name } = expected;
  const header = decodeTrueHeader(keys, expected, bytes);
  checkSize(bytes.length, expected);
  const padded = openPadded(keys, header, name, bytes);
  if (padded === undefined) throw corrupt(name, "it is damaged, or was sealed for another place");
  const body = decodePaddedBody(padded, name);
  const paddedLength = paddedBodyLength(body.length);
  if (padded.length !== paddedLength) {
    throw corrupt(name, `body is padded to ${padded.length} bytes, allowed is ${paddedLength}`);
  }
  return { epoch: header.epoch, domain: header.domain, body };
}

/** Tells a newer object from a damaged header: what opens as an object of this format is one. */
function decodeTrueHeader(keys: RepositoryKeys, expected: NamedType, bytes: Uint8Array): ObjectHeader {
  try {
    return decodeHeader(bytes, expected);
  } catch (error) {
    if (!isBcatError(error, "newer-format") || bytes.length < SIZE_MIN) throw error;
    const repaired = repairHeader(bytes, expected);
    if (openPadded(keys, decodeHeader(repaired, expected), expected.name, repaired) === undefined) throw error;
    throw corrupt(expected.name, "its header is damaged");
  }
}

function openPadded(
  keys: RepositoryKeys,
  header: ObjectHeader,
  name: string,
  bytes: Uint8Array,
): Uint8Array | undefined {
  const head = bytes.subarray(0, SALTED_HEADER_LENGTH);
  const key = objectKey(keys, header, head.subarray(HEADER_LENGTH), name);
  return openGcm(key, ZERO_NONCE, additionalData(head, name), bytes.subarray(SALTED_HEADER_LENGTH));
}

/**
 * The key of one object, also of an index segment.
 *
 * @throws {RangeError} for packs, which are not sealed as a whole: their frames and directories have keys of their own;
 *   and for parity, which is not sealed.
 */
export function objectKey(keys: RepositoryKeys, header: ObjectHeader, salt: Uint8Array, name: string): Uint8Array {
  const { type, epoch, domain } = header;
  if (type === ObjectType.PACK || type === ObjectType.PARITY)
    throw new RangeError(`Cannot derive an object key for "${name}": found type ${type}`);
  const info = Buffer.concat([Buffer.from("bcat/1/object"), Uint8Array.of(type), Buffer.from(name)]);
  return hkdf(keys.derive(LABELS[type], epoch, domain), salt, info);
}

/**
 * The repository id that a config names, in fresh memory: readable without a key, and verified only by opening the config.
 *
 * @throws as {@link openObject}, for what is seen without a key.
 */
export function readRepositoryId(config: Uint8Array): Uint8Array {
  const expected = { type: ObjectType.CONFIG, name: "config" };
  decodeHeader(config, expected);
  checkSize(config.length, expected);
  return config.slice(HEADER_LENGTH, HEADER_LENGTH + REPOSITORY_ID_LENGTH);
}

function additionalData(head: Uint8Array, name: string): Uint8Array {
  return Buffer.concat([head, Buffer.from(name)]);
}

function checkSize(size: number, { type, name }: { readonly type: BodyType; readonly name: string }): void {
  if (size < SIZE_MIN) throw corrupt(name, `${size} bytes are below the minimum ${SIZE_MIN}`);
  if (size > SIZE_MAX[type]) throw corrupt(name, `${size} bytes are above the limit ${SIZE_MAX[type]}`);
}

function corrupt(name: string, found: string): CorruptError {
  return new CorruptError(`Cannot open "${name}": ${found}`, { object: name });
}
