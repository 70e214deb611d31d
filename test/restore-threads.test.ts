/** A restore in several threads gives back what one thread gives back, and says the same of what it cannot. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import type { RestoreOptions, RestoreSummary } from "@bcat/snapshot";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, program } from "./cli/desk.js";
import { OverlayStorage } from "./damage/overlay.js";
import { type Accelerators, openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const MEBIBYTE = 2 ** 20;
const FOLDERS = isLongRun ? 16 : 8;
const FILES = 50;
const LARGE = (isLongRun ? 12 : 6) * MEBIBYTE;
/** Threads are started with the first file. */
const sizes = { packSize: 2 * MEBIBYTE, filesBeforeThreads: 1 };

let scratch: Scratch;
let source: string;
const storage = createMemoryStorage();
let targets = 0;

beforeAll(async () => {
  scratch = makeScratch(2 ** 29)!;
  source = join(scratch.path, "source");
  writeSource();
  await using client = await openClient(storage, { sizes });
  client.time = Date.now() + 3_600_000;
  expect(await client.backup([source])).toMatchObject({ errors: 0 });
});
afterAll(() => scratch[Symbol.asyncDispose]());

/** Folders in folders, with files in their nodes, of one chunk and of many, some of them twice. */
function writeSource(): void {
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(source, `a ${folder % 7}`, `b ${folder % 3}`, `folder ${folder}`);
    fs.mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES; file++) {
      const length = file % 3 === 0 ? file * 5 : 600 + file * 97;
      const seed = file % 5 === 0 ? "the same in every folder" : `${folder} ${file}`;
      const mode = file === 7 ? 0o4755 : file % 2 === 0 ? 0o600 : 0o644;
      fs.writeFileSync(join(path, `file ${file}`), randomBytesOf(seed, length));
      fs.chmodSync(join(path, `file ${file}`), mode);
      fs.utimesSync(join(path, `file ${file}`), 1_000_000_000 + file, 1_000_000_000 + file);
    }
    if (folder % 2 === 0)
      fs.writeFileSync(join(path, "two chunks"), randomBytesOf(`two chunks ${folder}`, 2.5 * MEBIBYTE));
    fs.chmodSync(path, 0o2750);
    fs.utimesSync(path, 1_100_000_000, 1_100_000_000);
  }
  const large = randomBytesOf("large", LARGE);
  fs.writeFileSync(join(source, "large"), large);
  fs.writeFileSync(join(source, "large twice"), Buffer.concat([large, large.subarray(0, 3 * MEBIBYTE)]));
  fs.writeFileSync(join(source, "zeros"), Buffer.alloc(9 * MEBIBYTE));
  fs.writeFileSync(join(source, "nothing"), "");
  fs.symlinkSync("large", join(source, "link"));
}

interface Restored {
  readonly summary: RestoreSummary | undefined;
  readonly error: unknown;
  readonly warnings: readonly string[];
  readonly target: string;
  /** Threads of this process, at most. */
  readonly threads: number;
}

async function restoreAll(
  from: Storage,
  options: RestoreOptions,
  accelerators: Accelerators = "auto",
): Promise<Restored> {
  await using client = await openClient(from, { sizes, accelerators });
  const target = join(scratch.path, `target ${++targets}`);
  let threads = 0;
  const onProgress: RestoreOptions["onProgress"] = (progress) => {
    threads = Math.max(threads, fs.readdirSync("/proc/self/task").length);
    options.onProgress?.(progress);
  };
  const outcome = await client.restore("all", target, { ...options, onProgress }).then(
    (summary) => ({ summary, error: undefined }),
    (error: unknown) => ({ summary: undefined, error }),
  );
  return { ...outcome, warnings: [...client.warnings].sort(), target, threads };
}

const descriptors = () => fs.readdirSync("/proc/self/fd").length;

