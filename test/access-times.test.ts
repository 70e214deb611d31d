/** Access times are stored where that is asked for, as they were before anything was read, and come back. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { dump, importTar, listEntries } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { importOptions } from "./kit/import-options.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { isInstalled } from "./kit/tools.js";

const DAY = 86_400_000;
const hasBsdtar = isInstalled("bsdtar", "access times");
const NAMES = ["", "folder", "folder/small", "folder/large", "link", "empty"];

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
const clients: Client[] = [];
beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  storage = createMemoryStorage();
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  fs.writeFileSync(join(source, "folder/small"), "small");
  fs.writeFileSync(join(source, "folder/large"), randomBytesOf("large", 2 ** 20));
  fs.symlinkSync("empty", join(source, "link"));
  fs.writeFileSync(join(source, "empty"), "");
  NAMES.forEach((name, i) => {
    access(name, `@${1_000_000_000 + i}.123456000`);
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

const access = (name: string, time: string) => execFileSync("touch", ["-h", "-a", "-d", time, join(source, name)]);

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient(storage, options);
  client.time = Date.now() + DAY;
  clients.push(client);
  return client;
}

/** Later than it was read before, whatever the file system notes of that: its own data must not have changed. */
function readAsOthersDo(name: string): void {
  const file = fs.openSync(join(source, name), "r");
  fs.readSync(file, Buffer.alloc(10));
  fs.closeSync(file);
}

const timesIn = (folder: string) => NAMES.map((name) => fs.lstatSync(join(folder, name), { bigint: true }).atimeNs);

async function restored(client: Client, options: Parameters<Client["restore"]>[2] = {}): Promise<bigint[]> {
  const target = join(scratch.path, `restored-${clients.length}-${targets++}`);
  await client.restore("all", target, options);
  expect(client.warnings.filter((text) => !text.includes("to the microsecond"))).toEqual([]);
  return timesIn(target);
}
let targets = 0;

describe.each([{ accelerators: "auto" }, { accelerators: "off" }] as const)("access times, $accelerators", (how) => {
  test("with-atime brings back when files, folders and symbolic links were read last", async () => {
    const client = await open(how);
    const before = timesIn(source);
    await client.backup([source], { withAtime: true });
    expect(await restored(client)).toEqual(before);
    expect(await restored(client, { threads: 3 })).toEqual(before);
  });

  test("without it nothing is stored of them", async () => {
    const client = await open(how);
    await client.backup([source]);
    const { mtimeNs } = fs.lstatSync(join(source, "folder/small"), { bigint: true });
    const found = (await restored(client))[2]!;
    const off = found - mtimeNs;
    expect(off > -1_000n && off < 1_000n).toBe(true);
  });

  test("of a source that is a file it is that of before the reading", async () => {
    const client = await open(how);
    const before = timesIn(source)[3];
    await client.backup([join(source, "folder/large")], { withAtime: true });
    const target = join(scratch.path, "single");
    await client.restore("all", target);
    expect(fs.lstatSync(join(target, "large"), { bigint: true }).atimeNs).toBe(before);
  });

  test("a file that was read since has a new one, and is not read again", async () => {
    const client = await open(how);
    await client.backup([source], { withAtime: true });
    readAsOthersDo("folder/small");
    const before = timesIn(source)[2];
    const { filesUnmodified, filesChanged } = await client.backup([source], { withAtime: true });
    expect({ filesUnmodified, filesChanged, opened: client.opened }).toEqual({
      filesUnmodified: 3,
      filesChanged: 0,
      opened: [],
    });
    expect((await restored(client))[2]! / 1_000n).toBe(before! / 1_000n);
  });

  test("what is unchanged is taken over, access times and all", async () => {
    const client = await open(how);
    await client.backup([source], { withAtime: true });
    // The first one has read the link.
    await client.backup([source], { withAtime: true });
    const first = (await client.find("latest")).snapshot;
    const { dirsUnmodified } = await client.backup([source], { withAtime: true });
    const second = (await client.find("latest")).snapshot;
    expect({ dirsUnmodified }).toEqual({ dirsUnmodified: 2 });
    expect(second.roots[0]!.node).toEqual(first.roots[0]!.node);
  });

  test("a snapshot after one with them, and without the flag, has none", async () => {
    const client = await open(how);
    await client.backup([source]);
    const plain = (await client.find("latest")).snapshot;
    await client.backup([source], { withAtime: true });
    const accessed = (await client.find("latest")).snapshot;
    await client.backup([source]);
    const last = (await client.find("latest")).snapshot;
    expect(client.opened).toEqual([]);
    expect((accessed.records! & 32) !== 0 && (last.records! & 32) === 0).toBe(true);
    expect(accessed.roots[0]!.node).not.toEqual(plain.roots[0]!.node);
    expect(last.roots[0]!.node).toEqual(plain.roots[0]!.node);
  });

  test("names of one file that were read at different times are restored as one file", async () => {
    fs.linkSync(join(source, "folder/small"), join(source, "other"));
    let looks = 0;
    const client = await open({
      ...how,
      replace: (posix) => ({
        statEntry(directory, entries, index, into) {
          posix.statEntry(directory, entries, index, into);
          if (into.links > 1 && into.type === 1) into.atimeSeconds += looks++;
        },
      }),
    });
    await client.backup([source], { withAtime: true });
    const target = join(scratch.path, "linked");
    await client.restore("all", target);
    const [one, other] = ["folder/small", "other"].map((name) => fs.lstatSync(join(target, name)));
    expect(looks).toBe(2);
    expect(one!.ino).toBe(other!.ino);
  });

  test.skipIf(!hasBsdtar)("an archive tells them, and one that is taken in with-atime keeps them", async () => {
    const client = await open(how);
    await client.backup([source], { withAtime: true });
    const dumped: Buffer[] = [];
    const latest = await client.find("latest");
    const sink = { write: async (bytes: Uint8Array) => void dumped.push(Buffer.from(bytes)) };
    await dump(client.repository, latest, "all", sink, { below: Buffer.from(source) });
    const archive = Buffer.concat(dumped);
    execFileSync("bsdtar", ["-xp", "-f", "-", "-C", scratch.path], { input: archive });
    const { atimeMs } = fs.lstatSync(join(scratch.path, "folder/small"));
    expect(Math.floor(atimeMs / 1000)).toBe(1_000_000_002);
    const listed = async (withAtime: boolean) => {
      await importTar(client.repository, Readable.from([archive]), { ...importOptions, withAtime });
      const found = new Map<string, number | undefined>();
      for await (const { path, node } of listEntries(client.repository, await client.find("latest"), undefined))
        found.set(Buffer.from(path).toString(), node.atimeSeconds);
      return found.get("/archive/folder/small");
    };
    expect(await listed(true)).toBe(1_000_000_002);
    expect(await listed(false)).toBe(undefined);
  });
});
