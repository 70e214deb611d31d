/** bcat as a library: docs/library.md. */
export { createRepository, isError, openRepository } from "./open.js";
export type {
  BackupOptions,
  BackupResult,
  BcatError,
  Entry,
  Repository,
  RepositoryOptions,
  RestoreOptions,
  RestoreResult,
  Secret,
  Snapshot,
  SnapshotName,
  Warning,
} from "./options.js";
