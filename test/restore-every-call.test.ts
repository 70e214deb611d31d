/**
 * Every call of a restore fails once: what is not restored is named, by its own path and once, or counted with a folder
 * that could not be made, and the counts agree; no descriptor is closed twice, none stays open.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { isBcatError, StorageError } from "@bcat/errors";
import { findSnapshot, type RestoreSummary, restore } from "@bcat/snapshot";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import {
  type CallName,
  callsToFail,
  codesToFailWith,
  everyOther,
  type Fault,
  FaultyPosix,
} from "./kit/faulty-posix.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees } from "./kit/walker.js";

/** The calls that a restore makes, of which each k-th fails once. */
const CALLS = [
  "openDirectory",
  "openDirectoryAt",
  "openDirectoryToSearch",
  "statAt",
  "makeDirectoryAt",
  "createFileAt",
  "writeFile",
  "makeSymlinkAt",
  "makeLinkAt",
  "makeNodeAt",
  "setOwnerAt",
  "setModeAt",
  "setTimesAt",
  "statFile",
  "setFileOwner",
  "setFileMode",
  "setFileTimes",
  "close",
  "closeDirectory",
  "attributes.getAt",
] as const satisfies readonly CallName[];

/** What says nothing about the one entry that met it. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EDQUOT"];
const TIME = "2001-02-03T04:05:06.789012345Z";

let scratch: Scratch;
let source: string;
const single = createMemoryStorage();
const several = createMemoryStorage();

beforeAll(async () => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  for (const folder of ["one/deep/er/est", "one/empty", "two/inner"]) {
    fs.mkdirSync(join(source, folder), { recursive: true });
  }
  const sizes = {
    "one/inline": 100,
    "one/none": 0,
    "one/small": 900,
    "one/deep/large": 3_500,
    "one/deep/er/list": 70_500,
  };
  for (const [name, size] of Object.entries(sizes)) write(name, size, 0o640);
  write("one/deep/er/est/set-id", 1_900, 0o4755);
  write("one/same", 900, 0o6711);
  write("two/file", 2_500, 0o444);
  write("two/inner/file", 600, 0o600);
  fs.symlinkSync("small", join(source, "one/link"));
  fs.linkSync(join(source, "one/deep/large"), join(source, "one/deep/er/large-too"));
  fs.linkSync(join(source, "one/deep/large"), join(source, "one/large-too"));
  execFileSync("mkfifo", ["-m", "640", join(source, "one/deep/fifo")]);
  fs.symlinkSync("nowhere", join(source, "one/deep/er/link"));
  fs.chmodSync(join(source, "one/deep"), 0o2775);
  fs.chmodSync(join(source, "one/empty"), 0o1555);
  execFileSync("find", [source, "-exec", "touch", "-h", "-d", TIME, "{}", "+"]);
  const chunker = { kind: "fixed", minimum: 1_000, average: 1_000, maximum: 1_000 } as const;
  for (const [storage, roots] of [
    [single, ["one"]],
    [several, ["one", "two"]],
  ] as const) {
    await using client = await openClient(storage, { chunker });
    await client.backup(roots.map((root) => join(source, root)));
  }
});
afterAll(() => scratch[Symbol.asyncDispose]());

function write(name: string, size: number, mode: number): void {
  const path = join(source, name);
  fs.writeFileSync(path, randomBytesOf(name === "one/same" ? "one/small" : name, size));
  fs.chmodSync(path, mode);
}

type Get = Storage["get"];

interface Result {
  readonly faulty: FaultyPosix;
  readonly summary: RestoreSummary | undefined;
  readonly error: unknown;
  /** Paths in the snapshot, of errors. */
  readonly named: readonly string[];
  /** Entries that they stand for: of a folder that could not be made also what is in it. */
  readonly counted: number;
  /** Folders of which nothing was restored. */
  readonly lost: readonly string[];
  readonly target: string;
}

let runs = 0;

