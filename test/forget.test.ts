/** Forgetting by policy and by number, pinning, and what is remembered of it, on a repository in memory. */
import * as fs from "node:fs";
import { join } from "node:path";
import {
  forecastFreed,
  forgetSnapshots,
  listSnapshots,
  type Policy,
  pinSnapshots,
  planForget,
  tagSnapshot,
  unpinSnapshots,
} from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const DAY = 86_400_000;
const noon = Date.parse("2026-06-01T12:00:00Z");
const groupBy = ["host", "paths"] as const;
const keep = (counts: Policy["counts"], tags: Policy["tags"] = []): Policy => ({ counts, withinPeriods: {}, tags });

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  storage = createMemoryStorage();
});
afterEach(async () => await scratch[Symbol.asyncDispose]());

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient(storage, options);
  client.time = noon + 50 * DAY;
  return client;
}

/** Backs up `count` days, each with a new file of 100,000 bytes in place of the last. */
async function backUpDays(client: Client, count: number): Promise<void> {
  for (let day = 1; day <= count; day++) {
    fs.writeFileSync(join(source, "file"), randomBytesOf(`${day}`, 100_000));
    await client.backup([source], { time: noon + day * DAY });
  }
}

const numbersOf = async (client: Client) => (await listSnapshots(client.repository)).map(({ number }) => number);

test("a policy says what it keeps and why, and what it forgets is gone for every reader", async () => {
  await using client = await open();
  await backUpDays(client, 5);
  const [group] = await planForget(client.repository, { policy: keep({ daily: 2 }), groupBy });
  expect(group!.keep.map(({ number, reasons }) => [number, ...reasons])).toEqual([
    [5, "daily snapshot"],
    [4, "daily snapshot"],
  ]);
  const numbers = group!.remove.map(({ number }) => number);
  expect(numbers).toEqual([3, 2, 1]);
  await forgetSnapshots(client.repository, numbers);
  await using other = await open({ host: "other" });
  expect(await numbersOf(other)).toEqual([4, 5]);
  await expect(other.find("3")).rejects.toThrow(/it was forgotten/);
});

test("what would come free is what nobody else needs, by the bytes in the storage", async () => {
  await using client = await open();
  await backUpDays(client, 3);
  fs.writeFileSync(join(source, "file"), randomBytesOf("3", 100_000));
  await client.backup([source], { time: noon + 4 * DAY });
  const { bytes, unread, openSessions } = await forecastFreed(client.repository, [1, 3]);
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(102_000);
  expect({ unread, openSessions }).toEqual({ unread: [], openSessions: [] });
});

test("--keep-size keeps the newest that fit together, and always one", async () => {
  await using client = await open();
  await backUpDays(client, 4);
  const removed = async (sizeMax: number) =>
    (await planForget(client.repository, { policy: keep({}), groupBy, sizeMax }))[0]!.remove.map(
      ({ number }) => number,
    );
  expect(await removed(250_000)).toEqual([2, 1]);
  expect(await removed(1)).toEqual([3, 2, 1]);
  const [group] = await planForget(client.repository, { policy: keep({}), groupBy, sizeMax: 1 });
  expect(group!.keep.map(({ reasons }) => reasons)).toEqual([["the newest, though beyond the size"]]);
  expect(await removed(10 ** 9)).toEqual([]);
});

test("a policy that would keep none of a group forgets nothing at all", async () => {
  await using client = await open();
  await backUpDays(client, 2);
  await client.backup([source], { time: noon + 3 * DAY, host: "other", tags: ["x"] });
  const plan = planForget(client.repository, { policy: keep({}, [["x"]]), groupBy });
  await expect(plan).rejects.toThrow(/would keep none of the 2 snapshots of host "host" of .*source; nothing/);
  const all = await planForget(client.repository, { policy: keep({}), groupBy, allowRemoveAll: true });
  expect(all.flatMap(({ remove }) => remove)).toHaveLength(3);
});

test("a pinned snapshot is forgotten neither by policy nor by number, until it is unpinned", async () => {
  await using client = await open();
  await backUpDays(client, 2);
  await pinSnapshots(client.repository, [1], { note: "the last of the old disk" });
  const [group] = await planForget(client.repository, { policy: keep({ last: 1 }), groupBy });
  expect(group!.keep.map(({ number, reasons }) => [number, ...reasons])).toContainEqual([1, "pinned"]);
  await expect(forgetSnapshots(client.repository, [1, 2])).rejects.toThrow(/snapshot 1: it is pinned/);
  expect(await numbersOf(client)).toEqual([1, 2]);
  await using other = await open({ host: "other" });
  await other.repository.refresh();
  expect(other.repository.history.pinNote(1)).toBe("the last of the old disk");
  await unpinSnapshots(other.repository, [1]);
  await forgetSnapshots(client.repository, [1]);
  expect(await numbersOf(client)).toEqual([2]);
  await expect(pinSnapshots(client.repository, [1])).rejects.toThrow(/it was forgotten/);
  await expect(pinSnapshots(client.repository, [9])).rejects.toThrow(/there is none of this number/);
});

test("a pin that another host sets between plan and record stops it", async () => {
  await using client = await open();
  await backUpDays(client, 2);
  await planForget(client.repository, { policy: keep({ last: 1 }), groupBy });
  await using other = await open({ host: "other" });
  await other.repository.refresh();
  await pinSnapshots(other.repository, [1]);
  await expect(forgetSnapshots(client.repository, [1])).rejects.toThrow(/pinned/);
});

