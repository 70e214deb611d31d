/**
 * Restores that are killed anywhere, or of which a call fails once: the old entry or the new one is there, whole; another
 * restore completes what is missing, and does not fetch what is there.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import { findSnapshot, type RestoreSummary, restore } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { type CallName, callsToFail, codesToFailWith, type Fault, FaultyPosix } from "./kit/faulty-posix.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

/** Calls that change the target. */
const CHANGES = new Set<string>([
  "makeDirectoryAt",
  "createFileAt",
  "writeFile",
  "makeSymlinkAt",
  "makeLinkAt",
  "makeNodeAt",
  "removeFileAt",
  "removeDirectoryAt",
  "renameAt",
  "setOwnerAt",
  "setModeAt",
  "setTimesAt",
  "setFileOwner",
  "setFileMode",
  "setFileTimes",
]);
/** The calls of a restore in place of which each k-th fails once. */
const CALLS = [
  ...["openDirectory", "openDirectoryAt", "readEntries", "statAt", "openFileAt", "read", "readLinkAt", "statFile"],
  ...["close", "closeDirectory", ...CHANGES],
] as readonly CallName[];
const CODES = ["EIO", "EACCES", "ENOENT", "ENOSPC", "EROFS", "EDQUOT"];
const MOMENTS = 40;

const TIME = "2001-02-03T04:05:06.789012345Z";
const chunker = { kind: "fixed", minimum: 1_000, average: 1_000, maximum: 1_000 } as const;

let scratch: Scratch;
let source: string;
/** What is there before a restore in place: older contents, and entries of other kinds. */
let old: string;
let client: Client;
const bytes = 5_500 + 70_500 + 1_900 + 900 + 900 + 100;

beforeAll(async () => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  old = join(scratch.path, "old");
  fs.mkdirSync(join(source, "folder/deeper/deepest"), { recursive: true });
  for (const [name, size] of [
    ["inline", 100],
    ["none", 0],
    ["small", 900],
    ["same", 900],
    ["large", 5_500],
    ["folder/list", 70_500],
    ["folder/deeper/file", 1_900],
  ] as const) {
    fs.writeFileSync(join(source, name), randomBytesOf(name, size), { mode: 0o640 });
  }
  fs.symlinkSync("small", join(source, "link"));
  fs.linkSync(join(source, "large"), join(source, "folder/large too"));
  fs.chmodSync(join(source, "folder/deeper"), 0o2711);
  execFileSync("find", [source, "-exec", "touch", "-h", "-d", TIME, "{}", "+"]);
  execFileSync("cp", ["-a", source, old]);
  fs.appendFileSync(join(old, "inline"), "more");
  fs.writeFileSync(join(old, "small"), randomBytesOf("other", 900));
  fs.truncateSync(join(old, "folder/list"), 40_300);
  fs.unlinkSync(join(old, "folder/large too"));
  fs.writeFileSync(join(old, "folder/large too"), "another file");
  fs.unlinkSync(join(old, "link"));
  fs.symlinkSync("none", join(old, "link"));
  fs.rmSync(join(old, "folder/deeper"), { recursive: true });
  fs.writeFileSync(join(old, "folder/deeper"), "a file");
  fs.unlinkSync(join(old, "none"));
  fs.mkdirSync(join(old, "none"));
  client = await openClient(createMemoryStorage(), { chunker });
  await client.backup([source]);
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

let runs = 0;

function newTarget(isInPlace: boolean): string {
  const target = join(scratch.path, `target ${runs++}`);
  if (isInPlace) execFileSync("cp", ["-a", old, target]);
  return target;
}

async function run(posix: Posix, target: string): Promise<RestoreSummary> {
  const info = await findSnapshot(client.repository, "latest");
  return await restore(client.repository, posix, info, "all", Buffer.from(target), { overwrite: "if-changed" });
}

/** The calls as they are until `count` have changed something: then the process is dead. */
function dyingPosix(count: number): { posix: Posix; changes: () => number } {
  let changes = 0;
  const posix = new Proxy(client.posix, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...words: unknown[]) => {
        const isChange = CHANGES.has(String(property));
        if (isChange && changes >= count) throw Object.assign(new Error("dead"), { code: "ENOSPC", errno: -28 });
        if (isChange) changes++;
        return value.apply(target, words);
      };
    },
  });
  return { posix, changes: () => changes };
}

/** Bytes of files that are whole, each file once. */
function bytesDone(target: string): number {
  const inodes = new Set<number>();
  let done = 0;
  for (const entry of fs.readdirSync(source, { recursive: true }).map(String)) {
    const wanted = fs.lstatSync(join(source, entry));
    if (!wanted.isFile() || inodes.has(wanted.ino) || !isWhole(join(source, entry), join(target, entry))) continue;
    inodes.add(wanted.ino);
    done += wanted.size;
  }
  return done;
}

function isWhole(wanted: string, found: string): boolean {
  try {
    return fs.lstatSync(found).isFile() && fs.readFileSync(found).equals(fs.readFileSync(wanted));
  } catch {
    return false;
  }
}

async function expectEqual(target: string): Promise<void> {
  expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
}

test.each([
  ["into nothing", false],
  ["over something else", true],
])("a restore %s that is killed anywhere goes on where it was", async (_, isInPlace) => {
  const whole = dyingPosix(Number.POSITIVE_INFINITY);
  await run(whole.posix, newTarget(isInPlace));
  const count = whole.changes();
  for (let moment = 0; moment < MOMENTS; moment++) {
    const target = newTarget(isInPlace);
    const dying = dyingPosix(Math.floor((moment * count) / MOMENTS));
    // What is set of entries last is reported for each of them.
    const ended = await run(dying.posix, target).catch((error: unknown) => error);
    if (isBcatError(ended)) expect(ended.code).toBe("target-failed");
    else expect((ended as RestoreSummary).errors).toBeGreaterThan(0);
    const done = fs.existsSync(target) ? bytesDone(target) : 0;
    const summary = await run(client.posix, target);
    expect(summary).toMatchObject({ errors: 0, skipped: 0 });
    expect(summary.bytesRestored + summary.bytesUnchanged).toBe(bytes);
    expect(summary.bytesUnchanged).toBeGreaterThanOrEqual(done);
    await expectEqual(target);
    fs.rmSync(target, { recursive: true });
  }
});

test.each(CALLS)("%s fails once: the outcome is clear, and another restore completes it", async (call) => {
  const counting = new FaultyPosix(client.posix, undefined);
  await run(counting.posix, newTarget(true));
  let turn = 0;
  for (const at of callsToFail(counting.counts.get(call))) {
    for (const code of codesToFailWith(CODES, turn++)) {
      const target = newTarget(true);
      const what = `${call} ${at} ${code}`;
      const { faulty, summary, error } = await runFaulty(target, { call, at, code });
      expect({ what, open: [...faulty.open], twice: faulty.closedTwice }).toEqual({ what, open: [], twice: [] });
      if (summary === undefined) expect(isBcatError(error, "target-failed"), `${what}: ${String(error)}`).toBe(true);
      else if (summary.errors === 0) await expectEqual(target);
      expect(await run(client.posix, target), what).toMatchObject({ errors: 0 });
      await expectEqual(target);
      fs.rmSync(target, { recursive: true });
    }
  }
});

async function runFaulty(target: string, fault: Fault) {
  const faulty = new FaultyPosix(client.posix, fault);
  try {
    return { faulty, summary: await run(faulty.posix, target), error: undefined };
  } catch (error) {
    return { faulty, summary: undefined, error };
  }
}
