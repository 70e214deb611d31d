/**
 * Key slots: the root key, sealed with a passphrase or a key file (`docs/format.md` section 3.1).
 *
 *     offset  size  field
 *     0       4     "BCKS"
 *     4       1     slot version, 1
 *     5       1     derivation: 1 scrypt, 2 key file
 *     6       1     scrypt: log2 N
 *     7       1     scrypt: r
 *     8       1     scrypt: p
 *     9       3     zero
 *     12      4     u32 role, 1
 *     16      16    repository id
 *     32      32    salt
 *     64      32    commitment = HMAC-SHA256(okm[32..64], bytes[0..64])
 *     96      48    sealed root key = GCM(okm[0..32], zero nonce, bytes[0..96], root key)
 *
 * AES-GCM alone lets an attacker who writes the storage make a slot that opens under many passphrases, and learn from
 * each attempt (Len, Grubbs, Ristenpart, USENIX Security 2021); the commitment, compared first, admits one.
 */

import { createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { BcatError, CorruptError } from "@bcat/errors";
import { openGcm, sealGcm, ZERO_NONCE } from "./gcm.js";
import { hkdf } from "./hkdf.js";
import { KEY_LENGTH, REPOSITORY_ID_LENGTH } from "./keys.js";
import type { Random } from "./random.js";

/** What opens a slot: a passphrase as typed, or the content of a key file (32 to 4,096 bytes). */
export type Secret = { readonly passphrase: string } | { readonly keyFile: Uint8Array };

/** How hard a passphrase is to try. */
export interface ScryptCost {
  /** 15 to 20; memory is 2^log2N KiB. */
  readonly log2N: number;
  /** p, 1 to 4: multiplies time, not memory. */
  readonly parallelism: number;
}

/** 32 MiB and about 0.1 s. */
export const DEFAULT_SCRYPT_COST: ScryptCost = { log2N: 15, parallelism: 1 };

export interface KeySlotOptions {
  readonly rootKey: Uint8Array;
  readonly repositoryId: Uint8Array;
  readonly secret: Secret;
  readonly random: Random;
  /** For a passphrase; a key file needs none. */
  readonly cost?: ScryptCost;
}

export const KEY_SLOT_LENGTH = 144;
/** The first bytes of the salt tell a slot from all others. */
const KEY_SLOT_ID_LENGTH = 16;

const MAGIC = Buffer.from("BCKS", "latin1");
const VERSION = 1;
const ROLE_ROOT_KEY = 1;
const Derivation = { SCRYPT: 1, KEY_FILE: 2 } as const;

const LOG2_N_MIN = 15;
const LOG2_N_MAX = 20;
const BLOCK_SIZE = 8;
const PARALLELISM_MAX = 4;
const KEY_FILE_LENGTH_MIN = 32;
const KEY_FILE_LENGTH_MAX = 4096;

const RESERVED_OFFSET = 9;
const ROLE_OFFSET = 12;
const REPOSITORY_ID_OFFSET = 16;
const SALT_OFFSET = 32;
const SALT_LENGTH = 32;
const COMMITMENT_OFFSET = 64;
const SEALED_OFFSET = 96;
const OKM_LENGTH = 64;

const scryptAsync = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/**
 * The 144 bytes of a slot. scrypt runs in the thread pool, so other work goes on meanwhile.
 *
 * @throws {BcatError} `usage` when the passphrase is empty or the key file too short or too long.
 * @throws {RangeError} when the cost or a length is out of bounds.
 */
export async function createKeySlot(options: KeySlotOptions): Promise<Uint8Array> {
  const { rootKey, repositoryId, secret, random, cost = DEFAULT_SCRYPT_COST } = options;
  checkOptions(options);
  const slot = Buffer.alloc(KEY_SLOT_LENGTH);
  slot.set(MAGIC);
  slot.writeUInt8(VERSION, 4);
  if ("passphrase" in secret) slot.set([Derivation.SCRYPT, cost.log2N, BLOCK_SIZE, cost.parallelism], 5);
  else slot.set([Derivation.KEY_FILE, 0, 0, 0], 5);
  slot.writeUInt32LE(ROLE_ROOT_KEY, ROLE_OFFSET);
  slot.set(repositoryId, REPOSITORY_ID_OFFSET);
  slot.set(random(SALT_LENGTH), SALT_OFFSET);
  const okm = await deriveOkm(secret, slot.subarray(SALT_OFFSET, COMMITMENT_OFFSET), cost);
  slot.set(commitment(okm, slot), COMMITMENT_OFFSET);
  const sealed = sealGcm(okm.subarray(0, KEY_LENGTH), ZERO_NONCE, slot.subarray(0, SEALED_OFFSET), rootKey);
  slot.set(sealed, SEALED_OFFSET);
  return new Uint8Array(slot.buffer, slot.byteOffset, slot.length);
}

/**
 * The root key; or `refused` when the slot does not open with this secret, `other-kind` when it takes a key file and the
 * secret is a passphrase, or the other way round, `foreign` when it is of another repository, as an init leaves it that
 * did not finish.
 *
 * @throws {BcatError} `newer-format` when version, derivation or role is unknown: the caller skips the slot.
 * @throws {BcatError} `usage` when the key file is too short or too long.
 * @throws {CorruptError} when the slot is damaged. Damage to salt or commitment cannot be told from a wrong secret.
 */
export async function openKeySlot(
  slotBytes: Uint8Array,
  slotName: string,
  repositoryId: Uint8Array,
  secret: Secret,
): Promise<Uint8Array | "refused" | "other-kind" | "foreign"> {
  const slot = Buffer.from(slotBytes.buffer, slotBytes.byteOffset, slotBytes.length);
  checkSecretLength(secret);
  checkKind(slot, slotName);
  const cost = decodeCost(slot, slotName);
  if (!slot.subarray(REPOSITORY_ID_OFFSET, SALT_OFFSET).equals(repositoryId)) {
    const own = Buffer.from(slot);
    own.set(repositoryId, REPOSITORY_ID_OFFSET);
    if (typeof (await openKeySlot(own, slotName, repositoryId, secret)) === "string") return "foreign";
    throw corrupt(slotName, "its repository id is damaged");
  }
  const wanted = "passphrase" in secret ? Derivation.SCRYPT : Derivation.KEY_FILE;
  if (slot.readUInt8(5) !== wanted) return "other-kind";
  const okm = await deriveOkm(secret, slot.subarray(SALT_OFFSET, COMMITMENT_OFFSET), cost);
  if (!timingSafeEqual(commitment(okm, slot), slot.subarray(COMMITMENT_OFFSET, SEALED_OFFSET))) return "refused";
  const key = okm.subarray(0, KEY_LENGTH);
  const rootKey = openGcm(key, ZERO_NONCE, slot.subarray(0, SEALED_OFFSET), slot.subarray(SEALED_OFFSET));
  if (rootKey === undefined) throw corrupt(slotName, "the secret fits, but the sealed root key is damaged");
  return rootKey;
}

/** What a slot says of itself to anybody. */
export interface KeySlotLook {
  /** 16 bytes; a copy. */
  readonly id: Uint8Array;
  /** For a passphrase; undefined for a key file. */
  readonly cost: ScryptCost | undefined;
  /** False for one of another repository, as an init leaves it that did not finish: it opens nothing. */
  readonly isOwn: boolean;
}

/** @throws as {@link openKeySlot}; what only its secret would show is not looked at */
export function describeKeySlot(slotBytes: Uint8Array, slotName: string, repositoryId: Uint8Array): KeySlotLook {
  const slot = Buffer.from(slotBytes.buffer, slotBytes.byteOffset, slotBytes.length);
  checkKind(slot, slotName);
  const cost = decodeCost(slot, slotName);
  return {
    id: keySlotId(slot),
    cost: slot.readUInt8(5) === Derivation.SCRYPT ? cost : undefined,
    isOwn: slot.subarray(REPOSITORY_ID_OFFSET, SALT_OFFSET).equals(repositoryId),
  };
}

/** What tells a slot from all others, 16 bytes, a copy; zeros where it is too short. */
export function keySlotId(slot: Uint8Array): Uint8Array {
  const id = new Uint8Array(KEY_SLOT_ID_LENGTH);
  id.set(slot.subarray(SALT_OFFSET, SALT_OFFSET + KEY_SLOT_ID_LENGTH));
  return id;
}

function checkOptions({ rootKey, repositoryId, secret, cost }: KeySlotOptions): void {
  if (rootKey.length !== KEY_LENGTH || repositoryId.length !== REPOSITORY_ID_LENGTH) {
    const found = `found a root key of ${rootKey.length} and an id of ${repositoryId.length} bytes`;
    throw new RangeError(`Cannot create a key slot: ${found}, allowed are ${KEY_LENGTH} and ${REPOSITORY_ID_LENGTH}`);
  }
  if ("passphrase" in secret && secret.passphrase === "") {
    throw new BcatError("usage", "Cannot create a key slot: the passphrase is empty");
  }
  checkSecretLength(secret);
  const refusal = cost === undefined ? undefined : refuseCost(cost);
  if (refusal !== undefined) throw new RangeError(`Cannot create a key slot: ${refusal}`);
}

function checkSecretLength(secret: Secret): void {
  if ("passphrase" in secret) return;
  const { length } = secret.keyFile;
  if (length >= KEY_FILE_LENGTH_MIN && length <= KEY_FILE_LENGTH_MAX) return;
  const allowed = `allowed are ${KEY_FILE_LENGTH_MIN} to ${KEY_FILE_LENGTH_MAX}`;
  throw new BcatError("usage", `Cannot use the key file: found ${length} bytes, ${allowed}`);
}

/** Decides whether this program knows such slots, each field before those whose meaning depends on it. */
function checkKind(slot: Buffer, slotName: string): void {
  if (slot.length < REPOSITORY_ID_OFFSET) throw corruptLength(slotName, slot.length);
  if (!slot.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(slotName, "it does not begin with BCKS");
  const version = slot.readUInt8(4);
  if (version !== VERSION) throw newer(slotName, "slot version", version, "1");
  const derivation = slot.readUInt8(5);
  if (derivation !== Derivation.SCRYPT && derivation !== Derivation.KEY_FILE) {
    throw newer(slotName, "derivation", derivation, "1 and 2");
  }
  const role = slot.readUInt32LE(ROLE_OFFSET);
  if (role !== ROLE_ROOT_KEY) throw newer(slotName, "role", role, "1");
  if (slot.length !== KEY_SLOT_LENGTH) throw corruptLength(slotName, slot.length);
}

/** Checks the bounds too: a hostile slot must not make a reader derive for hours or take all memory. */
function decodeCost(slot: Buffer, slotName: string): ScryptCost {
  const cost = { log2N: slot.readUInt8(6), parallelism: slot.readUInt8(8) };
  const blockSize = slot.readUInt8(7);
  if (slot.readUIntLE(RESERVED_OFFSET, 3) !== 0) throw corrupt(slotName, "reserved bytes are not zero");
  if (slot.readUInt8(5) === Derivation.KEY_FILE) {
    if (slot.readUIntLE(6, 3) !== 0) throw corrupt(slotName, "found scrypt parameters for a key file");
    return cost;
  }
  if (blockSize !== BLOCK_SIZE) throw corrupt(slotName, `found scrypt r ${blockSize}, allowed is ${BLOCK_SIZE}`);
  const refusal = refuseCost(cost);
  if (refusal !== undefined) throw corrupt(slotName, refusal);
  return cost;
}

function refuseCost({ log2N, parallelism }: ScryptCost): string | undefined {
  if (!Number.isInteger(log2N) || log2N < LOG2_N_MIN || log2N > LOG2_N_MAX) {
    return `found scrypt log2 N ${log2N}, allowed are ${LOG2_N_MIN} to ${LOG2_N_MAX}`;
  }
  if (!Number.isInteger(parallelism) || parallelism < 1 || parallelism > PARALLELISM_MAX) {
    return `found scrypt p ${parallelism}, allowed are 1 to ${PARALLELISM_MAX}`;
  }
  return undefined;
}

async function deriveOkm(secret: Secret, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  if ("passphrase" in secret) return deriveScrypt(secret.passphrase, salt, cost);
  return hkdf(secret.keyFile, salt, "bcat/1/key-file", OKM_LENGTH);
}

/** scrypt (RFC 7914) with r = 8 and 64 bytes of output. Exported for its test vectors; checks no bounds. */
export function deriveScrypt(passphrase: string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  const N = 2 ** cost.log2N;
  // Node's own limit, 32 MiB, is just too small for the smallest cost.
  const maxmem = 128 * BLOCK_SIZE * (N + cost.parallelism + 2);
  return scryptAsync(passphrase, salt, OKM_LENGTH, { N, r: BLOCK_SIZE, p: cost.parallelism, maxmem });
}

function commitment(okm: Uint8Array, slot: Buffer): Uint8Array {
  return createHmac("sha256", okm.subarray(KEY_LENGTH)).update(slot.subarray(0, COMMITMENT_OFFSET)).digest();
}

function corruptLength(slotName: string, length: number): CorruptError {
  return corrupt(slotName, `found ${length} bytes, allowed are ${KEY_SLOT_LENGTH}`);
}

function corrupt(slotName: string, found: string): CorruptError {
  return new CorruptError(`Cannot open key slot "${slotName}": ${found}`, { object: slotName });
}

function newer(slotName: string, what: string, found: number, supported: string): BcatError {
  const message = `Cannot open key slot "${slotName}": found ${what} ${found}, this program supports ${supported}`;
  return new BcatError("newer-format", message);
}
