import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@bcat/errors";
import { DATA, encodeParity, parseObjectName } from "@bcat/pack";
import { createFaultyStorage, createMemoryStorage, MemoryDatabase, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DecidedElsewhereError } from "./decided-elsewhere.js";
import { appendToLog, decideOutcomeOf } from "./log-writer.js";
import { type InitOptions, initRepository, type OpenOptions, openRepository, unlockRepository } from "./open.js";
import type { Repository } from "./repository.js";
import { Session } from "./session.js";
import { emptySnapshot, TestRepository, withoutCache } from "./test-repository.js";
import { WriteSession } from "./write-session.js";

/** A chunk a pack. */
const sizes = { packSize: 2000, packsPerSegment: 4 };

const database = new MemoryDatabase();
const registers = {
  kind: "postgres",
  location: "database",
  open: async (id: Uint8Array) => database.open(id),
} as const;

let folder: string;
let world: TestRepository;
let alive: Set<string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-dead-sessions-"));
  alive = new Set();
  const processes = { mark: "first", mayRun: (mark: string) => alive.has(mark) };
  world = await TestRepository.create({ cacheDirectory: join(folder, "cache"), processes, sizes });
});
afterEach(() => rmSync(folder, { recursive: true }));

const begin = (repository: Repository) => WriteSession.begin(repository, { level: 0, dryRun: false });

/** A session that dies with `behind` packs that no segment names behind a checkpoint of `before`; the ids of all chunks. */
async function die({ before = 0, behind = 0 }): Promise<Uint8Array[]> {
  const repository = await world.open();
  const session = await begin(repository);
  const store = async (count: number) => {
    const ids: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      ids.push(session.store(DATA, world.environment.random(3000)).slice());
      await session.ready();
    }
    await session.chunks.close();
    return ids;
  };
  const saved = await store(before);
  if (before > 0) await session.checkpoint(emptySnapshot);
  return [...saved, ...(await store(behind))];
}

const packsOf = (session: number) =>
  [...world.storage.objects.keys()].filter(
    (name) => name.startsWith("packs/") && parseObjectName(name)?.session === session,
  );

function journals(): string[] {
  const cache = join(folder, "cache");
  return readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) => /journal\/\d{10}$/.test(name));
}