/** @param through what gets go through while the restore runs, instead of the storage itself */
async function restoreWith(storage: Storage, fault: Fault | undefined, through?: Get): Promise<Result> {
  let isRestoring = false;
  const get: Get = (name, options) => (isRestoring ? through! : storage.get.bind(storage))(name, options);
  await using client = await openClient(through === undefined ? storage : withGet(storage, get));
  const faulty = new FaultyPosix(client.posix, fault);
  const target = join(scratch.path, `target ${runs++}`);
  const named: string[] = [];
  const lost: string[] = [];
  let counted = 0;
  const options = {
    onWarning: ({ path, kind, count = 1 }: { path: Uint8Array; kind: string; count?: number }) => {
      if (kind !== "error") return;
      named.push(Buffer.from(path).toString());
      counted += count;
      if (count > 1) lost.push(`${Buffer.from(path)}/`);
    },
  };
  let summary: RestoreSummary | undefined;
  let error: unknown;
  try {
    const info = await findSnapshot(client.repository, "latest");
    isRestoring = true;
    summary = await restore(client.repository, faulty.posix, info, "all", Buffer.from(target), options);
  } catch (thrown) {
    error = thrown;
  }
  return { faulty, summary, error, named, counted, lost, target };
}

function withGet(storage: Storage, get: Get): Storage {
  return {
    location: storage.location,
    get,
    put: storage.put.bind(storage),
    putIfAbsent: storage.putIfAbsent.bind(storage),
  };
}

function remove({ target }: Result): void {
  fs.rmSync(target, { recursive: true, force: true });
}

/** Where entries of the roots are to be found in the target. */
type Layout = readonly { readonly root: string; readonly below: string }[];

function layoutOf(storage: Storage): Layout {
  if (storage === several) return ["one", "two"].map((root) => ({ root, below: join(source, root).slice(1) }));
  return [{ root: "one", below: "" }];
}

/** Every entry of the source is in the target as it should be, or is named; and the summary says so. */
async function expectAccounted(result: Result, layout: Layout, what: string): Promise<void> {
  const { summary, named, target } = result;
  const isTold = (path: string) => named.includes(path) || result.lost.some((folder) => path.startsWith(folder));
  const missing: string[] = [];
  const faulty: string[] = [];
  const counted = { files: 0, directories: 0, symlinks: 0, others: 0 };
  for (const { root, below } of layout) {
    const [left, right] = [join(source, root), join(target, below)];
    visit(left, right, below === "");
    if (!fs.existsSync(right)) continue;
    const { differences } = await compareTrees(left, right);
    for (const { path, what: kind } of differences) {
      const full = path === "." ? left : join(left, path);
      const isPartial = ["content", "size", "extra", "type", "target"].includes(kind);
      if (isPartial || !named.includes(full)) faulty.push(`${path}: ${kind}`);
    }
  }
  function visit(left: string, right: string, isTarget: boolean): void {
    const isRestored = fs.lstatSync(right, { throwIfNoEntry: false }) !== undefined;
    const stat = fs.lstatSync(left);
    if (!isRestored && !isTold(left)) missing.push(left);
    if (isRestored && !isTarget) {
      if (stat.isDirectory()) counted.directories++;
      else if (stat.isFile()) counted.files++;
      else if (stat.isSymbolicLink()) counted.symlinks++;
      else counted.others++;
    }
    if (!stat.isDirectory()) return;
    for (const name of fs.readdirSync(left)) visit(join(left, name), join(right, name), false);
  }
  expect({ missing, faulty }, what).toEqual({ missing: [], faulty: [] });
  expect(new Set(named).size, what).toBe(named.length);
  expect(summary, what).toMatchObject({
    errors: result.counted,
    filesRestored: counted.files,
    directoriesRestored: counted.directories,
    symlinksRestored: counted.symlinks,
    othersRestored: counted.others,
  });
}

function expectDescriptorsClosed({ faulty }: Result, what: string): void {
  expect({ twice: faulty.closedTwice, open: [...faulty.open] }, what).toEqual({ twice: [], open: [] });
}

test("a restore in which nothing fails makes these calls and no others", async () => {
  const seen = new Set<string>();
  for (const storage of [single, several]) {
    const result = await restoreWith(storage, undefined);
    expect(result.error).toBeUndefined();
    expect(result.named).toEqual([]);
    await expectAccounted(result, layoutOf(storage), "nothing fails");
    expectDescriptorsClosed(result, "nothing fails");
    for (const call of result.faulty.counts.keys()) seen.add(call);
  }
  expect([...seen].filter((call) => !(CALLS as readonly string[]).includes(call))).toEqual([]);
});

