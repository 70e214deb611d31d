/**
 * Every call of a backup fails once: what is not stored is named, by its own path and once, or nothing is committed; no
 * descriptor is closed twice, none stays open; and the next backup has everything.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import { listEntries, listSnapshots, PreparedBackup } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { type CallName, callsToFail, codesToFailWith, type Fault, FaultyPosix, oneInTurn } from "./kit/faulty-posix.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

/** The calls that a backup makes, of which each k-th fails once. */
const ALL_CALLS = [
  "openDirectoryToSearch",
  "openDirectoryAt",
  "readEntries",
  "readNames",
  "statAt",
  "statEntry",
  "statFile",
  "openFileAt",
  "read",
  "readLinkAt",
  "close",
  "closeDirectory",
  "attributes.areOn",
  "attributes.listAt",
  "attributes.getAt",
] as const satisfies readonly CallName[];

/** Where there are none of these calls, or no attributes, none can fail. */
let hasAttributes = false;
{
  await using place = makeScratch(2 ** 20)!;
  await using client = await openClient(createMemoryStorage());
  try {
    setAttribute(client.posix, place.path, "");
    hasAttributes = client.posix.attributes !== undefined;
  } catch {}
}
if (!hasAttributes)
  process.stdout.write("calls on extended attributes: skipped, that takes koffi and a file system with them\n");
const CALLS = ALL_CALLS.filter((call) => hasAttributes || !call.startsWith("attributes."));

function setAttribute(posix: Posix, folder: string, name: string): void {
  const directory = posix.openDirectory(Buffer.from(folder));
  const bytes = (text: string) => Buffer.from(text);
  posix.attributes?.setAt(directory, bytes(name), bytes("user.bcat"), bytes(`of ${name}`));
  posix.closeDirectory(directory);
}

/** What says nothing about the one entry that met it. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOMEM"];
const ENTRY_CODES = ["EIO", "ENOENT", "EACCES"];
const sizes = { packSize: 64 * 1024 };
const chunker = { kind: "fixed", minimum: 1_000, average: 1_000, maximum: 1_000 } as const;

let scratch: Scratch;
let source: string;
interface Source {
  readonly what: string;
  readonly storage: MemoryStorage;
  readonly roots: readonly string[];
  readonly isAhead?: boolean;
}

/** Without a snapshot, and with one that is no longer as the source is; by the names of their roots. */
const empty = createMemoryStorage();
const older = createMemoryStorage();
const SOURCES: readonly Source[] = [
  { what: "a first backup of one root", storage: empty, roots: ["one"] },
  { what: "a first backup of several", storage: empty, roots: ["alone", "link", "one", "two"] },
  { what: "a next backup of several", storage: older, roots: ["alone", "link", "one", "two"] },
  { what: "a next backup that was walked ahead", storage: older, roots: ["one", "two"], isAhead: true },
];

beforeAll(async () => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  for (const folder of ["one/deep/er/est", "one/empty", "one/own", "one/skip", "one/changed", "one/still", "two"]) {
    fs.mkdirSync(join(source, folder), { recursive: true });
  }
  const files = {
    alone: 2_500,
    "one/inline": 100,
    "one/none": 0,
    "one/small": 900,
    "one/own/pack": 700,
    "one/skip/file": 700,
    "one/skip file": 700,
    "one/changed/a": 1_500,
    "one/changed/b": 1_500,
    "one/still/file": 1_500,
    "one/deep/large": 3_500,
    "one/deep/er/list": 66_500,
    "one/deep/er/est/file": 1_900,
    "two/file": 600,
  };
  for (const [name, size] of Object.entries(files)) write(name, size);
  fs.symlinkSync("small", join(source, "one/a link"));
  fs.symlinkSync("nowhere", join(source, "one/deep/er/link"));
  fs.symlinkSync("one", join(source, "link"));
  fs.linkSync(join(source, "one/deep/large"), join(source, "one/deep/er/large too"));
  fs.linkSync(join(source, "one/small"), join(source, "one/deep/small too"));
  fs.linkSync(join(source, "one/deep/er/est/file"), join(source, "two/other root's"));
  execFileSync("mkfifo", [join(source, "one/deep/fifo")]);
  {
    await using first = await open(empty);
    if (hasAttributes)
      for (const name of ["own", "deep", "still", "small"]) setAttribute(first.posix, join(source, "one"), name);
    await using client = await open(older);
    await client.backup(all(), settings());
  }
  write("one/changed/b", 1_700);
  write("one/deep/er/est/new", 1_200);
  write("alone", 2_700);
});
afterAll(() => scratch[Symbol.asyncDispose]());