describe("the next session", () => {
  test("decides a dead one as its newest checkpoint, and finds its packs", async () => {
    const ids = await die({ before: 3, behind: 2 });
    await using repository = await world.open();
    const session = await begin(repository);
    expect(await repository.readOutcome(1)).toMatchObject({ kind: "snapshot", snapshot: { complete: false } });
    for (const id of ids) expect(session.has(DATA, id)).toBe(true);
    expect(journals().map((name) => name.slice(-1))).toEqual(["1", "2"]);
    await session.commit(emptySnapshot);
    expect(journals()).toEqual([]);
    expect(packsOf(2)).toEqual([]);
  });

  test("names them in segments of its own", async () => {
    const ids = await die({ behind: 5 });
    {
      await using repository = await world.open();
      await (await begin(repository)).commit(emptySnapshot);
    }
    await using repository = await world.open(withoutCache);
    const outcome = await repository.readOutcome(2);
    expect(outcome).toMatchObject({ kind: "snapshot" });
    if (outcome?.kind !== "snapshot") return;
    expect(outcome.added.map(({ session }) => session)).toEqual([2]);
    const session = await begin(repository);
    for (const id of ids) expect(session.has(DATA, id)).toBe(true);
    await session.abandon();
  });

  test("voids one that has no checkpoint", async () => {
    await die({ behind: 0 });
    await using repository = await world.open();
    await (await begin(repository)).commit(emptySnapshot);
    expect(await repository.readOutcome(1)).toEqual({ kind: "void", reason: "the session did not finish" });
  });

  test("voids one that died before it heard that the number was its own", async () => {
    const dying: Storage = {
      ...world.storage,
      location: world.storage.location,
      get: (name, options) => world.storage.get(name, options),
      put: (name, bytes) => world.storage.put(name, bytes),
      async putIfAbsent(name, bytes) {
        await world.storage.putIfAbsent(name, bytes);
        throw new StorageError(`Cannot write "${name}": no answer`);
      },
    };
    await expect(
      (async () => {
        await using repository = await world.open({}, dying);
        await begin(repository);
      })(),
    ).rejects.toMatchObject({ code: "storage-failed" });
    await using repository = await world.open();
    const session = await begin(repository);
    expect(repository.history.openSessions).toEqual([session.number]);
    await session.commit(emptySnapshot);
    expect(journals()).toEqual([]);
  });

  test("leaves one alone whose process may run", async () => {
    alive.add("first");
    const ids = await die({ before: 2, behind: 2 });
    await using repository = await world.open();
    const session = await begin(repository);
    expect(await repository.readOutcome(1)).toBeUndefined();
    expect(ids.some((id) => session.has(DATA, id))).toBe(false);
    await session.commit(emptySnapshot);
    expect(journals()).toHaveLength(1);
  });

  test("finds the packs of one that somebody else has voided, and keeps the journal until it commits", async () => {
    const ids = await die({ behind: 3 });
    {
      await using other = await world.open(withoutCache);
      const prune = await Session.begin(other, { kind: "prune" });
      await decideOutcomeOf(prune, 1, { kind: "void", reason: "patience is over" });
      await prune.decide({ kind: "void", reason: "nothing to do" });
    }
    for (const commits of [false, true]) {
      await using repository = await world.open();
      const session = await begin(repository);
      for (const id of ids) expect(session.has(DATA, id)).toBe(true);
      if (commits) await session.commit(emptySnapshot);
      else await session.abandon();
    }
    expect(journals()).toEqual([]);
  });

  test("does not take a pack that was condemned, also after the dead one has put it", async () => {
    const [first, second] = await die({ behind: 2 });
    {
      await using other = await world.open(withoutCache);
      const packs = [parseObjectName(packsOf(1)[0]!)!];
      await appendToLog(other, { kind: "condemn", packs });
    }
    await using repository = await world.open();
    const session = await begin(repository);
    expect([first!, second!].filter((id) => session.has(DATA, id))).toHaveLength(1);
    await session.abandon();
  });

  test.each([
    ["is gone", undefined],
    ["is cut off", (bytes: Uint8Array) => bytes.slice(0, -1)],
    [
      "has another directory",
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 200 ? byte ^ 1 : byte)),
    ],
  ])("does without a pack that %s", async (_, change) => {
    const ids = await die({ behind: 2 });
    const [name] = packsOf(1);
    const damaged: Storage = {
      ...createFaultyStorage(world.storage),
      async get(wanted, options) {
        if (wanted !== name) return await world.storage.get(wanted, options);
        const whole = change?.((await world.storage.get(wanted))!);
        const { offset, length } = options!.range!;
        return whole?.slice(offset, offset + length);
      },
    };
    await using repository = await world.open({}, damaged);
    const session = await begin(repository);
    expect(ids.filter((id) => session.has(DATA, id))).toHaveLength(1);
    await session.abandon();
  });

  test("does nothing for a number that another history has given to another", async () => {
    await die({ before: 1, behind: 1 });
    const path = join(folder, "cache", journals()[0]!);
    const text = readFileSync(path, "latin1");
    writeFileSync(path, text.replace(/\n[0-9a-f]{64}\n/, `\n${"0".repeat(64)}\n`));
    await using repository = await world.open();
    const session = await begin(repository);
    expect(await repository.readOutcome(1)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    await session.abandon();
  });

  test.each([
    ["is empty", ""],
    ["is of something else", "hello"],
    ["is cut off in a line", (text: string) => text.slice(0, -3)],
  ])("goes on when a journal %s", async (_, change) => {
    await die({ behind: 2 });
    const path = join(folder, "cache", journals()[0]!);
    const text = readFileSync(path, "latin1");
    writeFileSync(path, typeof change === "string" ? change : change(text));
    await using repository = await world.open();
    await (await begin(repository)).commit(emptySnapshot);
  });
});

