/** What goes through many entries lets others run meanwhile: signals, uploads, the progress line. */
import * as fs from "node:fs";
import { join } from "node:path";
import { diffSnapshots, listEntries, SnapshotSearch } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const COUNT = 5_000;
/** Entries between two turns of the event loop, as architecture and code have it. */
const STEP = 500;

describe("a folder of 5,000 entries that are not read", () => {
  let scratch: Scratch;
  let source: string;
  let client: Client;
  let calls = 0;
  let onCall: (() => void) | undefined;
  const called = () => {
    calls++;
    onCall?.();
  };

  beforeEach(async () => {
    scratch = makeScratch(2 ** 24)!;
    source = join(scratch.path, "source");
    fs.mkdirSync(source);
    calls = 0;
    onCall = undefined;
    client = await openClient(createMemoryStorage(), {
      replace: (posix) => ({
        statAt(...words) {
          called();
          posix.statAt(...words);
        },
        readLinkAt(...words) {
          called();
          return posix.readLinkAt(...words);
        },
        openDirectoryAt(...words) {
          called();
          return posix.openDirectoryAt(...words);
        },
      }),
    });
    client.time = Date.now() + 3_600_000;
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const makes = {
    links: (name: string) => fs.symlinkSync("x", join(source, name)),
    folders: (name: string) => fs.mkdirSync(join(source, name)),
    files: (name: string) => fs.writeFileSync(join(source, name), ""),
  };

  test.each([
    ["links", "listed", 0],
    ["links", "stored", COUNT],
    ["folders", "visited", COUNT],
  ] as const)("of %s is left soon after an interruption while they are %s", async (kind, _, before) => {
    for (let i = 0; i < COUNT; i++) makes[kind](String(i));
    const controller = new AbortController();
    onCall = () => {
      if (calls === before + 2) setImmediate(() => controller.abort());
    };
    const backup = client.backup([source], { signal: controller.signal });
    await expect(backup).rejects.toMatchObject({ code: "interrupted" });
    expect(calls).toBeLessThan(before + 2 * STEP + 2);
  });

  test("of files that are taken over makes progress, though one of them changed", async () => {
    for (let i = 0; i < COUNT; i++) makes.files(String(i));
    await client.backup([source]);
    fs.writeFileSync(join(source, "17"), "changed");
    const done: number[] = [];
    await client.backup([source], { onProgress: ({ filesDone }) => done.push(filesDone) });
    expect(client.opened).toEqual(["17"]);
    const steps = done.map((files, i) => files - (done[i - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(STEP);
    expect(done.length).toBeGreaterThanOrEqual((2 * COUNT) / STEP - 1);
  });
});

describe("what lists 5,000 entries out of memory hears of an interrupt soon", () => {
  let scratch: Scratch;
  let client: Client;
  let seen = 0;
  let stop: AbortController;
  const see = () => {
    if (++seen === 2) setImmediate(() => stop.abort());
    stop.signal.throwIfAborted();
  };

  beforeAll(async () => {
    scratch = makeScratch(2 ** 24)!;
    const source = join(scratch.path, "source");
    fs.mkdirSync(source);
    client = await openClient(createMemoryStorage());
    client.time = Date.now() + 3_600_000;
    await client.backup([source]);
    for (let i = 0; i < COUNT; i++) fs.symlinkSync("x", join(source, String(i)));
    await client.backup([source]);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    seen = 0;
    stop = new AbortController();
  });

  const lists = {
    async ls() {
      for await (const _ of listEntries(client.repository, await client.find("latest"), undefined)) see();
    },
    async find() {
      // Nothing is found, so that nobody but the search can look.
      const matches = () => {
        if (++seen === 2) setImmediate(() => stop.abort());
        return false;
      };
      const search = new SnapshotSearch(client.repository, { matches, isByPath: false }, { signal: stop.signal });
      for await (const _ of search.in(2));
    },
    async diff() {
      const places = { left: { info: await client.find("1") }, right: { info: await client.find("2") } };
      await diffSnapshots(client.repository, places, { signal: stop.signal, onDifference: see });
    },
  };

  test.each(["ls", "find", "diff"] as const)("%s", async (what) => {
    await expect(lists[what]()).rejects.toThrow();
    expect(seen).toBeLessThan(2 * STEP + 2);
  });
});

describe("where each call takes 20 ms", () => {
  const CALL_MS = 20;
  /** Calls until somebody else runs: those of 100 ms, and what is not looked at each time. */
  const CALLS_MAX = 20;
  let scratch: Scratch;
  let source: string;

  beforeEach(() => {
    scratch = makeScratch(2 ** 24)!;
    source = join(scratch.path, "source");
    fs.mkdirSync(source);
    for (let i = 0; i < 300; i++) fs.writeFileSync(join(source, `file ${i}`), "content");
  });
  afterEach(() => scratch[Symbol.asyncDispose]());

  /** A client whose clock goes on at each call. */
  async function openSlow(storage: MemoryStorage, onCall: () => void): Promise<Client> {
    const slow: Client = await openClient(storage, {
      replace: (posix) => {
        const slowly = <Words extends unknown[], Result>(call: (...words: Words) => Result) => {
          return (...words: Words) => {
            slow.time += CALL_MS;
            onCall();
            return call(...words);
          };
        };
        return {
          statEntry: slowly(posix.statEntry.bind(posix)),
          statAt: slowly(posix.statAt.bind(posix)),
          createFileAt: slowly(posix.createFileAt.bind(posix)),
        };
      },
    });
    slow.time = Date.now() + 3_600_000;
    return slow;
  }

  test.each(["backup", "restore"] as const)("a %s hears of an interrupt soon", async (what) => {
    const storage = createMemoryStorage();
    await using quick = await openClient(storage);
    quick.time = Date.now() + 3_600_000;
    await quick.backup([source]);
    const stop = new AbortController();
    let after = 0;
    let calls = 0;
    await using slow = await openSlow(storage, () => {
      if (++calls === 10) setImmediate(() => stop.abort());
      if (calls > 10) after++;
    });
    const running =
      what === "backup"
        ? slow.backup([source], { signal: stop.signal })
        : slow.restore("all", join(scratch.path, "target"), { signal: stop.signal });
    await expect(running).rejects.toMatchObject({ code: "interrupted" });
    expect(after).toBeLessThan(CALLS_MAX);
  });
});