function write(name: string, size: number): void {
  fs.writeFileSync(join(source, name), randomBytesOf(`${name} ${size}`, size));
}

const all = () => ["alone", "link", "one", "two"].map((root) => join(source, root));
const settings = () => ({ excludes: ["skip/"], ownFolders: [Buffer.from(join(source, "one/own"))] });

async function open(storage: MemoryStorage): Promise<Client> {
  const client = await openClient(storage, { chunker, sizes });
  client.time = Date.now() + 3_600_000;
  return client;
}

interface Result {
  readonly storage: MemoryStorage;
  readonly faulty: FaultyPosix;
  readonly error: unknown;
  /** Paths of errors. */
  readonly named: readonly string[];
  /** Those of which only extended attributes could not be read. */
  readonly withoutAttributes: readonly string[];
  /** Of the summary. */
  readonly errors: number;
  /** Paths in the snapshot; undefined when none was committed. */
  readonly stored: readonly string[] | undefined;
}

async function backupWith({ storage: from, roots, isAhead }: Source, fault?: Fault): Promise<Result> {
  const storage = from.clone();
  await using client = await open(storage);
  const faulty = new FaultyPosix(client.posix, fault);
  const named: string[] = [];
  const withoutAttributes: string[] = [];
  const before = (await listSnapshots(client.repository)).length;
  let error: unknown;
  let errors = 0;
  try {
    const paths = roots.map((root) => Buffer.from(join(source, root)));
    await using prepared = new PreparedBackup(faulty.posix, paths, {
      ...settings(),
      now: client.repository.environment.now,
      onWarning: ({ path, kind, code }) => {
        if (kind === "error") named.push(Buffer.from(path).toString());
        if (code === "attributes-unreadable") withoutAttributes.push(Buffer.from(path).toString());
      },
    });
    if (isAhead === true) await lookAhead(prepared);
    const summary = await prepared.run(client.repository);
    errors = summary.errors;
  } catch (thrown) {
    error = thrown;
  }
  const isCommitted = (await listSnapshots(client.repository)).length > before;
  return {
    storage,
    faulty,
    error,
    named,
    withoutAttributes,
    errors,
    stored: isCommitted ? await pathsOf(client) : undefined,
  };
}

/** All of it: so small a source has been walked when others get to run. */
async function lookAhead(prepared: PreparedBackup): Promise<void> {
  prepared.lookAhead();
  await new Promise(setImmediate);
}

async function pathsOf(client: Client): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of listEntries(client.repository, await client.find("latest"), undefined))
    paths.push(Buffer.from(path).toString());
  return paths;
}

const isOwn = (path: string) => `${path}/`.startsWith(`${source}/one/own/`);

/** Everything in the source that is not left out on purpose. */
function listed(roots: readonly string[]): string[] {
  const paths: string[] = [];
  const look = (path: string) => {
    if (isOwn(path) || path.endsWith("/skip")) return;
    paths.push(path);
    if (fs.lstatSync(path).isDirectory()) for (const name of fs.readdirSync(path)) look(join(path, name));
  };
  for (const root of roots) look(join(source, root));
  return paths;
}

/** Every entry is stored, or it or the folder it is in is named; none both; and the summary says so. */
function expectAccounted(result: Result, roots: readonly string[], what: string, code?: string): void {
  const { stored, named, errors, withoutAttributes: without } = result;
  const isStoredWithout = (path: string) => without.includes(path);
  const found = new Set(stored);
  const isNamed = (path: string): boolean =>
    path.length > source.length && (named.includes(path) || isNamed(join(path, "..")));
  const expected = listed(roots);
  const lost = expected.filter((path) => !found.has(path) && !isNamed(path));
  const both = named.filter((path) => found.has(path) && !isOwn(path) && !isStoredWithout(path));
  // The repository is no source; where it cannot be looked at it is named and stored, where it is not there only that.
  const isStrange = (path: string) =>
    !expected.includes(path) && !(isOwn(path) && (isNamed(path) || code === "ENOENT"));
  const strange = [...found].filter(isStrange);
  expect({ lost, both, strange }, what).toEqual({ lost: [], both: [], strange: [] });
  expect(new Set(named).size, what).toBe(named.length);
  expect(errors, what).toBe(named.length);
}

function expectDescriptorsClosed({ faulty }: Result, what: string): void {
  expect({ twice: faulty.closedTwice, open: [...faulty.open] }, what).toEqual({ twice: [], open: [] });
}

