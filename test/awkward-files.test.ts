/** Files that fail midway, grow before their turn, or find no descriptor: what they are, and what they do to others. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { Stat } from "@bcat/posix";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const MEBIBYTE = 2 ** 20;
const systemError = (code: string) => Object.assign(new Error(code), { code, errno: -5, syscall: "read" });

let scratch: Scratch;
let folder: string;

beforeEach(() => {
  scratch = makeScratch(2 ** 28)!;
  folder = join(scratch.path, "folder");
  fs.mkdirSync(folder);
});
afterEach(() => scratch[Symbol.asyncDispose]());

const nameOf = (name: Uint8Array) => Buffer.from(name).toString();

test("a large file that fails midway, its chunks still on their way, leaves none in the next", async () => {
  fs.writeFileSync(join(folder, "first"), randomBytesOf("first", 40 * MEBIBYTE));
  fs.writeFileSync(join(folder, "last"), randomBytesOf("last", 30 * MEBIBYTE));
  // So large that it is not left to one thread as a whole.
  fs.truncateSync(join(folder, "last"), 600 * MEBIBYTE);
  const next = join(scratch.path, "next");
  fs.writeFileSync(next, randomBytesOf("next", 3.5 * MEBIBYTE));
  let failing = -1;
  let slow = -1;
  await using client = await openClient(createMemoryStorage(), {
    sizes: { filesBeforeThreads: 1 },
    replace: (posix) => ({
      openFileAt(directory, name) {
        const file = posix.openFileAt(directory, name);
        failing = nameOf(name) === "last" ? file : -1;
        slow = nameOf(name) === "next" ? file : -1;
        return file;
      },
      read(file, into, position) {
        if (file === failing && position > 25 * MEBIBYTE) throw systemError("EIO");
        // Time for the threads to end what they have of the file that failed.
        if (file === slow) for (const end = Date.now() + 40; Date.now() < end; );
        return posix.read(file, into, position);
      },
    }),
  });
  client.time = Date.now() + 3_600_000;
  expect(await client.backup([folder, next], { threads: 3 })).toMatchObject({ errors: 1, totalFiles: 2 });
  const target = join(scratch.path, "restored");
  await client.restore(Buffer.from(next), target);
  expect(fs.readFileSync(join(target, "next")).equals(fs.readFileSync(next))).toBe(true);
});

describe("a small file that has become large since it was listed", () => {
  /** Grows when the large file before it is opened: files that are small when they are listed come after. */
  async function openGrowing(storage: Storage, onRead: () => void = () => {}) {
    const grown = join(folder, "small");
    fs.writeFileSync(grown, "small");
    fs.writeFileSync(join(folder, "large"), randomBytesOf("large", 5 * MEBIBYTE));
    let file = -1;
    return await openClient(storage, {
      sizes: { packSize: MEBIBYTE, filesBeforeThreads: 1 },
      replace: (posix) => ({
        openFileAt(directory, name) {
          if (nameOf(name) === "large") fs.writeFileSync(grown, randomBytesOf("grown", 48 * MEBIBYTE));
          const opened = posix.openFileAt(directory, name);
          if (nameOf(name) === "small") file = opened;
          return opened;
        },
        read(opened, into, position) {
          if (opened === file && position > 0) onRead();
          return posix.read(opened, into, position);
        },
      }),
    });
  }

  test.each([1, 2])("takes no more memory than a large one: %i threads", async (threads) => {
    const inner = createMemoryStorage();
    let [now, most] = [0, 0];
    const storage: Storage = {
      location: inner.location,
      get: (...words) => inner.get(...words),
      async put(name, bytes, options) {
        most = Math.max(most, ++now);
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        now--;
        await inner.put(name, bytes, options);
      },
      putIfAbsent: (...words) => inner.putIfAbsent(...words),
    };
    await using client = await openGrowing(storage);
    client.time = Date.now() + 3_600_000;
    expect(await client.backup([folder], { threads })).toMatchObject({ errors: 0, totalFiles: 2 });
    // Arenas of 1 MiB: a window of the cutter may be on its way.
    expect(most).toBeLessThan(24);
  });

  test("lets an interrupt through while it is read", async () => {
    const controller = new AbortController();
    let readsAfter = 0;
    await using client = await openGrowing(createMemoryStorage(), () => {
      if (controller.signal.aborted) readsAfter++;
      else setImmediate(() => controller.abort());
    });
    client.time = Date.now() + 3_600_000;
    const run = client.backup([folder], { threads: 1, signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
    expect(readsAfter).toBeLessThan(10);
  });
});

test.each([
  ["small", 3_000],
  ["large", 5 * MEBIBYTE],
])("a %s file that finds no descriptor once is read when there is one", async (_, size) => {
  fs.writeFileSync(join(folder, "file"), Buffer.alloc(size, 1));
  let fails = true;
  await using client = await openClient(createMemoryStorage(), {
    replace: (posix) => ({
      openFileAt(directory, name) {
        if (!fails) return posix.openFileAt(directory, name);
        fails = false;
        throw systemError("EMFILE");
      },
    }),
  });
  client.time = Date.now() + 3_600_000;
  expect(await client.backup([folder])).toMatchObject({ errors: 0, totalFiles: 1 });
});

test("a write in the same second is seen where change times say nothing", async () => {
  const path = join(folder, "file");
  const made = (stat: Stat) => Object.assign(stat, { ctimeSeconds: 1_000_000, ctimeNanoseconds: 0 });
  await using client = await openClient(createMemoryStorage(), {
    replace: (posix) => ({
      statFile(file, into) {
        posix.statFile(file, into);
        made(into);
      },
      statAt(directory, name, into) {
        posix.statAt(directory, name, into);
        made(into);
      },
    }),
  });
  const time = new Date(Math.floor(Date.now() / 1000) * 1000);
  const write = (text: string) => {
    fs.writeFileSync(path, text.repeat(100));
    fs.utimesSync(path, time, time);
  };
  write("old bytes");
  client.time = time.getTime();
  await client.backup([folder], { ignoreCtime: true });
  write("new bytes");
  client.time = time.getTime() + 86_400_000;
  expect(await client.backup([folder], { ignoreCtime: true })).toMatchObject({ filesChanged: 1 });
});
