export { type BlobKind, DATA, idLabel, TREE } from "./blob-kind.js";
export { ChunkClaims, type ClaimsMemory } from "./chunk-claims.js";
export { ChunkIndex, type ChunkLocation, openSharedIndex, type SharedIndex } from "./chunk-index.js";
export { ChunkNumbers, type NumbersVisitor } from "./chunk-numbers.js";
export type { PackContext } from "./context.js";
export {
  type ChunkTable,
  chunkId,
  type Directory,
  decodeTrailer,
  hasRightHash,
  openDirectory,
  TRAILER_SIZE,
  type Trailer,
} from "./directory.js";
export { FrameOpener } from "./frame.js";
export { FrameBuilder, type FrameBuilderOptions } from "./frame-builder.js";
export {
  decodeFrameGroup,
  encodeFrameGroup,
  type FrameColumns,
  type FrameGroup,
  frameGroupSize,
  frameGroupSizeMax,
} from "./frame-group.js";
export { FrameTable } from "./frame-table.js";
export {
  arenaSize,
  type FinishedPack,
  PACK_TARGET_SIZE,
  PackAssembler,
  type PackAssemblerOptions,
} from "./pack-assembler.js";
export {
  formatNumber,
  NAME_REFERENCE_SIZE,
  type ObjectReference,
  packName,
  packOfParity,
  parityName,
  parseObjectName,
  segmentName,
} from "./pack-name.js";
export { PackNames, packNameAt } from "./pack-names.js";
export { type MendedPack, mendPack } from "./parity/mend-pack.js";
export { decodeParity, encodeParity, isParitySize, type Parity } from "./parity/parity-object.js";
export { PERCENT_MAX as PARITY_PERCENT_MAX } from "./parity/parity-shape.js";
export { type BuiltSegment, buildSegment, type IndexedPack } from "./segment/build-segment.js";
export { type ByteSource, memorySource, type SharedBytes } from "./segment/byte-source.js";
export { canMerge, type MergeOptions, mergeSegments, packsOfMerged } from "./segment/merge-segments.js";
export type { PackRecord } from "./segment/pack-record.js";
export { PageCache } from "./segment/page-cache.js";
export { type DescriptorNotes, OPEN_RUN_FILES_MAX, type RunFile, RunFiles } from "./segment/run-files.js";
export { type ChosenEntries, ChosenScan, type ScannedPlaces } from "./segment/scan-chosen.js";
export { Segment, type SegmentEntry } from "./segment/segment.js";
export { storedShare } from "./segment/stored-shares.js";
export { PackFrames, readSpan, type Span, spanOf } from "./stream-reader.js";
export { FRAME_PLAIN_MAX, type FrameEntry, type FrameTables, type KeyEntry, tablesOf } from "./tables.js";
export { loadZstd, type Zstd } from "./zstd.js";
