/** What a caller tells what measures a repository, and what it is told. */

export interface StatsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: StatsProgress) => void;
}

export interface StatsProgress {
  readonly phase: "snapshots" | "packs";
  readonly done: number;
  /** Undefined when nobody can tell. */
  readonly total: number | undefined;
  /** Trees and lists read so far. */
  readonly trees: number;
}

/** Chunks, each once: how many, their bytes, and what they take as stored: of each frame the share that they have of it. */
export interface ChunkSums {
  readonly count: number;
  readonly plain: number;
  readonly stored: number;
}

/** Objects, each once, and their bytes. */
export interface ObjectSums {
  readonly count: number;
  readonly size: number;
}

export interface RepositoryStats {
  /** What the snapshots that are kept refer to. */
  readonly live: ChunkSums;
  /** By number of snapshot: what no other refers to, so that forgetting this one alone would free it. */
  readonly unique: ReadonlyMap<number, ChunkSums>;
  /** Without those that are condemned. */
  readonly dataPacks: ObjectSums;
  readonly treePacks: ObjectSums;
  /** Condemned packs, which may be gone already. */
  readonly condemnedPacks: ObjectSums;
  readonly segments: ObjectSums;
  /** Parity objects, as far as the storage can list. */
  readonly parity: ObjectSums;
  /** Stored bytes in packs that are not condemned which no snapshot refers to, also what is there twice. */
  readonly dead: number;
  /** References to chunks that the index does not know, and chunks that lie in packs alone which were condemned as damaged. */
  readonly missing: number;
}
