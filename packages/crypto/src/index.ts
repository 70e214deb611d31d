export { type Blake3, type Blake3Mode, type IncrementalHash, type KeyedHash, loadBlake3 } from "./blake3.js";
export { type Gcm, openGcm, openGcmInto, sealGcm, sealGcmInto, ZERO_NONCE } from "./gcm.js";
export { GcmOpening, GcmSealing } from "./gcm-pieces.js";
export {
  decodeHeader,
  encodeHeader,
  type NamedType,
  type ObjectHeader,
  ObjectType,
} from "./header.js";
export { hkdf } from "./hkdf.js";
export {
  createKeySlot,
  describeKeySlot,
  KEY_SLOT_LENGTH,
  type KeySlotLook,
  type KeySlotOptions,
  keySlotId,
  openKeySlot,
  type ScryptCost,
  type Secret,
} from "./key-slot.js";
export { type KeyLabel, RepositoryKeys, type SharedKeys } from "./keys.js";
export { loadGcm, nodeGcm } from "./load-gcm.js";
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
export { decodePaddedBody, encodePaddedBody } from "./padded-body.js";
export { padme } from "./padme.js";
export { freshBytes, type Random } from "./random.js";
