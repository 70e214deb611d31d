/** Keys and sealed objects (`docs/format.md` sections 3 and 4). */

import { createDecipheriv, createHmac, hkdfSync, scryptSync, timingSafeEqual } from "node:crypto";
import { createHash, createKeyed } from "blake3-wasm";
import { assertFormat, assertKnown, ByteReader, DamageError, NewerError, padme } from "./bytes.js";

export const OBJECT_TYPE = { config: 1, session: 2, outcome: 3, log: 4, segment: 6, pack: 7 } as const;
export type ObjectType = (typeof OBJECT_TYPE)[keyof typeof OBJECT_TYPE];

const KEY_LABEL = { 1: "register", 2: "register", 3: "outcome", 4: "register", 6: "index", 7: "directory" } as const;
export const HEADER_SIZE = 48;
const SLOT_SIZE = 144;
export const TAG_SIZE = 16;
const ZERO_NONCE = Buffer.alloc(12);

/** Epoch, domain and, but for packs, salt of a header. */
export interface Header {
  readonly epoch: number;
  readonly domain: number;
}

/** K(label, epoch, domain). */
export type KeySource = (label: string, epoch: number, domain: number) => Buffer;

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function hkdf(key: Buffer, salt: Buffer, info: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, info, 32));
}

export function blake3(data: Buffer, key?: Buffer): Buffer {
  return (key === undefined ? createHash() : createKeyed(key)).update(data).digest();
}

export function openGcm(key: Buffer, sealed: Buffer, aad: Buffer, nonce = ZERO_NONCE): Buffer {
  assertFormat(sealed.length >= TAG_SIZE, `${sealed.length} sealed bytes hold no tag`);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_SIZE });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG_SIZE));
  const plain = decipher.update(sealed.subarray(0, -TAG_SIZE));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw new DamageError("sealed bytes do not open", { cause });
  }
}

export function keySource(rootKey: Buffer, repositoryId: Buffer): KeySource {
  return (label, epoch, domain) =>
    hkdf(rootKey, repositoryId, Buffer.concat([Buffer.from(`bcat/1/${label}\0`), u32(epoch), u32(domain)]));
}

export function decodeHeader(bytes: Buffer, type: ObjectType): Header {
  const reader = new ByteReader(bytes);
  assertFormat(reader.take(4).equals(Buffer.from("BCAT")), "object does not begin with BCAT");
  const version = reader.u8();
  assertFormat(version !== 0, "format version is 0");
  assertKnown(version === 1, `format version is ${version}`);
  const found = reader.u8();
  assertFormat(found === type, `object is of type ${found}, not ${type}`);
  assertKnown(reader.u8() === 1, "suite is unknown");
  assertKnown(reader.u8() === 0, "authentication is unknown");
  return { epoch: reader.u32(), domain: reader.u32() };
}

/** The key of an object; of a pack, that of its directory. */
export function objectKey(keys: KeySource, type: ObjectType, header: Header, salt: Buffer, name: string): Buffer {
  const info = type === OBJECT_TYPE.pack ? "bcat/1/directory" : `bcat/1/object${String.fromCharCode(type)}`;
  return hkdf(keys(KEY_LABEL[type], header.epoch, header.domain), salt, Buffer.from(info + name, "latin1"));
}

/** The body of an object of types 1 to 4. */
export function openSealed(keys: KeySource, type: ObjectType, name: string, object: Buffer): Buffer {
  assertFormat(object.length >= 272, `${name} is ${object.length} bytes long`);
  const header = decodeHeader(object, type);
  const key = objectKey(keys, type, header, object.subarray(16, HEADER_SIZE), name);
  const aad = Buffer.concat([object.subarray(0, HEADER_SIZE), Buffer.from(name)]);
  const padded = openGcm(key, object.subarray(HEADER_SIZE), aad);
  const body = unpad(padded);
  assertFormat(padded.length === padme(Math.max(4 + body.length, 208)), `${name} is padded to ${padded.length} bytes`);
  return body;
}

/** The body of u32 length ‖ body ‖ zeros. */
export function unpad(padded: Buffer): Buffer {
  const reader = new ByteReader(padded);
  const body = reader.take(reader.u32());
  reader.zeros(reader.left);
  return body;
}

/** The root key from the first of the slots that the passphrase opens. */
export function openRootKey(slots: readonly Buffer[], passphrase: string, repositoryId: Buffer): Buffer {
  const failures: unknown[] = [];
  for (const slot of slots) {
    try {
      return openSlot(slot, passphrase, repositoryId);
    } catch (error) {
      failures.push(error);
    }
  }
  const newer = failures.find((error) => error instanceof NewerError);
  throw newer ?? new AggregateError(failures, "no key slot opens with this passphrase");
}

function openSlot(slot: Buffer, passphrase: string, repositoryId: Buffer): Buffer {
  const reader = new ByteReader(slot);
  assertFormat(reader.take(4).equals(Buffer.from("BCKS")), "slot does not begin with BCKS");
  assertKnown(reader.u8() === 1, "slot version is unknown");
  const derivation = reader.u8();
  assertKnown(derivation === 1 || derivation === 2, `derivation ${derivation} is unknown`);
  const [logN, r, p] = [reader.u8(), reader.u8(), reader.u8()];
  reader.zeros(3);
  assertKnown(reader.u32() === 1, "slot role is unknown");
  assertFormat(slot.length === SLOT_SIZE, `slot is ${slot.length} bytes long`);
  assertFormat(reader.take(16).equals(repositoryId), "slot is of another repository");
  assertFormat(derivation === 1, "slot needs a key file");
  assertFormat(logN >= 15 && logN <= 20 && r === 8 && p >= 1 && p <= 4, `scrypt parameters are ${logN}, ${r}, ${p}`);
  const options = { N: 2 ** logN, r, p, maxmem: 2 ** (logN + 11) };
  const okm = scryptSync(passphrase, reader.take(32), 64, options);
  const commitment = createHmac("sha256", okm.subarray(32)).update(slot.subarray(0, 64)).digest();
  assertFormat(timingSafeEqual(commitment, reader.take(32)), "passphrase is wrong");
  return openGcm(okm.subarray(0, 32), reader.take(48), slot.subarray(0, 96));
}