/** The roots of the newest snapshot, down to the ids of their trees. */
async function treesOf(client: Client): Promise<string[]> {
  const { snapshot } = await client.find("latest");
  return snapshot.roots.map(({ path, node }) => `${Buffer.from(path)} ${Buffer.from(node).toString("hex")}`);
}

test("a backup in which nothing fails makes these calls and no others", async () => {
  const seen = new Set<string>(["readNames"]);
  for (const from of SOURCES) {
    const { roots, what } = from;
    const result = await backupWith(from);
    expect(result.error, what).toBeUndefined();
    expect(result.named, what).toEqual([]);
    expectAccounted(result, roots, what);
    expectDescriptorsClosed(result, what);
    for (const call of result.faulty.counts.keys()) seen.add(call);
  }
  expect([...seen].sort()).toEqual([...CALLS].sort());
});

/** Nothing but this is worth a word when it fails: all that was to be read has been. */
const SILENT: readonly CallName[] = ["closeDirectory"];

const inTurn = CALLS.map((call, turn) => [call, turn] as const);

test.each(inTurn)("%s() fails once: stored + named = listed, and the next backup has all", async (call, place) => {
  for (const from of oneInTurn(SOURCES, place)) {
    const { storage, roots, what } = from;
    const clean = await backupWith(from);
    await using first = await open(clean.storage);
    const trees = await treesOf(first);
    for (const [turn, at] of callsToFail(clean.faulty.counts.get(call)).entries()) {
      // All codes where all else is the same; elsewhere they take turns.
      const own = ENTRY_CODES[turn % ENTRY_CODES.length]!;
      for (const code of storage === older ? codesToFailWith(ENTRY_CODES, turn) : [own]) {
        const which = `${what}: ${call} ${at} ${code}`;
        const result = await backupWith(from, { call, at, code });
        expectDescriptorsClosed(result, which);
        if (result.error === undefined) expectAccounted(result, roots, which, code);
        else {
          expect(isBcatError(result.error, "source-failed"), `${which}: ${result.error}`).toBe(true);
          expect(result.stored, which).toBeUndefined();
          expect(roots, which).toHaveLength(1);
        }
        if (SILENT.includes(call)) expect(result.named, which).toEqual([]);
        expect(result.named.length, which).toBeLessThanOrEqual(1);
        await using client = await open(result.storage);
        expect(
          await client.backup(
            roots.map((root) => join(source, root)),
            settings(),
          ),
          which,
        ).toMatchObject({
          errors: 0,
        });
        expect(await treesOf(client), which).toEqual(trees);
      }
    }
  }
});

test("EMFILE, ENFILE and ENOMEM end the backup, and nothing is committed", async () => {
  for (const [call, place] of inTurn) {
    if (call === "close" || call === "closeDirectory") continue;
    for (const from of oneInTurn(SOURCES, place + 1)) {
      const { roots, what } = from;
      const clean = await backupWith(from);
      for (const [turn, at] of callsToFail(clean.faulty.counts.get(call)).entries()) {
        const code = EXHAUSTED[turn % EXHAUSTED.length]!;
        const which = `${what}: ${call} ${at} ${code}`;
        const result = await backupWith(from, { call, at, code });
        expectDescriptorsClosed(result, which);
        if (result.error === undefined) {
          // What needs a descriptor is tried again when others could be closed.
          expect(["openDirectoryAt", "openFileAt", "statFile", "read", "attributes.areOn"], which).toContain(call);
          expect(result.named, which).toEqual([]);
          expectAccounted(result, roots, which);
        } else {
          expect(isBcatError(result.error, "refused"), `${which}: ${result.error}`).toBe(true);
          expect(String(result.error), which).toContain(code);
          expect(result.stored, which).toBeUndefined();
        }
      }
    }
  }
});

test("a backup that is walked ahead and not done warns of nothing and leaves no descriptor open", async () => {
  await using client = await open(empty.clone());
  const faulty = new FaultyPosix(client.posix, { call: "statEntry", at: 2, code: "EIO" });
  const warned: unknown[] = [];
  {
    await using prepared = new PreparedBackup(faulty.posix, [Buffer.from(join(source, "one"))], {
      now: client.repository.environment.now,
      onWarning: (warning) => void warned.push(warning),
    });
    await lookAhead(prepared);
    expect(faulty.open.size).toBeGreaterThan(0);
  }
  expect({ twice: faulty.closedTwice, open: [...faulty.open], warned }).toEqual({ twice: [], open: [], warned: [] });
});
