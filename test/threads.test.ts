/** A backup in several threads stores what one thread stores, and a thread that dies ends it. */
import * as fs from "node:fs";
import { join } from "node:path";
import { StorageError } from "@bcat/errors";
import { check } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Accelerators, openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const MEBIBYTE = 2 ** 20;
const FOLDERS = isLongRun ? 40 : 16;
const LARGE = (isLongRun ? 12 : 5) * MEBIBYTE;

let scratch: Scratch;
let source: string;
/** One repository, and so one set of ids, for all. */
let empty: MemoryStorage;

beforeAll(async () => {
  empty = createMemoryStorage();
  await (await openClient(empty))[Symbol.asyncDispose]();
  scratch = makeScratch(2 ** 29)!;
  source = join(scratch.path, "source");
  for (let folder = 0; folder < FOLDERS; folder++) {
    fs.mkdirSync(join(source, `folder ${folder}`), { recursive: true });
    for (let file = 0; file < 60; file++) {
      const path = join(source, `folder ${folder}`, `file ${file}`);
      // Some stay in their nodes, some are the same, some have several chunks.
      const length =
        file === 0 && folder % 4 === 0 ? 700_000 + folder * 1_000 : file % 3 === 0 ? file * 5 : 600 + file * 97;
      const seed = file % 5 === 0 ? "the same in every folder" : path;
      fs.writeFileSync(path, randomBytesOf(seed, length));
    }
  }
  const large = randomBytesOf("large", LARGE);
  fs.writeFileSync(join(source, "large"), large);
  fs.writeFileSync(join(source, "large twice"), Buffer.concat([large, large.subarray(0, 3 * MEBIBYTE)]));
  fs.writeFileSync(join(source, "zeros"), Buffer.alloc(9 * MEBIBYTE));
  fs.writeFileSync(join(source, "text"), "the quick brown fox jumps over the lazy dog\n".repeat(100_000));
});

afterAll(() => scratch[Symbol.asyncDispose]());

async function backUp(storage: Storage, options: { threads: number; accelerators?: Accelerators }) {
  const { threads, accelerators = "auto" } = options;
  await using client = await openClient(storage, { accelerators });
  client.time = Date.now() + 3_600_000;
  const summary = await client.backup([source], { threads });
  expect(client.warnings.filter((warning) => !warning.includes("were not stored, that takes koffi"))).toEqual([]);
  const { snapshot } = await client.find("latest");
  const again = await client.backup([source], { threads });
  expect(again).toMatchObject({ filesNew: 0, filesChanged: 0, dataChunks: 0, treeChunks: 0, dirsChanged: 0 });
  const findings: unknown[] = [];
  await check(client.repository, { readData: true, onFinding: (finding) => findings.push(finding) });
  expect(findings).toEqual([]);
  const target = join(scratch.path, `restored ${threads} ${accelerators}`);
  await client.restore("all", target);
  expect(describeDifferences(await compareTrees(source, target, { timeUnit: 1_000n }))).toEqual([]);
  fs.rmSync(target, { recursive: true });
  return { summary, root: Buffer.from(snapshot.roots[0]!.node).toString("hex") };
}

describe("a storage fault", () => {
  test("of any single write stops a backup in two threads, and the next one is whole", async () => {
    let faults = 0;
    let at = 0;
    for (let failed = true; failed; ) {
      const inner = empty.clone();
      let writes = 0;
      let isArmed = true;
      failed = false;
      const storage: Storage = {
        ...delegate(inner),
        async put(name, bytes, options) {
          if (isArmed && writes++ === at) {
            failed = true;
            throw new StorageError(`Cannot write "${name}": it fails once`);
          }
          await inner.put(name, bytes, options);
        },
      };
      const sizes = { packSize: 2 * MEBIBYTE, packsPerSegment: 4, filesBeforeThreads: 100 };
      await using client = await openClient(storage, { sizes });
      client.time = Date.now() + 3_600_000;
      const run = client.backup([source], { threads: 2 });
      const error: unknown = await run.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      isArmed = false;
      if (!failed) {
        expect(error).toBeUndefined();
        break;
      }
      expect(error).toBeInstanceOf(StorageError);
      faults++;
      expect(await client.backup([source], { threads: 2 })).toMatchObject({ errors: 0 });
      const findings: unknown[] = [];
      await check(client.repository, { readData: true, onFinding: (finding) => findings.push(finding) });
      expect(findings.filter((finding) => (finding as { kind: string }).kind === "damage")).toEqual([]);
      // Each write once is many: the first five, and then every thirteenth, or in a slice every eighth.
      at += isLongRun ? (at < 4 ? 1 : 13) : 8;
    }
    expect(faults).toBeGreaterThan(1);
  });
});

const delegate = (inner: MemoryStorage): Storage => ({
  location: inner.location,
  get: (...words) => inner.get(...words),
  put: (...words) => inner.put(...words),
  putIfAbsent: (...words) => inner.putIfAbsent(...words),
  list: (prefix) => inner.list(prefix),
});

describe("a backup", () => {
  let one: Awaited<ReturnType<typeof backUp>>;

  beforeAll(async () => {
    one = await backUp(empty.clone(), { threads: 1 });
  });

  test.each([{ threads: 2 }, { threads: 4, accelerators: "off" as const }, ...(isLongRun ? [{ threads: 4 }] : [])])(
    "stores the same in several threads: %o",
    async (options) => {
      const several = await backUp(empty.clone(), options);
      expect(several.root).toBe(one.root);
      const { filesNew, totalFiles, totalBytes, dirsNew, errors } = one.summary;
      expect(several.summary).toMatchObject({ filesNew, totalFiles, totalBytes, dirsNew, errors });
      // Two threads that claim a chunk in the same moment of a growing table may both store it.
      expect(several.summary.dataChunks - one.summary.dataChunks).toBeLessThanOrEqual(2);
      expect(several.summary.dataChunks).toBeGreaterThanOrEqual(one.summary.dataChunks);
    },
  );
});