test("packs that are put while a checkpoint is made are found, too", async () => {
  const ids: Uint8Array[] = [];
  let during: (() => Promise<void>) | undefined;
  const storage: Storage = {
    ...createFaultyStorage(world.storage),
    async put(name, bytes, options) {
      await world.storage.put(name, bytes, options);
      if (name.startsWith("partial/")) await during?.();
    },
  };
  const session = await begin(await world.open({}, storage));
  during = async () => {
    for (let i = 0; i < 2; i++) ids.push(session.store(DATA, world.environment.random(3000)).slice());
    await session.ready();
    await session.chunks.close();
  };
  await session.checkpoint(emptySnapshot);
  await using repository = await world.open();
  const next = await begin(repository);
  expect(ids.map((id) => next.has(DATA, id))).toEqual([true, true]);
  await next.commit(emptySnapshot);
});

describe("a pack whose session died", () => {
  const withParity = { parity: 50 };
  const isParity = (name: string) => name.startsWith("parity/");
  const parities = () => [...world.storage.objects].filter(([name]) => isParity(name));

  /** The id of its chunk; `arriving` is what is stored of its parity. */
  async function dieAtParity(arriving: (bytes: Uint8Array) => Uint8Array | undefined): Promise<Uint8Array> {
    const storage: Storage = {
      ...createFaultyStorage(world.storage),
      async put(name, bytes, options) {
        const stored = isParity(name) ? arriving(bytes) : bytes;
        if (stored !== undefined) await world.storage.put(name, stored, options);
        if (stored !== bytes) throw new StorageError(`Cannot write "${name}": no answer`);
      },
    };
    const dying = await begin(await world.open(withParity, storage));
    const id = dying.store(DATA, world.environment.random(3000)).slice();
    await expect(dying.flush()).rejects.toThrow("no answer");
    return id;
  }

  async function expectAdopted(id: Uint8Array): Promise<void> {
    await using repository = await world.open(withParity);
    const session = await begin(repository);
    expect(session.has(DATA, id)).toBe(true);
    await session.commit(emptySnapshot);
    const [pack] = packsOf(1);
    const right = encodeParity(world.environment.blake3, world.storage.objects.get(pack!)!, withParity.parity);
    expect(parities()).toEqual([[pack!.replace("packs/", "parity/"), right]]);
  }

  test("before its parity was put is given parity", async () => {
    await expectAdopted(await dieAtParity(() => undefined));
  });

  test("while its parity was put is given it anew", async () => {
    await expectAdopted(await dieAtParity((bytes) => bytes.slice(0, 300)));
  });

  const refuse = async (name: string) => {
    throw new StorageError(`Cannot delete "${name}": access denied`, { isFinal: true });
  };
  test.each([
    ["can", undefined],
    ["may", refuse],
  ])("while its parity was put is left alone where nothing %s be deleted", async (_, refused) => {
    const id = await dieAtParity((bytes) => bytes.slice(0, 300));
    const [torn] = parities();
    const { delete: _delete, ...rest } = createFaultyStorage(world.storage);
    const storage: Storage = refused === undefined ? rest : { ...rest, delete: refused };
    await using repository = await world.open(withParity, storage);
    const session = await begin(repository);
    expect(session.has(DATA, id)).toBe(false);
    await session.abandon();
    expect(parities()).toEqual([torn]);
  });

  test("behind its parity is taken as it is, its parity read once", async () => {
    const id = await dieAtParity((bytes) => bytes.slice());
    const before = parities();
    const read: string[] = [];
    await using repository = await world.open(withParity, {
      ...createFaultyStorage(world.storage),
      async get(name, options) {
        if (isParity(name)) read.push(name);
        return await world.storage.get(name, options);
      },
    });
    const session = await begin(repository);
    expect(session.has(DATA, id)).toBe(true);
    await session.abandon();
    expect(read).toEqual(before.map(([name]) => name));
    expect(parities()).toEqual(before);
  });
});

test("a session that ends in order leaves no journal", async () => {
  await using repository = await world.open();
  await (await begin(repository)).commit(emptySnapshot);
  await (await begin(repository)).giveUp("nothing has changed");
  expect(journals()).toEqual([]);
});

test("one that gives up what it has stored leaves it to the next one", async () => {
  await using repository = await world.open();
  const session = await begin(repository);
  const id = session.store(DATA, world.environment.random(3000)).slice();
  await session.flush();
  await session.giveUp("nothing has changed");
  expect(journals()).toHaveLength(1);
  const next = await begin(repository);
  expect(next.has(DATA, id)).toBe(true);
  await next.commit(emptySnapshot);
  expect(journals()).toEqual([]);
});