test.each(CALLS)("%s() fails once: restored + named = all", async (call) => {
  for (const storage of [single, several]) {
    const clean = await restoreWith(storage, undefined);
    remove(clean);
    for (const [turn, at] of callsToFail(clean.faulty.counts.get(call)).entries()) {
      for (const code of codesToFailWith(["EIO", "EACCES"], turn)) {
        const what = `${call} ${at} ${code} of ${storage === single ? "one root" : "several"}`;
        const result = await restoreWith(storage, { call, at, code });
        expectDescriptorsClosed(result, what);
        if (result.error === undefined) await expectAccounted(result, layoutOf(storage), what);
        else {
          // Before anything is written: the target itself cannot be used.
          expect(isBcatError(result.error, "target-failed"), `${what}: ${result.error}`).toBe(true);
          expect(fs.existsSync(result.target) ? fs.readdirSync(result.target) : [], what).toEqual([]);
        }
        // A folder that cannot be opened in the midst of it costs each entry that comes then.
        if (call !== "openDirectoryAt") expect(result.named.length, what).toBeLessThanOrEqual(1);
        remove(result);
      }
    }
  }
});

/** Those of which one that meets what is exhausted ends the restore. */
const ENDING = [
  "openDirectoryAt",
  "makeDirectoryAt",
  "createFileAt",
  "writeFile",
  "makeSymlinkAt",
  "makeNodeAt",
  "close",
] as const;

test.each(EXHAUSTED)("%s ends the restore, and leaves no file that is not whole", async (code) => {
  for (const call of everyOther(ENDING, EXHAUSTED.indexOf(code))) {
    const clean = await restoreWith(single, undefined);
    remove(clean);
    for (const at of callsToFail(clean.faulty.counts.get(call))) {
      const what = `${call} ${at} ${code}`;
      const result = await restoreWith(single, { call, at, code });
      expectDescriptorsClosed(result, what);
      expect(isBcatError(result.error, "target-failed"), `${what}: ${result.error}`).toBe(true);
      expect(String(result.error), what).toContain(code);
      if (fs.existsSync(result.target)) {
        const { differences } = await compareTrees(join(source, "one"), result.target, { ignoreTopTime: true });
        expect(
          differences.filter((found) => ["content", "size", "extra"].includes(found.what)),
          what,
        ).toEqual([]);
      }
      remove(result);
    }
  }
});

test("each get fails once: everything is restored all the same, or nothing is written", async () => {
  for (const storage of [single, several]) {
    let gets = 0;
    const failing = (at: number): Get => {
      gets = 0;
      return async (name, options) => {
        if (++gets === at) throw new StorageError(`Cannot read "${name}": it fails once`);
        return await storage.get(name, options);
      };
    };
    await restoreWith(storage, undefined, failing(0));
    const count = gets;
    expect(count).toBeGreaterThan(1);
    for (const at of callsToFail(count)) {
      const result = await restoreWith(storage, undefined, failing(at));
      const what = `get ${at} of ${count}`;
      expect(result.named, what).toEqual([]);
      if (result.error === undefined) await expectAccounted(result, layoutOf(storage), what);
      else {
        // Before anything is written: without the index nothing can be found.
        expect(String(result.error), what).toContain('Cannot read "index/');
        expect(fs.existsSync(result.target), what).toBe(false);
      }
      remove(result);
      expectDescriptorsClosed(result, what);
    }
  }
});

test("a part of a pack that cannot be read costs the files that lie in it, by name", async () => {
  const objects = [...single.objects].filter(([name]) => name.startsWith("packs/"));
  const [data] = objects.sort(([, a], [, b]) => b.length - a.length);
  const result = await restoreWith(single, undefined, async (name, options) => {
    const { offset = 0, length = 0 } = options?.range ?? {};
    if (name === data![0] && offset <= 20_000 && offset + length > 20_000) throw new StorageError("Cannot read it");
    return await single.get(name, options);
  });
  expect(result.error).toBeUndefined();
  expect(result.named.length).toBeGreaterThan(0);
  await expectAccounted(result, layoutOf(single), "a part of a pack");
});

test("a storage that is gone ends the restore", async () => {
  const pack = (name: string) => name.startsWith("packs/");
  for (let after = 0; after < 2; after++) {
    let gets = 0;
    const result = await restoreWith(single, undefined, async (name, options) => {
      if (gets > 0 || pack(name)) gets++;
      if (gets > after) throw new StorageError(`Cannot read "${name}": it is gone`);
      return await single.get(name, options);
    });
    expect(isBcatError(result.error, "storage-failed"), `${after}: ${result.error}`).toBe(true);
    expectDescriptorsClosed(result, String(after));
  }
});
