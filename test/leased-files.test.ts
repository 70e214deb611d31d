/** Files that somebody has a lease on, as file servers do for their clients: the system asks for them back and says EAGAIN. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { Posix } from "@bcat/posix";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const FILES = 40;
let scratch: Scratch;
let source: string;

beforeEach(() => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  for (let i = 0; i < FILES; i++) fs.writeFileSync(join(source, `file ${i}`), `content ${i}`);
});
afterEach(() => scratch[Symbol.asyncDispose]());

/** Every third file is given up after it was asked for so often. */
function leasing(asks: number) {
  const asked = new Map<string, number>();
  return (posix: Posix): Partial<Posix> => ({
    openFileAt(directory, name) {
      const text = Buffer.from(name).toString();
      const times = (asked.get(text) ?? 0) + 1;
      asked.set(text, times);
      if (Number(/\d+/.exec(text)) % 3 === 0 && times <= asks) {
        throw Object.assign(new Error("EAGAIN: try again"), { code: "EAGAIN", errno: -11, syscall: "openat" });
      }
      return posix.openFileAt(directory, name);
    },
  });
}

test("are read when they have been given up", async () => {
  await using client = await openClient(createMemoryStorage(), { replace: leasing(2) });
  client.time = Date.now() + 3_600_000;
  expect(await client.backup([source])).toMatchObject({ errors: 0, filesNew: FILES });
  expect(client.warnings).toEqual([]);
});

test("are read, though they are large and left to another thread first", async () => {
  for (let i = 0; i < FILES; i++) fs.rmSync(join(source, `file ${i}`));
  for (let i = 0; i < 6; i++) fs.writeFileSync(join(source, `file ${i}`), randomBytesOf(`${i}`, 5 * 2 ** 20));
  const sizes = { filesBeforeThreads: 1 };
  await using client = await openClient(createMemoryStorage(), { replace: leasing(2), sizes });
  client.time = Date.now() + 3_600_000;
  expect(await client.backup([source], { threads: 2 })).toMatchObject({ errors: 0, filesNew: 6 });
  const target = join(scratch.path, "target");
  await client.restore("all", target);
  for (let i = 0; i < 6; i++) {
    expect(fs.readFileSync(join(target, `file ${i}`)).equals(randomBytesOf(`${i}`, 5 * 2 ** 20))).toBe(true);
  }
});

test("are read when they are roots themselves", async () => {
  await using client = await openClient(createMemoryStorage(), { replace: leasing(1) });
  client.time = Date.now() + 3_600_000;
  expect(await client.backup([join(source, "file 3")])).toMatchObject({ errors: 0, filesNew: 1 });
});
