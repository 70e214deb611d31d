/** Clients that back up, forget and prune in one repository in memory, for tests only. A snapshot is a list of chunks. */
import { DATA } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import type { Environment } from "../environment.js";
import { appendToLog } from "../log-writer.js";
import type { Repository } from "../repository.js";
import { emptySnapshot, TestRepository, withoutCache } from "../test-repository.js";
import { WriteSession } from "../write-session.js";
import type { PruneOptions, PruneSummary } from "./options.js";
import { prune } from "./prune.js";
import type { Roots } from "./survey.js";

/** Small ones, so that a test has many. */
const sizes = { packSize: 8192, packsPerSegment: 2 };
export const thorough: PruneOptions = { maxUnused: { bytes: 0 }, level: 0, voidAfterMs: 7 * 86_400_000 };

export class PruneWorld {
  readonly made: TestRepository;
  /** Of each snapshot, by its number. */
  readonly chunksOf = new Map<number, readonly string[]>();
  /** By their id in hexadecimal digits. */
  readonly contents = new Map<string, Uint8Array>();
  readonly roots: Roots = {
    walk: async (snapshots, visit) => {
      for (const number of snapshots)
        for (const id of this.chunksOf.get(number) ?? []) visit(DATA, Buffer.from(id, "hex"));
    },
  };

  private constructor(made: TestRepository) {
    this.made = made;
  }

  static async create(changes: Partial<Environment> = {}): Promise<PruneWorld> {
    return new PruneWorld(await TestRepository.create({ sizes, ...changes }));
  }

  async open(changes: Partial<Environment> = withoutCache, storage: Storage = this.made.storage): Promise<Repository> {
    return await this.made.open(changes, storage);
  }

  /** Chunks of so many bytes, filled with `fill`: equal ones are one chunk. */
  chunk(fill: number, length = 3000): Uint8Array {
    const bytes = new Uint8Array(length).fill(fill % 251);
    new DataView(bytes.buffer).setUint32(0, fill);
    return bytes;
  }

  /** Commits a snapshot of these chunks; its number. */
  async backup(chunks: readonly Uint8Array[], given?: Repository): Promise<number> {
    await using opened = given === undefined ? await this.open() : undefined;
    const writing = await this.begin(given ?? opened!, chunks);
    await writing.commit();
    return writing.number;
  }

  /** Stores these chunks, as a backup that has yet to commit. */
  async begin(repository: Repository, chunks: readonly Uint8Array[]) {
    const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
    const ids: string[] = [];
    for (const bytes of chunks) {
      const id = Buffer.from(session.store(DATA, bytes)).toString("hex");
      this.contents.set(id, bytes);
      ids.push(id);
      await session.ready();
    }
    await session.flush();
    // Before it commits: whoever sees it must know what it refers to.
    this.chunksOf.set(session.number, ids);
    return {
      number: session.number,
      commit: async () => await session.commit(emptySnapshot),
      checkpoint: async () => await session.checkpoint({ ...emptySnapshot, end: repository.environment.now() }),
      abandon: async () => await session.abandon(),
    };
  }

  async forget(...snapshots: number[]): Promise<void> {
    await using repository = await this.open();
    await appendToLog(repository, { kind: "forget", snapshots });
  }

  async prune(options: Partial<PruneOptions> = {}, given?: Repository): Promise<PruneSummary> {
    await using opened = given === undefined ? await this.open() : undefined;
    return await prune(given ?? opened!, this.roots, { ...thorough, ...options });
  }

  /** Reads every chunk of every snapshot that is not forgotten. @throws what reading it throws */
  async restoreAll(given?: Repository): Promise<number> {
    await using opened = given === undefined ? await this.open() : undefined;
    const repository = given ?? opened!;
    await repository.refresh();
    if (repository.history.problems[0] !== undefined) throw repository.history.problems[0];
    let chunks = 0;
    for (const number of repository.history.summaries.keys()) {
      if (repository.history.isForgotten(number)) continue;
      for (const id of this.chunksOf.get(number) ?? []) {
        const bytes = await repository.readChunk(DATA, Buffer.from(id, "hex"));
        if (Buffer.compare(bytes, this.contents.get(id)!) !== 0) throw new Error(`chunk ${id} has other bytes`);
        chunks++;
      }
    }
    return chunks;
  }

  names(prefix: string, storage = this.made.storage): string[] {
    return [...storage.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  /** What there is beyond what snapshots that are not forgotten need: names, and how many entries too many. */
  async surplus(storage = this.made.storage): Promise<string[]> {
    await using repository = await this.open(withoutCache, storage);
    await repository.refresh();
    const { history } = repository;
    const live = new Set<string>();
    for (const number of history.summaries.keys()) {
      if (!history.isForgotten(number)) for (const id of this.chunksOf.get(number)!) live.add(id);
    }
    const segments = (await repository.index()).segments(DATA);
    const entries = segments.reduce((sum, { counts }) => sum + counts.entryCount, 0);
    const packs = segments.flatMap((segment) =>
      Array.from({ length: segment.counts.packCount }, (_, ordinal) => segment.packName(ordinal)),
    );
    const needed = new Set([...packs, ...history.segments.keys()]);
    const all = [
      ...this.names("packs/", storage),
      ...this.names("index/", storage),
      ...this.names("partial/", storage),
    ];
    const more = all.filter((name) => !needed.has(name));
    return entries === live.size ? more : [...more, `${entries - live.size} entries`];
  }
}