test("two who forget at the same time leave one, unless they may forget all", async () => {
  await using client = await open();
  await backUpDays(client, 2);
  await using other = await open({ host: "other" });
  await listSnapshots(other.repository);
  await forgetSnapshots(client.repository, [1], { keepsSome: true });
  await expect(forgetSnapshots(other.repository, [2], { keepsSome: true })).rejects.toThrow(/it is the only snapshot/);
  expect(await numbersOf(client)).toEqual([2]);
  await forgetSnapshots(other.repository, [2]);
  expect(await numbersOf(client)).toEqual([]);
});

test("a pin that another host sets while a snapshot is replaced goes over to the new one", async () => {
  await using client = await open();
  await backUpDays(client, 1);
  await using other = await open({ host: "other" });
  const [info] = await listSnapshots(client.repository);
  const pinning = beforeFirstRecord(async () => {
    await other.repository.refresh();
    await pinSnapshots(other.repository, [1], { note: "stays" });
  });
  await tagSnapshot(client.repository.withStorage(pinning), info!, { add: ["a"] });
  expect(await numbersOf(client)).toEqual([2]);
  expect(client.repository.history.pinNote(2)).toBe("stays");
});

test("a snapshot stays when what was made in its place is forgotten meanwhile", async () => {
  await using client = await open();
  await backUpDays(client, 1);
  await using other = await open({ host: "other" });
  const [info] = await listSnapshots(client.repository);
  const forgetting = beforeFirstRecord(async () => {
    await other.repository.refresh();
    await forgetSnapshots(other.repository, [2], { keepsSome: true });
  });
  const tagging = tagSnapshot(client.repository.withStorage(forgetting), info!, { add: ["a"] });
  await expect(tagging).rejects.toThrow(/Cannot put snapshot 2 in the place of 1: it was forgotten meanwhile/);
  expect(await numbersOf(client)).toEqual([1]);
});

/** A storage in which others do something before the first record of the log is put. */
function beforeFirstRecord(act: () => Promise<void>): Storage {
  let hasActed = false;
  return {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    put: (name, bytes) => storage.put(name, bytes),
    list: (prefix) => storage.list(prefix),
    async putIfAbsent(name, bytes) {
      if (name.startsWith("log/") && !hasActed) {
        hasActed = true;
        await act();
      }
      await storage.putIfAbsent(name, bytes);
    },
  };
}

test("when a snapshot was first seen is remembered, and then caps what it says of its time", async () => {
  const cacheDirectory = join(scratch.path, "cache");
  const options = { policy: keep({ daily: 2 }), groupBy };
  {
    await using client = await open({ cacheDirectory });
    await backUpDays(client, 2);
    await client.backup([source], { time: noon + 400 * DAY });
    const [group] = await planForget(client.repository, options);
    expect(group!.keep[0]).toMatchObject({ number: 3, reasons: ["in the future"] });
  }
  await using later = await open({ cacheDirectory });
  later.time = noon + 51 * DAY;
  await later.backup([source]);
  later.time = noon + 500 * DAY;
  const [known] = await planForget(later.repository, options);
  expect(known!.keep.map(({ number }) => number)).toEqual([3, 4, 2]);
  expect(known!.keep[1]!.reasons).toEqual(["daily snapshot"]);
  await using fresh = await open({ host: "fresh" });
  fresh.time = later.time;
  const [recorded] = await planForget(fresh.repository, options);
  expect(recorded!.keep[1]).toMatchObject({ number: 4, reasons: ["out of order, earlier than 3 before it"] });
});

test("a clock that was behind at one policy makes no later one forget what it met then", async () => {
  const options = { policy: keep({ daily: 30 }), groupBy };
  await using client = await open({ cacheDirectory: join(scratch.path, "cache") });
  await backUpDays(client, 8);
  client.time = noon + 5.1 * DAY;
  await planForget(client.repository, options);
  client.time = noon + 9 * DAY;
  const [group] = await planForget(client.repository, options);
  expect(group!.remove.map(({ number }) => number)).toEqual([]);
});

test("an old time that was said makes room for what is as old, also for who remembers what there is", async () => {
  await using client = await open({ cacheDirectory: join(scratch.path, "cache") });
  await client.backup([source]);
  await backUpDays(client, 3);
  const options = { policy: keep({ last: 2 }), groupBy };
  await planForget(client.repository, options);
  await using other = await open({ cacheDirectory: join(scratch.path, "cache") });
  for (const { repository } of [client, other]) {
    const [group] = await planForget(repository, options);
    expect(group!.keep.map(({ number, reasons }) => [number, ...reasons])).toEqual([
      [1, "last snapshot"],
      [4, "last snapshot"],
    ]);
  }
});

test("what another chooses is left alone, and a damaged outcome stops it all", async () => {
  await using client = await open();
  await backUpDays(client, 2);
  const has = ({ number }: { number: number }) => number === 1;
  const [group] = await planForget(client.repository, { policy: keep({ last: 1 }), groupBy, has });
  expect(group!.keep.map(({ number }) => number)).toEqual([1]);
  await storage.delete("outcomes/0000000001");
  await storage.putIfAbsent("outcomes/0000000001", new Uint8Array(300));
  await using other = await open({ host: "other" });
  await expect(planForget(other.repository, { policy: keep({ last: 1 }), groupBy })).rejects.toThrow(/outcomes/);
});
