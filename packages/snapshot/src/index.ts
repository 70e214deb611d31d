export type {
  CheckOptions,
  CheckProgress,
  CheckSummary,
  DataSubset,
  FileSum,
  Finding,
  OpenSession,
  PackSum,
  PruneOptions,
  PruneProgress,
  PruneSummary,
} from "@bcat/repository";
export { ArchivedObjects, findArchivedTrees } from "@bcat/repository";
export { backup, PreparedBackup, requireSource } from "./backup/backup.js";
export {
  type AdoptedPacks,
  type BackupOptions,
  type BackupProgress,
  type BackupSummary,
  type Compression,
  type CountedFile,
  compressionLevel,
  type RootParent,
  type Warning,
} from "./backup/options.js";
export type { OwnerNames } from "./backup/owners.js";
export { backupStream, type StreamToStore } from "./backup/stream-backup.js";
export { check } from "./check/check.js";
export { type ChoiceOptions, recordedChoice } from "./choosing/choice-options.js";
export { type GivenPattern, patternText } from "./choosing/exclude-pattern.js";
export { type ExplainOptions, type Explanation, explain, type Reason } from "./choosing/explain.js";
export { recordedInnerSources } from "./choosing/inner-sources.js";
export { findLastWith, findSourceOf, type LastSnapshot } from "./choosing/last-snapshot.js";
export { nameMatches, parseName } from "./choosing/name-pattern.js";
export { type NeverMatching, neverMatching } from "./choosing/never-matching.js";
export type { Origin } from "./choosing/rule.js";
export { shellNegation } from "./choosing/shell-negation.js";
export { type CopyBetween, copySnapshots, planCopy } from "./copy/copy.js";
export type {
  CopiedSnapshot,
  CopyOptions,
  CopyPlan,
  CopyProgress,
  IncompleteCopy,
  SnapshotToCopy,
} from "./copy/options.js";
export { type Difference, type DiffPlace, type DiffSums, diffSnapshots, type EntrySums } from "./diff/diff.js";
export { diffLive, type LiveDiffOptions, type LiveDiffSums } from "./diff/diff-live.js";
export type { Mark } from "./diff/difference.js";
export { dump } from "./dump/dump.js";
export type { ArchiveFormat, DumpForm, DumpOptions, DumpProgress, DumpSink, DumpSummary } from "./dump/options.js";
export { listEntries, type WalkOptions } from "./entries.js";
export { compileExcludes } from "./exclude.js";
export {
  type Deletion,
  type HostHistory,
  pathHistory,
  type Version,
} from "./find/path-history.js";
export { searchById } from "./find/search-by-id.js";
export { type PatternSearch, searchByPattern } from "./find/search-by-pattern.js";
export { type Search, SnapshotSearch } from "./find/snapshot-search.js";
export { findEntries } from "./find-entries.js";
export {
  type ForgetGroup,
  type ForgetPolicyOptions,
  forgetSnapshots,
  planForget,
  requireForgettable,
  requireSomeLeft,
  requireUnreplaced,
} from "./forget/forget.js";
export { type FreedSpace, forecastFreed } from "./forget/freed-space.js";
export { type PinOptions, pinSnapshots, unpinSnapshots } from "./forget/pins.js";
export { type ForgottenSnapshot, forgottenSnapshots, takenByPrune, undelete } from "./forget/undelete.js";
export { importTar } from "./import/import-tar.js";
export type { ImportOptions, ImportProgress, ImportSummary } from "./import/options.js";
export type { Scratch } from "./import/sorted-records.js";
export { prune } from "./prune.js";
export { healFrom } from "./repair/heal-from.js";
export type {
  HealedFrom,
  HealFromOptions,
  RepairSnapshotsOptions,
  SnapshotRepair,
  Unhealed,
} from "./repair/options.js";
export { describeLoss, repairSnapshots } from "./repair/repair-snapshots.js";
export type { Loss } from "./repair/tree-rewriter.js";
export type { CountedEntries } from "./restore/counted-entries.js";
export { type ForecastOptions, forecastRestore, type RestoreForecast } from "./restore/forecast.js";
export type { CountedEntry, DeletionPlan, RestoreOptions, RestoreProgress, RestoreSummary } from "./restore/options.js";
export type { Overwrite } from "./restore/overwrite.js";
export type { KnownOwners, OwnerChange, OwnerRules } from "./restore/owners.js";
export type { Wanted } from "./restore/plan.js";
export { restore } from "./restore/restore.js";
export { requireForeign } from "./restore/target.js";
export { type Duration, parseDuration } from "./retention/duration.js";
export {
  type Grouping,
  type GroupKey,
  groupSnapshots,
  latestOfGroups,
  parseGroupings,
  type SnapshotsOfGroup,
} from "./retention/groups.js";
export type { JudgedSnapshot } from "./retention/judge.js";
export { type CalendarPeriod, describePolicy, isEmptyPolicy, type Period, type Policy } from "./retention/policy.js";
export { type RewriteOptions, type Rewritten, rewriteSnapshot } from "./rewrite/rewrite.js";
export { type Entry, rootEntries } from "./root-entries.js";
export { meaningsOf } from "./shown-path.js";
export {
  describeMissing,
  type FindSnapshotOptions,
  findSnapshot,
  keptSnapshots,
  type ListedSnapshot,
  listSnapshots,
  parseSelector,
  type SnapshotGroup,
  type SnapshotInfo,
} from "./snapshots.js";
export { type FileMode, type FileSums, measureFiles } from "./stats/measure-files.js";
export { measureRepository } from "./stats/measure-repository.js";
export { measureRawData } from "./stats/measure-snapshots.js";
export type { ChunkSums, ObjectSums, RepositoryStats, StatsOptions, StatsProgress } from "./stats/options.js";
export { type Remade, remakeSnapshot } from "./take-over/remake.js";
export { replaceSnapshot, type TagChange, tagSnapshot } from "./take-over/tag.js";
export { type TakenOver, takeOver } from "./take-over/take-over.js";
export { showName } from "./tree/name.js";
export {
  type ChunkReference,
  type Content,
  contentSize,
  type Node,
  NodeType,
  type TreeReference,
} from "./tree/node.js";
export { readChunkReferences, readNodes } from "./tree/tree-reader.js";
export { findContinued, findUndo, newestUndo } from "./undo-snapshots.js";
export { undoTag } from "./undo-tag.js";
