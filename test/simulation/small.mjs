/**
 * What the simulation makes cheaper: a run of a few kilobytes must not pay for buffers of megabytes. None of it decides
 * what is written, but that frames are shorter, and that scans are cut where the simplest cutter does.
 */
export const SMALL = [
  { module: "repository/dist/chunk-store.js", from: "TREE_CHUNK_MAX = 4 * 2 ** 20", to: "TREE_CHUNK_MAX = 2 ** 16" },
  { module: "pack/dist/pack-assembler.js", from: "TAIL_MAX = 6 * 2 ** 20", to: "TAIL_MAX = 2 ** 16" },
  { module: "pack/dist/frame-group.js", from: "FRAME_TARGET_SIZE = 512 * 1024", to: "FRAME_TARGET_SIZE = 2 ** 12" },
  {
    module: "pack/dist/frame-group.js",
    from: "SHARED_CHUNKS_MAX = 16_384",
    to: "SHARED_CHUNKS_MAX = 64",
  },
  { module: "pack/dist/chunk-claims.js", from: "FIRST_TABLE_SLOTS = 2 ** 12", to: "FIRST_TABLE_SLOTS = 2 ** 8" },
  { module: "repository/dist/uploads.js", from: "FIRST_SIZE = 2 ** 18", to: "FIRST_SIZE = 2 ** 12" },
  {
    module: "repository/dist/prune/copy-pack.js",
    from: "new Uint8Array(FRAME_PLAIN_MAX)",
    to: "new Uint8Array(2 ** 14)",
  },
  { module: "repository/dist/local-index.js", from: "PAGES_SIZE_MAX = 64 * 2 ** 20", to: "PAGES_SIZE_MAX = 2 ** 17" },
  {
    module: "repository/dist/repair/repair-index.js",
    from: "PAGES_SIZE_MAX = 8 * 2 ** 20",
    to: "PAGES_SIZE_MAX = 2 ** 16",
  },
  {
    module: "repository/dist/check/check-packs.js",
    from: "PAGES_SIZE_MAX = 8 * 2 ** 20",
    to: "PAGES_SIZE_MAX = 2 ** 16",
  },
  { module: "repository/dist/prune/rewrite-segments.js", from: "PAGES_SIZE = 8 * 2 ** 20", to: "PAGES_SIZE = 2 ** 16" },
  {
    module: "pack/dist/segment/segment-writer.js",
    from: "new Uint8Array(FILTER_PAGES * (ENTRY_PAGE_SIZE / ENTRY_SIZE) * ID_SIZE)",
    to: "new Uint8Array(2 ** 13)",
  },
  {
    module: "chunker/dist/fixed-cutter.js",
    from: "WINDOW_LENGTH_MIN = 8 * 1024 * 1024",
    to: "WINDOW_LENGTH_MIN = 2 ** 14",
  },
  {
    module: "snapshot/dist/backup/scan-writer.js",
    from: 'SCAN_CHUNKER = { kind: "cdc", minimum: 32 * 1024, average: 64 * 1024, maximum: 256 * 1024 }',
    to: 'SCAN_CHUNKER = { kind: "fixed", minimum: 2048, average: 2048, maximum: 2048 }',
  },
  { module: "posix/dist/entry-list.js", from: "SIZE = 128 * 1024", to: "SIZE = 2 ** 11" },
  { module: "pack/dist/segment/page-cache.js", from: "SLOT_SIZE = 65_536", to: "SLOT_SIZE = 2 ** 13" },
  { module: "pack/dist/segment/footer-body.js", from: "PIECE_SIZE = 64 * 1024", to: "PIECE_SIZE = 2 ** 10" },
  ...["scan-entries", "merge-segments", "segment-writer"].map((name) => ({
    module: `pack/dist/segment/${name}.js`,
    from: "new Uint8Array(ENTRY_PAGE_SIZE)",
    to: "new Uint8Array(2 ** 13)",
  })),
  {
    module: "pack/dist/segment/segment-writer.js",
    from: "new Uint8Array(PACK_PAGE_SIZE)",
    to: "new Uint8Array(2 ** 13)",
  },
];
