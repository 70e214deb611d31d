export { absolutePath, absolutePathBytes } from "./absolute-path.js";
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
export { baseDirectory, locateRepository } from "./location.js";
export { loadOwnerNames } from "./owner-names.js";
export type { FolderPlace, Place } from "./place.js";
export { getSecret, type SecretSource } from "./secret.js";
export {
  createSite,
  hadRepository,
  noRepository,
  openSite,
  ownFolders,
  prepareSite,
  type Site,
  type SiteOptions,
} from "./site.js";
export { findOtherThing } from "./surroundings.js";
export type { Variables } from "./variables.js";
