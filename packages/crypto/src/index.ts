export { type Blake3, type Blake3Mode, type IncrementalHash, type KeyedHash, loadBlake3 } from "./blake3.js";
export { GCM_NONCE_LENGTH, GCM_TAG_LENGTH, openGcm, openGcmInto, sealGcm, sealGcmInto, ZERO_NONCE } from "./gcm.js";
export {
  decodeHeader,
  encodeHeader,
  HEADER_LENGTH,
  type NamedType,
  type ObjectHeader,
  ObjectType,
  SALT_LENGTH,
  SALTED_HEADER_LENGTH,
} from "./header.js";
export { hkdf } from "./hkdf.js";
export {
  createKeySlot,
  DEFAULT_SCRYPT_COST,
  KEY_SLOT_LENGTH,
  type KeySlotOptions,
  openKeySlot,
  type ScryptCost,
  type Secret,
} from "./key-slot.js";
export { KEY_LENGTH, type KeyLabel, REPOSITORY_ID_LENGTH, RepositoryKeys } from "./keys.js";
export {
  type BodyType,
  type ObjectToSeal,
  type OpenedObject,
  objectKey,
  openObject,
  readRepositoryId,
  type Sealer,
  sealObject,
} from "./object.js";
export { decodePaddedBody, encodePaddedBody, paddedBodyLength } from "./padded-body.js";
export { padme } from "./padme.js";
export { freshBytes, type Random } from "./random.js";
