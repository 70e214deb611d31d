/** What a backup asks of the storage, in which order, and what it makes of answers that are not what it expected. */
import { ObjectType, sealObject } from "@bcat/crypto";
import { BcatError, StorageError } from "@bcat/errors";
import { PageCache, Segment } from "@bcat/pack";
import { encodeOutcome, encodeSession, initRepository, type Repository } from "@bcat/repository";
import { backup, findSnapshot } from "@bcat/snapshot";
import {
  createFaultyStorage,
  createMemoryStorage,
  type MemoryStorage,
  type Operation,
  type Storage,
} from "@bcat/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  asProcess,
  backUp,
  committed,
  createEnvironment,
  posix,
  requireClean,
  requireRestores,
} from "./crash/client.js";
import { createWorld, type World } from "./crash/operation-cases.js";
import { Scratch } from "./crash/scratch.js";
import { seededRandom } from "./crash/seed.js";
import { isLongRun } from "./kit/long-run.js";

const SIZES = { packSize: 16 * 1024, packsPerSegment: 3 };
const scratch = new Scratch("protocol");
let world: World;
let labels = 0;

beforeAll(async () => {
  world = await createWorld(scratch, 1);
});
afterAll(() => scratch.remove());

/** Runs `use` as a new process; without `cache` it has none. */
function inProcess<T>(
  storage: Storage,
  cache: string | undefined,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  const client = { label: `protocol ${++labels}`, cache, sizes: SIZES };
  return asProcess({ storage, rootKey: world.rootKey, client }, use);
}

/** A storage and a warm cache of three snapshots, the newest of the source as it is. */
async function upToDate(): Promise<{ storage: MemoryStorage; cache: string }> {
  const storage = world.storage.clone();
  const cache = scratch.fresh("cache");
  await inProcess(storage, cache, (repository) => backUp(repository, world.source));
  return { storage, cache };
}

const third = () => world.recorded.get(3)!;

async function requireThird(storage: Storage, number: number): Promise<void> {
  await inProcess(storage, undefined, async (repository) => {
    await requireClean(repository, { readData: true });
    const snapshot = await findSnapshot(repository, String(number));
    await requireRestores(repository, { snapshot, target: scratch.fresh("restored"), expected: third() });
  });
}

const show = ({ kind, name }: Operation) => `${kind} ${name}`;
const isWrite = ({ kind }: Operation) => kind !== "get" && kind !== "list";

/** `storage`, some methods of which are replaced. */
function replaced(storage: Storage, methods: Partial<Storage>): Storage {
  return {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    put: (name, bytes) => storage.put(name, bytes),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    list: (prefix) => storage.list!(prefix),
    ...methods,
  };
}