test("one that ends with its checkpoint leaves the packs behind it to the next one", async () => {
  await using repository = await world.open();
  const session = await begin(repository);
  await session.checkpoint(emptySnapshot);
  const id = session.store(DATA, world.environment.random(3000)).slice();
  await session.flush();
  await session.keep();
  const next = await begin(repository);
  expect(next.has(DATA, id)).toBe(true);
  await next.commit(emptySnapshot);
  expect(journals()).toEqual([]);
});

test.each([
  ["its checkpoint", (session: WriteSession) => session.keep()],
  ["nothing", (session: WriteSession) => session.giveUp("nothing has changed")],
])("what was stored behind %s is named by a snapshot before another refers to it", async (_, end) => {
  const chunk = world.environment.random(3000);
  let id: Uint8Array;
  {
    await using repository = await world.open();
    const session = await begin(repository);
    await session.checkpoint(emptySnapshot);
    id = session.store(DATA, chunk).slice();
    await session.flush();
    await end(session);
  }
  {
    await using repository = await world.open();
    const session = await begin(repository);
    session.store(DATA, chunk);
    await session.commit(emptySnapshot);
  }
  await using repository = await world.open(withoutCache);
  await repository.refresh();
  expect((await repository.index()).locate(DATA, id)).toHaveLength(1);
});

test("one that finds at a checkpoint that others have ended it leaves its packs to the next one", async () => {
  const repository = await world.open();
  const session = await begin(repository);
  const id = session.store(DATA, world.environment.random(3000)).slice();
  await session.flush();
  {
    await using other = await world.open(withoutCache);
    const prune = await Session.begin(other, { kind: "prune" });
    await decideOutcomeOf(prune, 1, { kind: "void", reason: "patience is over" });
    await prune.decide({ kind: "void", reason: "nothing to do" });
  }
  await expect(session.checkpoint(emptySnapshot)).rejects.toThrow(DecidedElsewhereError);
  await session.abandon();
  const next = await begin(repository);
  expect(next.has(DATA, id)).toBe(true);
  await next.commit(emptySnapshot);
});

test("two that go on from the same dead session at the same time both commit", async () => {
  const ids = await die({ before: 2, behind: 2 });
  await using first = await world.open();
  await using second = await world.open();
  const a = await begin(first);
  // Both have the mark of a process that runs now.
  alive.add("first");
  const b = await begin(second);
  for (const id of ids) expect(a.has(DATA, id)).toBe(true);
  await a.commit(emptySnapshot);
  await b.commit(emptySnapshot);
  expect(journals()).toEqual([]);
});

describe.each<[string, Partial<InitOptions> & Pick<OpenOptions, "registers">]>([
  ["for one writer at a time", { isForOneWriter: true }],
  ["whose registers live elsewhere", { registers }],
])("in a place %s", (_, options) => {
  test("the next session goes on from a dead one, too", async () => {
    const storage = createMemoryStorage();
    const secret = { keyFile: new Uint8Array(32) };
    await using made = await initRepository(storage, { secret, ...options }, world.environment);
    const { rootKey } = await unlockRepository(storage, secret, world.environment);
    const open = () => openRepository(storage, rootKey, world.environment, { registers: options.registers });
    const dead = await begin(made);
    const stored = dead.store(DATA, world.environment.random(3000)).slice();
    await dead.checkpoint(emptySnapshot);
    const behind = dead.store(DATA, world.environment.random(3000)).slice();
    await dead.ready();
    await dead.chunks.close();
    for (const commits of [false, true]) {
      await using repository = await open();
      const session = await begin(repository);
      expect([stored, behind].map((id) => session.has(DATA, id))).toEqual([true, true]);
      expect(await repository.readOutcome(1)).toMatchObject({ snapshot: { complete: false } });
      if (commits) await session.commit(emptySnapshot);
      else await session.abandon();
    }
    const names = [...storage.objects.keys()].filter((name) => /outcomes\/0{9}1$/.test(name));
    expect(names).toHaveLength(1);
  });
});
