export { ArchivedObjects } from "@bcat/storage";
export { findArchivedTrees } from "./archived-trees.js";
export type { ConfigBody } from "./bodies/config.js";
export type { Counts } from "./bodies/counts.js";
export type { FolderAbove } from "./bodies/folder-above.js";
export {
  decodeLogRecord,
  encodeLogRecord,
  type KeyOwner,
  type LogEntry,
  type LogHead,
  type LogRecord,
} from "./bodies/log.js";
export {
  type CompactionOutcome,
  decodeOutcome,
  encodeOutcome,
  type Outcome,
  type SegmentChanges,
  type SnapshotOutcome,
  type VoidOutcome,
} from "./bodies/outcome.js";
export type { NameReference, SegmentReference } from "./bodies/references.js";
export { decodeSession, encodeSession, type SessionBody } from "./bodies/session.js";
export {
  type ErrorList,
  errorCountMax,
  type Original,
  type ParentOfRoot,
  type Root,
  type SeenOutcome,
  type Snapshot,
  type SnapshotError,
  SnapshotRecords,
} from "./bodies/snapshot.js";
export { checkSnapshotTexts, type SnapshotTexts } from "./bodies/texts.js";
export type { WantedChunks } from "./bulk-plan.js";
export type { BulkReader, ChunkVisitor, RangeVisitor } from "./bulk-reader.js";
export { type CacheFolder, emptyCacheFolder, listCacheFolders } from "./cache/cache-folders.js";
export { forgetCachedRepository } from "./cache/forget-cached.js";
export { trimCache } from "./cache/trim-cache.js";
export { type BadPack, checkPacks, type PackInventory } from "./check/check-packs.js";
export { checkKeySlots, checkRegisters, type Inventory } from "./check/check-registers.js";
export {
  type CheckOptions,
  type CheckProgress,
  CheckRun,
  type CheckSummary,
  type Finding,
  needPathsMax,
} from "./check/check-run.js";
export type { DataSubset } from "./check/data-subset.js";
export { LostChunks, type PackDamage } from "./check/lost-chunks.js";
export { hasChangedSince, PASSES_MAX } from "./check/passes.js";
export { BACK_UP, READ_ALL, remedyFor } from "./check/remedy.js";
export { noteStrays } from "./check/strays.js";
export { missingChunk } from "./chunk-reader.js";
export {
  type AddedCounts,
  ChunkStore,
  type ChunkStoreOptions,
  type FrameThreads,
  type SharedStore,
} from "./chunk-store.js";
export { settleDeadSessions } from "./dead-sessions.js";
export { DecidedElsewhereError } from "./decided-elsewhere.js";
export { type AnnouncedRegisters, readAnnounced } from "./elsewhere/copies.js";
export { createRegisterCheck } from "./elsewhere/register-check.js";
export { type RepairSummary, repairRegisters } from "./elsewhere/repair.js";
export { checkSource, type RegistersReference, type RegistersSource } from "./elsewhere/source.js";
export type { Environment, Processes } from "./environment.js";
export { findConfig, repositoryExists } from "./find-config.js";
export { FirstSeen } from "./first-seen.js";
export type { History } from "./history.js";
export { describeReplaced, rememberedAt } from "./identity.js";
export { listObjectNames, type ObjectNames } from "./inspect/object-names.js";
export { type RecordKind, readAnyChunk, readObject, readRecord } from "./inspect/read-record.js";
export { type KeptOpening, keepOpening } from "./kept-opening.js";
export { KeptScans, keptScanSizeMax } from "./kept-scans.js";
export { addKeySlot, type NewKey, removeKeySlot } from "./keys/change-keys.js";
export { type DescribedKeySlot, describeKeySlots, type KeySlot, keySlotOf } from "./keys/key-slots.js";
export { appendToLog, decideOutcomeOf, withLogSession } from "./log-writer.js";
export {
  type InitOptions,
  initRepository,
  KEY_SLOTS_MAX,
  type OpenOptions,
  openRepository,
  readConfig,
  reopenRepository,
  type Unlocked,
  type UnlockOptions,
  unlockRepository,
  WrongSecretError,
} from "./open.js";
export { measureParity } from "./parity/parity-objects.js";
export { type ParityRepair, type ParityRepairOptions, repairParity } from "./parity/repair-parity.js";
export { readNewestPartial } from "./partials.js";
export type { PackChoiceOptions, UnusedLimit } from "./prune/choose-packs.js";
export type { FileSum, Leftovers } from "./prune/leftovers.js";
export type { OpenSession } from "./prune/open-sessions.js";
export type { PackSum, PruneOptions, PruneProgress, PruneSummary } from "./prune/options.js";
export { prune as pruneRepository } from "./prune/prune.js";
export { putReserve, withReserve } from "./prune/reserve.js";
export type { Roots } from "./prune/survey.js";
export { type FetchedRange, type RangeChunks, RangeOpener } from "./range-opener.js";
export { readSegment } from "./read-segment.js";
export { registerName, type Sequence } from "./registers.js";
export type { BadObject } from "./repair/bad-object.js";
export { type FindBadPacksOptions, findBadPacks } from "./repair/find-bad-packs.js";
export { type IndexRepair, type RepairOptions, repairIndex } from "./repair/repair-index.js";
export { type PackRepair, type RepairPacksOptions, repairPacks } from "./repair/repair-packs.js";
export { Repository } from "./repository.js";
export { type ScrubOptions, type ScrubSummary, scrub } from "./scrub/scrub.js";
export { Session, type SessionOptions } from "./session.js";
export { describeStanding, refuseRepairFrom, requireWritable, type Standing } from "./standing.js";
export type { SnapshotSummary } from "./summary.js";
export { type SnapshotToCommit, WriteSession, type WriteSessionOptions } from "./write-session.js";
