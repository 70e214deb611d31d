/** What is on a block device is stored as a file where that is asked for. That takes a loop device, which root can make. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { sliceOf } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const ways = sliceOf([{ how: "auto" }, { how: "off" }] as const);
const SIZE = 24 * 2 ** 20;
const ZEROS = 2 ** 20;
const ZEROS_END = 17 * 2 ** 20;

let scratch: Scratch;
let storage: MemoryStorage;
let image: Buffer;
let source: string;
const loops: string[] = [];
const clients: Client[] = [];

/** A loop device of a file; undefined where nobody can make one. */
function attach(file: string): string | undefined {
  const made = spawnSync("losetup", ["-f", "--show", file], { encoding: "utf8" });
  if (made.error !== undefined || made.status !== 0) return undefined;
  const device = made.stdout.trim();
  if (fs.existsSync(device)) return device;
  spawnSync("losetup", ["-d", device]);
  return undefined;
}

const canAttach = await (async () => {
  await using place = makeScratch(2 ** 20)!;
  const file = join(place.path, "image");
  fs.writeFileSync(file, Buffer.alloc(4096));
  const device = attach(file);
  if (device === undefined) process.stdout.write("read-special: skipped, that takes root and loop devices\n");
  else execFileSync("losetup", ["-d", device]);
  return device !== undefined;
})();

beforeEach(() => {
  scratch = makeScratch(2 ** 28)!;
  storage = createMemoryStorage();
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  image = randomBytesOf("image", SIZE);
  image.fill(0, ZEROS, ZEROS_END);
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  for (const device of loops.splice(0)) execFileSync("losetup", ["-d", device]);
  await scratch[Symbol.asyncDispose]();
});

async function open(accelerators: "auto" | "off"): Promise<Client> {
  const client = await openClient(storage, { accelerators });
  client.time = Date.now() + 86_400_000;
  clients.push(client);
  return client;
}

/** A device that has `bytes`. */
function device(bytes: Uint8Array, name = "image"): string {
  const file = join(scratch.path, name);
  fs.writeFileSync(file, bytes);
  const made = attach(file)!;
  loops.push(made);
  return made;
}

/** Another name of the same device. */
function nodeOf(path: string, name: string): string {
  const { rdev } = fs.statSync(path);
  const made = join(source, name);
  // Loop devices have minor numbers below 256.
  execFileSync("mknod", ["-m", "640", made, "b", String(rdev >> 8), String(rdev & 255)]);
  return made;
}

const target = (name: string) => join(scratch.path, name);

