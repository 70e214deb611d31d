export { Meter, type RequestKind, requestKinds } from "@bcat/storage/meter";
export { absolutePath, absolutePathBytes, absoluteText, sourcePathBytes } from "./absolute-path.js";
export {
  type Accelerated,
  type Accelerators,
  acceleratorsOf,
  describeMissing,
  loadAccelerated,
  type MissingAccelerator,
  missingAccelerators,
} from "./accelerated.js";
export { type CacheChoice, type CachePlace, createCache, locateCache } from "./cache-directory.js";
export { createEnvironment, type EnvironmentOptions, random } from "./environment.js";
export { type FolderPathOptions, folderPath } from "./folder-path.js";
export { baseDirectory, locateRepository, type NoHome } from "./location.js";
export { loadKnownOwners, loadOwnerNames } from "./owner-names.js";
export type { FolderPlace, HttpPlace, Place, S3Place, TahoePlace } from "./place.js";
export type { PlaceOptions, S3Choice } from "./place-options.js";
export { isPrivileged } from "./privilege.js";
export { probePlace, wayToSeveralWriters } from "./probe-place.js";
export { type ProbedRegisters, probeRegistersOf, type RegistersOfPlace } from "./probe-registers.js";
export { getSecret, type SecretSource } from "./secret.js";
export {
  type CreateOptions,
  createSite,
  hadRepository,
  noRepository,
  type OpenOptions,
  openSite,
  ownFolders,
  prepareSite,
  refuseReadOnly,
  repairSiteRegisters,
  type Site,
  type SiteOptions,
  type UnlockedSite,
  unlockSite,
} from "./site.js";
export { retryForMsDefault, type StackOptions, stackLocal, stackRemote } from "./storage-stack.js";
export { findOtherThing } from "./surroundings.js";
export { withoutCaps } from "./tahoe-cap.js";
export type { Variables } from "./variables.js";
export { type ConnectionChoice, wireOptionsOf } from "./wire-options.js";
