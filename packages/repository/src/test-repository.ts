/** A repository in memory, its client's environment, and snapshots of one chunk each, for tests only. */
import { DATA } from "@bcat/pack";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import type { Environment } from "./environment.js";
import { initRepository, type OpenOptions, openRepository, unlockRepository } from "./open.js";
import type { Repository } from "./repository.js";
import { createTestEnvironment } from "./test-environment.js";
import { type SnapshotToCommit, WriteSession } from "./write-session.js";

const SECRET = { keyFile: new Uint8Array(32) };
const CHUNK_SIZE = 3000;
/** Without a cache: everything is kept in memory. */
export const withoutCache = { cacheDirectory: undefined };

export const emptySnapshot: SnapshotToCommit = {
  ...{ roots: [], start: 1, end: 1, zone: "UTC", host: "h", user: "u" },
  ...{ clientId: new Uint8Array(16), version: "test", tags: [], excludes: [], options: [] },
  counts: {
    ...{ files: 0, directories: 0, symlinks: 0, others: 0, bytes: 0, filesNew: 0, filesChanged: 0, filesUnmodified: 0 },
    ...{ directoriesNew: 0, directoriesChanged: 0, directoriesUnmodified: 0 },
    ...{ dataChunksAdded: 0, treeChunksAdded: 0, plainBytesAdded: 0, storedBytesAdded: 0 },
  },
  errors: { total: 0, first: [] },
};

export class TestRepository {
  readonly storage: MemoryStorage;
  readonly environment: Environment;
  readonly rootKey: Uint8Array;

  private constructor(storage: MemoryStorage, environment: Environment, rootKey: Uint8Array) {
    this.storage = storage;
    this.environment = environment;
    this.rootKey = rootKey;
  }

  static async create(changes: Partial<Environment> = {}): Promise<TestRepository> {
    const storage = createMemoryStorage();
    const environment = await createTestEnvironment(changes);
    await using _ = await initRepository(storage, { secret: SECRET }, environment);
    const { rootKey } = await unlockRepository(storage, SECRET, environment);
    return new TestRepository(storage, environment, rootKey);
  }

  /** Opens it as a process of its own would. */
  async open(
    changes: Partial<Environment> = {},
    storage: Storage = this.storage,
    options: OpenOptions = {},
  ): Promise<Repository> {
    return await openRepository(storage, this.rootKey, { ...this.environment, ...changes }, options);
  }

  /** Commits `count` snapshots of one new chunk each, each by a client of its own; the ids of the chunks. */
  async commit(count = 1, changes: Partial<Environment> = {}): Promise<Uint8Array[]> {
    const ids: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      await using repository = await this.open(changes);
      ids.push(await commitChunk(repository));
    }
    return ids;
  }
}

/** What a test needs of a session that stores chunks. */
export interface Writing {
  readonly number: number;
  store(bytes: Uint8Array): Uint8Array;
  has(id: Uint8Array): boolean;
  /** Waits for room, as writers do between chunks. */
  ready(): Promise<void>;
  /** Makes what was stored durable and indexed, as it is before a commit. */
  settle(): Promise<void>;
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

export async function beginWriting(repository: Repository): Promise<Writing> {
  const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
  return {
    number: session.number,
    store: (bytes) => session.store(DATA, bytes),
    has: (id) => session.has(DATA, id),
    ready: () => session.ready(),
    settle: () => session.flush(),
    commit: () => session.commit(emptySnapshot),
    abandon: () => session.abandon(),
  };
}

/** A snapshot without roots, of one new chunk; its id. */
export async function commitChunk(
  repository: Repository,
  bytes: Uint8Array = repository.environment.random(CHUNK_SIZE),
): Promise<Uint8Array> {
  const writing = await beginWriting(repository);
  const id = writing.store(bytes);
  await writing.commit();
  return id;
}