describe.skipIf(!canAttach).each(ways)("read-special, $how", ({ how }) => {
  test("a device that is a source is stored to its last byte, and its zeros come back as holes", async () => {
    const client = await open(how);
    const path = device(image);
    const { totalFiles, totalBytes, totalOthers, dataAdded } = await client.backup([path], { readSpecial: true });
    expect({ totalFiles, totalBytes, totalOthers }).toEqual({ totalFiles: 1, totalBytes: SIZE, totalOthers: 0 });
    expect(dataAdded).toBeLessThan(SIZE - (ZEROS_END - ZEROS) / 2);
    expect(client.warnings[0]).toBe(`note ${path}: it is a block device, and what is on it is stored as a file`);
    await client.restore("all", target("out"));
    const restored = join(target("out"), path.slice("/dev/".length));
    expect(fs.readFileSync(restored).equals(image)).toBe(true);
    const { blocks, mode } = fs.statSync(restored);
    expect(blocks * 512).toBeLessThan(SIZE - (ZEROS_END - ZEROS) / 2);
    expect(mode & 0o777).toBe(fs.statSync(path).mode & 0o777);
  });

  test("one in a folder is read by every backup, by all threads, and stored when it has changed", async () => {
    const client = await open(how);
    const path = device(image);
    nodeOf(path, "disk");
    fs.writeFileSync(join(source, "file"), "a file");
    const options = { readSpecial: true, threads: 3 };
    await client.backup([source], options);
    const same = await client.backup([source], options);
    expect(client.opened).toEqual(["disk"]);
    expect(same).toMatchObject({ filesUnmodified: 2, filesChanged: 0, dataChunks: 0, totalOthers: 0 });
    // Nothing that can be seen of the node tells of it.
    image.write("changed", 5_000_000);
    fs.writeFileSync(path, image);
    expect(await client.backup([source], options)).toMatchObject({ filesUnmodified: 1, filesChanged: 1 });
    await client.restore("all", target("out"));
    expect(fs.readFileSync(join(target("out"), "disk")).equals(image)).toBe(true);
  });

  test("without it a device is a device, also after a backup with it, and other special files always are", async () => {
    const client = await open(how);
    nodeOf(device(image), "disk");
    execFileSync("mkfifo", [join(source, "fifo")]);
    execFileSync("mknod", [join(source, "null"), "c", "1", "3"]);
    expect(await client.backup([source], { readSpecial: true })).toMatchObject({ totalFiles: 1, totalOthers: 2 });
    expect(await client.backup([source])).toMatchObject({ totalFiles: 0, totalOthers: 3 });
    expect(client.opened).toEqual([]);
  });

  test("a source that is a link to a device is that device, and any other link a link", async () => {
    const client = await open(how);
    const path = device(image);
    fs.symlinkSync(path, join(source, "one"));
    fs.symlinkSync("one", join(source, "two"));
    fs.symlinkSync("nothing", join(source, "three"));
    fs.symlinkSync("loop", join(source, "loop"));
    const roots = ["two", "three", "loop"].map((name) => join(source, name));
    const { totalFiles, totalSymlinks, totalBytes } = await client.backup(roots, { readSpecial: true });
    expect({ totalFiles, totalSymlinks, totalBytes }).toEqual({ totalFiles: 1, totalSymlinks: 2, totalBytes: SIZE });
  });

  test("a link to a device is not taken for any other where descriptors run out: the backup ends", async () => {
    const path = device(image);
    fs.symlinkSync(path, join(source, "link"));
    let ended = 0;
    for (let at = 1, hasFailed = true; hasFailed; at++) {
      let calls = 0;
      hasFailed = false;
      const client = await openClient(storage, {
        accelerators: how,
        replace: (posix) => ({
          openDirectoryToSearch(folder) {
            calls++;
            hasFailed ||= calls === at;
            if (calls === at) throw Object.assign(new Error("EMFILE: injected"), { code: "EMFILE", errno: -24 });
            return posix.openDirectoryToSearch(folder);
          },
        }),
      });
      clients.push(client);
      const done = client.backup([join(source, "link")], { readSpecial: true });
      if (
        await done.then(
          () => false,
          (error) => ended++ >= 0 && error.code === "refused",
        )
      )
        continue;
      expect(await done).toMatchObject({ totalFiles: 1, totalSymlinks: 0 });
    }
    expect(ended).toBeGreaterThan(1);
  });

  test("a device of a few bytes, and one of none, is stored too", async () => {
    const client = await open(how);
    nodeOf(device(randomBytesOf("small", 512), "small"), "small");
    nodeOf(device(new Uint8Array(0), "none"), "none");
    expect(await client.backup([source], { readSpecial: true })).toMatchObject({ totalFiles: 2, totalBytes: 512 });
    await client.restore("all", target("out"));
    expect(fs.readFileSync(join(target("out"), "small")).equals(randomBytesOf("small", 512))).toBe(true);
    expect(fs.statSync(join(target("out"), "none")).size).toBe(0);
  });

  test("a file that a device has taken the place of is not read", async () => {
    const client = await openClient(storage, {
      accelerators: how,
      replace: (posix) => ({
        openFileAt(directory, name) {
          fs.rmSync(join(source, "file"));
          nodeOf(path, "file");
          return posix.openFileAt(directory, name);
        },
      }),
    });
    clients.push(client);
    client.time = Date.now() + 86_400_000;
    const path = device(image);
    fs.writeFileSync(join(source, "file"), "a file of more bytes than stay in a node".repeat(20));
    await client.backup([source], { readSpecial: true });
    expect(client.warnings.join()).toContain("it was replaced by something that is no file");
  });
});