describe("a restore in several threads", () => {
  test.each([
    { threads: 2, accelerators: "auto" },
    ...(isLongRun ? [{ threads: 4, accelerators: "auto" } as const] : []),
    { threads: 2, accelerators: "off" },
  ] as const)("gives everything back: %o", async ({ threads, accelerators }) => {
    const alone = await restoreAll(storage, { threads: 1 }, accelerators);
    const several = await restoreAll(storage, { threads }, accelerators);
    expect(several.summary).toEqual(alone.summary);
    expect(several).toMatchObject({ error: undefined, warnings: alone.warnings });
    expect(several.threads).toBeGreaterThanOrEqual(alone.threads + threads - 1);
    const comparison = await compareTrees(source, several.target, { timeUnit: 1_000n });
    expect(describeDifferences(comparison)).toEqual([]);
  });

  test("names what is damaged, as one thread does, and restores the rest", async () => {
    const changes = new Map<string, Uint8Array>();
    for (const [name, bytes] of storage.objects) {
      // Those of trees are smaller.
      if (!name.startsWith("packs/") || bytes.length < MEBIBYTE) continue;
      const flipped = bytes.slice();
      for (let at = 50_000; at < flipped.length - 100_000; at += isLongRun ? 400_000 : 800_000) flipped[at]! ^= 1;
      changes.set(name, flipped);
    }
    const damaged = new OverlayStorage(storage.objects, changes);
    const alone = await restoreAll(damaged, { threads: 1 });
    const several = await restoreAll(damaged, { threads: 3 });
    expect(alone.warnings.length).toBeGreaterThan(5);
    // Of a file that several packs lack, the first one found is named.
    const named = ({ warnings }: Restored) => warnings.map((warning) => warning.split(": ")[0]);
    expect(named(several)).toEqual(named(alone));
    expect({ ...several.summary, bytesRestored: 0 }).toEqual({ ...alone.summary, bytesRestored: 0 });
    const comparison = await compareTrees(alone.target, several.target, { timeUnit: 1_000n });
    expect(describeDifferences(comparison)).toEqual([]);
  });

  test("that is interrupted leaves only whole files, and no descriptor", async () => {
    const before = descriptors();
    for (const stopAt of isLongRun ? [1, 4, 10] : [4]) {
      const stop = new AbortController();
      let reports = 0;
      const onProgress = () => {
        if (++reports === stopAt) stop.abort();
      };
      const { error, target } = await restoreAll(storage, { threads: 3, signal: stop.signal, onProgress });
      expect(error).toMatchObject({ code: "interrupted" });
      for (const entry of fs.readdirSync(target, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const original = join(source, path.slice(target.length + 1));
        expect(fs.readFileSync(path).equals(fs.readFileSync(original)), path).toBe(true);
      }
    }
    expect(descriptors()).toBe(before);
  });
});

describe("the command line, restoring in two threads", () => {
  const desk = new Desk();
  beforeAll(async () => {
    const files = Array.from({ length: isLongRun ? 3_000 : 500 }, (_, i) => [
      `source/${i % 40}/${i % 11}/${i}`,
      700 + (i % 500),
    ]);
    desk.write({ ...Object.fromEntries(files), "source/large": 16 * MEBIBYTE });
    await desk.good(["init"]);
    await desk.good(["backup", "source"]);
  });
  afterAll(() => desk[Symbol.dispose]());

  const limited = (limit: string, target: string) =>
    desk.run([
      "bash",
      "-c",
      `ulimit ${limit}; exec "$0" "$@"`,
      program,
      "restore",
      "--threads",
      "2",
      "1",
      "all",
      target,
    ]);

  test.each(isLongRun ? [48, 64, 130] : [48])("works with %i descriptors", async (count) => {
    expect(await limited(`-n ${count}`, `out ${count}`)).toMatchObject({ code: 0 });
    expect(spawnSync("diff", ["-r", desk.path("source"), desk.path(`out ${count}`)]).stdout.toString()).toBe("");
  });

  test("names a file that cannot be written, and does not leave a part of it", async () => {
    // No file may be longer than 8 MiB.
    const { code, stderr } = await limited(`-f ${8 * 1024}`, "limited");
    expect(stderr).toMatch(/source\/large": the file is too large \(EFBIG\)/);
    expect(code).toBe(1);
    expect(fs.existsSync(desk.path("limited/large"))).toBe(false);
    expect(spawnSync("diff", ["-r", "-x", "large", desk.path("source"), desk.path("limited")]).status).toBe(0);
  });
});