describe("a backup", () => {
  it("puts its session first, then packs, then the segments that name them, then the outcome", async () => {
    const inner = world.storage.clone();
    const durable = new Set<string>();
    const begun: { name: string; durable: ReadonlySet<string> }[] = [];
    // Writes take effect some turns of the event loop after they were asked for: what does not wait for them shows.
    const write = async (name: string, run: () => Promise<void>) => {
      begun.push({ name, durable: new Set(durable) });
      for (let turn = 0; turn < 1 + (begun.length % 4); turn++) await new Promise((resolve) => setImmediate(resolve));
      await run();
      durable.add(name);
    };
    const storage = replaced(inner, {
      put: (name, bytes) => {
        const sent = new Uint8Array(bytes);
        return write(name, () => inner.put(name, sent));
      },
      putIfAbsent: (name, bytes) => write(name, () => inner.putIfAbsent(name, bytes)),
    });
    await inProcess(storage, undefined, (repository) => backUp(repository, world.source));

    const names = begun.map(({ name }) => name);
    expect(names[0]).toBe("sessions/0000000003");
    expect(names.at(-1)).toBe("outcomes/0000000003");
    for (const { name, durable } of begun.slice(1)) expect(durable, name).toContain("sessions/0000000003");
    await inProcess(inner, undefined, async (repository) => {
      for (const { name, durable } of begun.filter((put) => put.name.startsWith("index/"))) {
        const packs = packsOf(repository, name, inner.objects.get(name)!);
        expect(packs.length).toBeGreaterThan(0);
        for (const pack of packs) expect(durable, `${pack} before ${name}`).toContain(pack);
      }
    });
    const last = begun.at(-1)!.durable;
    for (const name of names.slice(0, -1)) expect(last, name).toContain(name);
  });

  it("of an unchanged source makes at most 5 requests with a warm cache, and 2 more to open", async () => {
    const { storage, cache } = await upToDate();
    const counting = createFaultyStorage(storage);
    let opening = 0;
    const summary = await inProcess(counting, cache, (repository) => {
      opening = counting.operations.length;
      return backUp(repository, world.source);
    });
    const lines = counting.operations.map(show);
    process.stdout.write(
      `protocol: an unchanged backup opens with ${opening} requests (${lines.slice(0, opening).join(", ")}), ` +
        `then makes ${lines.length - opening}: ${lines.slice(opening).join(", ")}\n`,
    );
    expect(summary.filesUnmodified).toBe(summary.totalFiles);
    expect(opening).toBeLessThanOrEqual(2);
    expect(lines.length - opening).toBeLessThanOrEqual(5);
  });

  it("names the newest outcome it knows, with a warm cache too", async () => {
    const { storage, cache } = await upToDate();
    await inProcess(storage, cache, (repository) => backUp(repository, world.source));
    const newest = await inProcess(storage, undefined, (repository) => findSnapshot(repository, "latest"));
    expect(newest.snapshot.seen.map(({ number }) => number)).toEqual([3, 2, 1]);
  });

  it("takes a conflict with its own bytes for the success it is", async () => {
    const inner = world.storage.clone();
    const storage = replaced(inner, {
      async putIfAbsent(name, bytes) {
        await inner.putIfAbsent(name, bytes);
        throw new BcatError("exists", `Cannot write "${name}": it exists`);
      },
    });
    const { snapshotNumber } = await inProcess(storage, undefined, (repository) => backUp(repository, world.source));
    expect(snapshotNumber).toBe(3);
    await requireThird(inner, 3);
  });

  it("starts over when somebody else decided its outcome", async () => {
    const inner = world.storage.clone();
    const storage = voidingStorage(inner, /^outcomes\/0{9}3$/);
    const { snapshotNumber } = await inProcess(storage, undefined, (repository) => backUp(repository, world.source));
    expect(snapshotNumber).toBe(4);
    await requireThird(inner, 4);
  });

  it("is refused when somebody else decides its outcome again and again, and the next one succeeds", async () => {
    const inner = world.storage.clone();
    const cache = scratch.fresh("cache");
    await expect(
      inProcess(voidingStorage(inner, /^outcomes\//), cache, (repository) => backUp(repository, world.source)),
    ).rejects.toMatchObject({ code: "refused" });
    for (const place of [cache, undefined]) {
      expect(await inProcess(inner, place, committed)).toEqual([1, 2]);
    }
    const { snapshotNumber } = await inProcess(inner, cache, (repository) => backUp(repository, world.source));
    expect(snapshotNumber).toBe(6);
    await requireThird(inner, 6);
  });

  it("takes the next number when another process takes the one it wanted", async () => {
    const inner = world.storage.clone();
    let others = 2;
    const storage = replaced(inner, {
      async putIfAbsent(name, bytes) {
        if (name.startsWith("sessions/") && others-- > 0) {
          const session = await otherSession(inner);
          await inner.putIfAbsent(name, session(name));
        }
        await inner.putIfAbsent(name, bytes);
      },
    });
    const { snapshotNumber } = await inProcess(storage, undefined, (repository) => backUp(repository, world.source));
    expect(snapshotNumber).toBe(5);
    await requireThird(inner, 5);
  });

  it("that is dry reserves and writes nothing", async () => {
    for (const cache of [undefined, scratch.fresh("cache")]) {
      const storage = createFaultyStorage(world.storage.clone());
      const summary = await inProcess(storage, cache, (repository) =>
        backup(repository, posix, [Buffer.from(world.source)], { dryRun: true }),
      );
      expect(summary.snapshotNumber).toBeUndefined();
      expect(summary.dataChunks).toBeGreaterThan(0);
      expect(storage.operations.filter(isWrite).map(show)).toEqual([]);
    }
  });

  it("after a dry run of the same process is whole", async () => {
    const storage = world.storage.clone();
    const { snapshotNumber } = await inProcess(storage, undefined, async (repository) => {
      await backup(repository, posix, [Buffer.from(world.source)], { dryRun: true });
      return await backUp(repository, world.source);
    });
    await requireThird(storage, snapshotNumber!);
  });
});

describe("a storage fault", () => {
  /** From one request that fails to the next. */
  const step = isLongRun ? 1 : 9;

  it("of any single request stops the backup: it is never taken for an unreadable file", async () => {
    let stopped = 0;
    let at = 1 - step;
    // Until there is no request of that number: how many packs it takes depends on what random salts seal to.
    for (let failed = true; failed; ) {
      at += step;
      failed = false;
      const warnings: string[] = [];
      const onWarning = ({ message }: { message: string }) => warnings.push(message);
      const inner = world.storage.clone();
      const storage = failOnce(inner, at, () => {
        failed = true;
      });
      const run = inProcess(storage, undefined, (repository) =>
        backup(repository, posix, [Buffer.from(world.source)], { onWarning }),
      );
      const error: unknown = await run.then(
        // A read of a tree is made once more; then nothing is missing.
        async ({ snapshotNumber }) => await requireThird(inner, snapshotNumber!),
        (reason: unknown) => reason,
      );
      expect(warnings, `request ${at}`).toEqual([]);
      if (error === undefined) continue;
      expect(error, `request ${at}`).toBeInstanceOf(StorageError);
      stopped++;
    }
    expect(stopped).toBeGreaterThan(10 / step);
    process.stdout.write(
      `protocol: ${(at - 1) / step} single faults, ${stopped} backups stopped, the others complete\n`,
    );
  });

  it("of a backup does not spoil the next one of the same process", async () => {
    const { length } = world.operations.uncached;
    for (const at of [...stepsOf(3, length, isLongRun ? 7 : 70), length]) {
      if (isAskedAgain(at)) continue;
      const storage = world.storage.clone();
      const cache = scratch.fresh("cache");
      const again = await inProcess(failOnce(storage, at), cache, async (repository) => {
        await expect(backUp(repository, world.source), `request ${at}`).rejects.toThrow("it fails once");
        await repository.refresh();
        return await backUp(repository, world.source);
      });
      await requireThird(storage, again.snapshotNumber!);
      const next = await inProcess(storage, cache, (repository) => backUp(repository, world.source));
      await requireThird(storage, next.snapshotNumber!);
    }
  });
});

describe("a repository that is not what it was", () => {
  it("with a hole in its sessions that would hide a snapshot is not trusted", async () => {
    const { storage } = await upToDate();
    let refused = 0;
    for (const missing of [1, 2, 3]) {
      const holed = storage.clone();
      await holed.delete(`sessions/000000000${missing}`);
      const names = [...holed.objects.keys()];
      const found = await inProcess(holed, undefined, committed).catch((error: unknown) => error);
      if (Array.isArray(found)) {
        // A hole in the middle that probing never met hides nothing, and check names it.
        expect(found).toEqual([1, 2, 3]);
        await expect(
          inProcess(holed, undefined, (repository) => requireClean(repository, { readData: false })),
        ).rejects.toThrow(`sessions/000000000${missing}`);
        continue;
      }
      refused++;
      expect(found).toMatchObject({ code: "identity-changed" });
      const run = inProcess(holed, undefined, (repository) => backUp(repository, world.source));
      await expect(run).rejects.toMatchObject({ code: "identity-changed" });
      expect([...holed.objects.keys()]).toEqual(names);
    }
    expect(refused).toBeGreaterThanOrEqual(2);
  });

  it("that lacks an outcome the cache has seen is read, and not written to", async () => {
    const { storage, cache } = await upToDate();
    await storage.delete("outcomes/0000000003");
    await requireReadOnly(storage, cache, [1, 2]);
  });

  it("that went back in time is read, and not written to, even after others have gone on", async () => {
    const { storage, cache } = await upToDate();
    const rolledBack = world.storage.clone();
    await requireReadOnly(rolledBack, cache, [1, 2]);
    await inProcess(rolledBack, undefined, (repository) => backUp(repository, world.source));
    expect(rolledBack.objects.get("outcomes/0000000003")).not.toEqual(storage.objects.get("outcomes/0000000003"));
    await requireReadOnly(rolledBack, cache, [1, 2, 3]);
    // What was read of it has replaced nothing: the one that was remembered goes on.
    const { snapshotNumber } = await inProcess(storage, cache, (repository) => backUp(repository, world.source));
    expect(snapshotNumber).toBe(4);
  });

  it("of which there is another one at the same location is not trusted", async () => {
    const { cache } = await upToDate();
    const storage = createMemoryStorage();
    const rootKey = seededRandom("another")(32);
    await using _ = await initRepository(
      storage,
      { secret: { keyFile: rootKey } },
      createEnvironment({ label: "another", cache: undefined }),
    );
    const client = { label: "another process", cache };
    await expect(asProcess({ storage, rootKey, client }, committed)).rejects.toMatchObject({
      code: "identity-changed",
    });
  });
});

/** What is there can be listed, by two processes with that cache, but not added to. */
async function requireReadOnly(storage: MemoryStorage, cache: string, numbers: readonly number[]): Promise<void> {
  const names = [...storage.objects.keys()];
  for (let time = 0; time < 2; time++) {
    await inProcess(storage, cache, async (repository) => {
      expect(repository.standing).toMatchObject({ kind: "gone-back", name: "outcomes/0000000003" });
      expect(await committed(repository)).toEqual(numbers);
      await expect(backUp(repository, world.source)).rejects.toMatchObject({ code: "identity-changed" });
    });
  }
  expect([...storage.objects.keys()]).toEqual(names);
}

function packsOf(repository: Repository, name: string, bytes: Uint8Array): string[] {
  const source = {
    size: bytes.length,
    read: (at: number, length: number) => bytes.subarray(at, at + length),
    close() {},
  };
  const segment = new Segment(repository.context, { name, source }, new PageCache(2 ** 20));
  return Array.from({ length: segment.counts.packCount }, (_, i) => segment.packRecord(i).name);
}

/** Every `step`th number from `from` to below `end`. */
function stepsOf(from: number, end: number, step: number): number[] {
  return Array.from({ length: Math.ceil((end - from) / step) }, (_, i) => from + i * step);
}

/** Puts a void outcome the moment before the backup puts its own. */
function voidingStorage(inner: Storage, outcomes: RegExp): Storage {
  return replaced(inner, {
    async putIfAbsent(name, bytes) {
      if (outcomes.test(name)) {
        await inProcess(inner, undefined, async ({ context }) => {
          const body = encodeOutcome({ kind: "void", reason: "given up by a test" });
          await inner.putIfAbsent(
            name,
            sealObject(context, { type: ObjectType.OUTCOME, name, epoch: 0, domain: 0 }, body),
          );
        });
      }
      await inner.putIfAbsent(name, bytes);
    },
  });
}

/** What another process would put as a session under a name. */
async function otherSession(inner: Storage): Promise<(name: string) => Uint8Array> {
  const context = await inProcess(inner, undefined, async (repository) => repository.context);
  const who = { host: "another", user: "another", clientId: new Uint8Array(16), version: "another" };
  const body = encodeSession({ kind: "backup", start: 1, ...who });
  return (name) => sealObject(context, { type: ObjectType.SESSION, name, epoch: 0, domain: 0 }, body);
}

/** A range of a pack that cannot be read is asked for once more: one fault of it stops nothing. */
function isAskedAgain(at: number): boolean {
  const { kind, name } = world.operations.uncached[at - 1]!;
  return kind === "get" && name.startsWith("packs/");
}

/** A storage whose request number `at` fails, not done, and only that one. */
function failOnce(inner: Storage, at: number, onFault = () => {}): Storage {
  let count = 0;
  const next = () => {
    if (++count !== at) return;
    onFault();
    throw new StorageError(`Cannot do request ${at}: it fails once`);
  };
  return replaced(inner, {
    async get(name, options) {
      next();
      return await inner.get(name, options);
    },
    async put(name, bytes) {
      next();
      await inner.put(name, bytes);
    },
    async putIfAbsent(name, bytes) {
      next();
      await inner.putIfAbsent(name, bytes);
    },
  });
}
