import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isBcatError, StorageError } from "@bcat/errors";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { type LocalFile, type LocalFileSystem, nodeFileSystem } from "./local/file-system.js";
import { openLocalStorage } from "./local.js";
import { type ListedObject, objectSizeMax } from "./storage.js";

describeStorage("local storage", async () => {
  const { root, dispose } = await makeFolder();
  return { storage: openLocalStorage(root, { suffix: counter() }), dispose };
});

describeStorage("local storage without hard links", async () => {
  const { root, dispose } = await makeFolder();
  const { fileSystem } = recordCalls(root, { link: "EPERM" });
  return { storage: openLocalStorage(root, { suffix: counter(), fileSystem }), dispose };
});

describe("local storage", () => {
  let root: string;
  let dispose: () => Promise<void>;
  const bytes = Buffer.from("0123456789");

  beforeEach(async () => {
    ({ root, dispose } = await makeFolder());
  });
  afterEach(async () => {
    await dispose();
  });

  /** A storage whose calls are recorded, and fail where `faults` says so: call as recorded, or its verb → errno. */
  function open(faults: Faults = {}, path = root) {
    const { fileSystem, calls } = recordCalls(root, faults);
    return { storage: openLocalStorage(path, { suffix: counter(), fileSystem }), calls };
  }

  const publishing = (directory: string, name: string) => [
    `open wx ${directory}/.tmp-1`,
    `write ${directory}/.tmp-1 10`,
    `chmod ${directory}/.tmp-1 400`,
    `sync ${directory}/.tmp-1`,
    `close ${directory}/.tmp-1`,
    `link ${directory}/.tmp-1 ${directory}/${name}`,
    `unlink ${directory}/.tmp-1`,
    `open r ${directory}`,
    `sync ${directory}`,
    `close ${directory}`,
  ];
  const syncing = (directory: string) => [`open r ${directory}`, `sync ${directory}`, `close ${directory}`];

  test.each(["put", "putIfAbsent"] as const)("%s() syncs the file before its name, and the name last", async (verb) => {
    const { storage, calls } = open();
    await storage[verb]("config", bytes);
    expect(calls).toEqual(["mkdir .", ...publishing(".", "config")]);
  });

  test("put() syncs the parent of every directory it makes, before it writes", async () => {
    const { storage, calls } = open();
    await storage.put("packs/ab/1-ff", bytes);
    const making = ["mkdir .", "mkdir ./packs", ...syncing("."), "mkdir ./packs/ab", ...syncing("./packs")];
    expect(calls).toEqual([...making, ...publishing("./packs/ab", "1-ff")]);
  });

  test("put() makes each directory once, also for puts at the same time", async () => {
    const { storage, calls } = open();
    await Promise.all(Array.from({ length: 8 }, (_, index) => storage.put(`packs/ab/${index}`, bytes)));
    expect(calls.filter((call) => call.startsWith("mkdir"))).toEqual(["mkdir .", "mkdir ./packs", "mkdir ./packs/ab"]);
  });

  test("put() makes a missing root, and syncs above it", async () => {
    const { storage, calls } = open({}, join(root, "a/b"));
    await storage.put("config", bytes);
    const missing = ["mkdir ./a/b", "mkdir ./a"];
    expect(calls).toEqual([
      ...missing,
      ...syncing("."),
      "mkdir ./a/b",
      ...syncing("./a"),
      ...publishing("./a/b", "config"),
    ]);
  });

  test("put() goes on after short writes", async () => {
    const { storage, calls } = open({ shortWrites: "4" });
    await storage.put("config", bytes);
    const sizes = calls.filter((call) => call.startsWith("write")).map((call) => call.split(" ").at(-1));
    expect(sizes).toEqual(["10", "6", "2"]);
    expect(await readFile(join(root, "config"))).toEqual(bytes);
  });

  test("put() leaves files read-only and directories private", async () => {
    await open().storage.put("packs/ab/1-ff", bytes);
    expect((await stat(join(root, "packs/ab/1-ff"))).mode & 0o777).toBe(0o400);
    expect((await stat(join(root, "packs/ab"))).mode & 0o777).toBe(0o700);
  });

  test("put() does without modes where the file system has none", async () => {
    await open({ chmod: "ENOTSUP" }).storage.put("config", bytes);
    expect(await readFile(join(root, "config"))).toEqual(bytes);
  });

  test("put() fails for good when an fsync of the file fails, without a name given", async () => {
    const { storage, calls } = open({ "sync ./.tmp-1": "EIO" });
    await expect(storage.put("config", bytes)).rejects.toThrow(
      `Cannot write "config" in ${root}: input/output error of the device (EIO)`,
    );
    expect(await readdir(root)).toEqual([]);
    await expect(storage.put("config", bytes)).rejects.toThrow("an earlier fsync failed");
    expect(await storage.get("config")).toBeUndefined();
    expect(calls.filter((call) => call.startsWith("sync"))).toEqual(["sync ./.tmp-1"]);
    await open().storage.put("config", bytes);
  });

  test("put() and putIfAbsent() fail for good when an fsync of the directory fails", async () => {
    const { storage } = open({ "sync .": "EIO" });
    await expect(storage.putIfAbsent("config", bytes)).rejects.toBeInstanceOf(StorageError);
    await expect(storage.putIfAbsent("config", bytes)).rejects.toThrow("an earlier fsync failed");
    await expect(storage.put("config", bytes)).rejects.toThrow("an earlier fsync failed");
  });

  test.each(["EINVAL", "ENOTSUP"])("put() ignores that directories cannot be synced (%s)", async (code) => {
    await open({ "sync .": code }).storage.put("config", bytes);
  });

  test.each(["put", "putIfAbsent"] as const)("%s() of a taken name makes what holds it durable", async (verb) => {
    await writeFile(join(root, "config"), bytes);
    const { storage, calls } = open();
    await storage[verb]("config", bytes).catch((error: unknown) => expect(isBcatError(error, "exists")).toBe(true));
    const syncs = calls.filter((call) => call.startsWith("sync"));
    expect(syncs).toEqual(["sync ./.tmp-1", "sync ./config", "sync ."]);
  });

  test.each([
    ["ENOSPC", "no space left on device (ENOSPC)"],
    ["EDQUOT", "disk quota exceeded (EDQUOT)"],
    ["EROFS", "the file system is read-only (EROFS)"],
    ["EACCES", "permission denied (EACCES)"],
    ["EPERM", "operation not permitted (EPERM)"],
    ["EIO", "input/output error of the device (EIO)"],
    ["ESTALE", "injected ESTALE"],
  ])("put() says %s in words, keeps the cause and leaves nothing", async (code, words) => {
    const { storage } = open({ write: code });
    const error = await storage.put("packs/ab/1-ff", bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StorageError);
    expect((error as StorageError).message).toBe(`Cannot write "packs/ab/1-ff" in ${root}: ${words}`);
    expect((error as StorageError).cause).toMatchObject({ code });
    expect(await readdir(join(root, "packs/ab"))).toEqual([]);
  });

  test("put() without hard links creates the name itself, and a failed write takes it back", async () => {
    const { storage, calls } = open({ link: "ENOTSUP", "write ./outcome": "ENOSPC" });
    await storage.put("config", bytes);
    expect(calls.slice(-8)).toEqual([
      "open wx ./config",
      "write ./config 10",
      "chmod ./config 400",
      "sync ./config",
      "close ./config",
      ...syncing("."),
    ]);
    await expect(storage.putIfAbsent("outcome", bytes)).rejects.toThrow("ENOSPC");
    expect(await readdir(root)).toEqual(["config"]);
    expect(calls.filter((call) => call.startsWith("link"))).toHaveLength(1);
  });

  test("put() does not touch a temporary file that is not its own", async () => {
    await writeFile(join(root, ".tmp-1"), "another writer's");
    await expect(open().storage.put("config", bytes)).rejects.toBeInstanceOf(StorageError);
    expect(await readFile(join(root, ".tmp-1"), "utf8")).toBe("another writer's");
  });

  test("put() aborted while writing leaves nothing", async () => {
    const controller = new AbortController();
    const { storage } = open({ onSync: () => controller.abort(new Error("enough")) });
    await expect(storage.put("config", bytes, { signal: controller.signal })).rejects.toThrow("enough");
    expect(await readdir(root)).toEqual([]);
  });

  test("get() throws a StorageError when the device fails, and closes the file", async () => {
    const { storage, calls } = open({ read: "EIO" });
    await storage.put("config", bytes);
    await expect(storage.get("config")).rejects.toThrow(
      `Cannot read "config" in ${root}: input/output error of the device (EIO)`,
    );
    expect(calls.at(-1)).toBe("close ./config");
  });

  test("get() refuses to allocate for an object above the maximum", async () => {
    await writeFile(join(root, "config"), "");
    await truncate(join(root, "config"), objectSizeMax + 1);
    const { storage } = open();
    await expect(storage.get("config")).rejects.toThrow(
      `Cannot read "config" in ${root}: ${objectSizeMax + 1} bytes are above the maximum ${objectSizeMax}`,
    );
    expect(await storage.get("config", { range: { offset: objectSizeMax, length: 9 } })).toEqual(Uint8Array.of(0));
  });

  test.each(["put", "putIfAbsent"] as const)("%s() killed at any call leaves nothing or the whole", async (verb) => {
    const whole = open({}, join(root, "whole"));
    await mkdir(join(root, "whole"));
    await whole.storage[verb]("packs/1", bytes);
    for (let crashAt = 0; crashAt < whole.calls.length; crashAt++) {
      const path = join(root, `${crashAt}`);
      await mkdir(path);
      await expect(open({ crashAt: `${crashAt}` }, path).storage[verb]("packs/1", bytes)).rejects.toThrow();
      const { storage, calls } = open({}, path);
      expect([undefined, new Uint8Array(bytes)]).toContainEqual(await storage.get("packs/1"));
      for await (const { name } of storage.listTemporary()) expect(name).toBe("packs/.tmp-1");
      await rm(join(path, "packs/.tmp-1"), { force: true });
      await storage.put("packs/1", bytes);
      expect(calls.filter((call) => call.startsWith("sync")).at(-1)).toMatch(/packs$/);
      expect(await collect(storage.list(""))).toEqual([{ name: "packs/1", size: 10 }]);
    }
  });

  test("list() passes over leftovers and foreign files, listTemporary() gives the leftovers", async () => {
    const { storage } = open();
    await storage.put("packs/ab/1-ff", bytes);
    await writeFile(join(root, "packs/ab/.tmp-7"), "left");
    await writeFile(join(root, ".tmp-8"), "");
    await writeFile(join(root, "README.md"), "");
    await mkdir(join(root, "lost+found"));
    expect(await collect(storage.list(""))).toEqual([{ name: "packs/ab/1-ff", size: 10 }]);
    const leftovers = await collect(storage.listTemporary());
    expect(leftovers.map(({ name }) => name).sort()).toEqual([".tmp-8", "packs/ab/.tmp-7"]);
  });

  test("list() opens directories only as it is asked for more", async () => {
    const { storage, calls } = open();
    for (const name of ["a/1", "b/1", "c/1"]) await storage.put(name, bytes);
    for await (const _ of storage.list("")) break;
    expect(calls.filter((call) => call.startsWith("opendir"))).toHaveLength(2);
  });

  test("list() and delete() name the fault", async () => {
    const { storage } = open({ opendir: "EACCES", unlink: "EROFS" });
    await expect(collect(storage.list(""))).rejects.toThrow(`Cannot list "" in ${root}: permission denied (EACCES)`);
    await expect(storage.delete("config")).rejects.toThrow(`Cannot delete "config" in ${root}: the file system`);
  });

  test("openLocalStorage() refuses an empty path", () => {
    expect(() => open({}, "")).toThrow(RangeError);
  });

  test("two storages in one folder see each other", async () => {
    const [first, second] = ["a", "b"].map((prefix) => {
      const next = counter();
      return openLocalStorage(root, { suffix: () => `${prefix}${next()}` });
    });
    await first?.putIfAbsent("log/1", bytes);
    await expect(second?.putIfAbsent("log/1", bytes)).rejects.toMatchObject({ code: "exists" });
    expect(await second?.get("log/1")).toEqual(new Uint8Array(bytes));
  });
});

async function makeFolder() {
  const root = await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "bcat-local-"));
  await chmod(root, 0o700);
  return { root, dispose: () => rm(root, { recursive: true, force: true }) };
}

function counter(): () => string {
  let count = 0;
  return () => String(++count);
}

/** From a verb ("link"), or a verb and path ("sync ./config"), to the errno that such a call fails with. */
interface Faults {
  readonly [call: string]: string | (() => void) | undefined;
  /** The most bytes that a write takes. */
  readonly shortWrites?: string;
  readonly onSync?: () => void;
  /** The number of calls that are done before the process is dead. */
  readonly crashAt?: string;
}

/** The real file system, with every call recorded as "verb path more"; paths are shown below `root` as "./…". */
function recordCalls(root: string, faults: Faults): { fileSystem: LocalFileSystem; calls: string[] } {
  const calls: string[] = [];
  const shown = (path: string) => path.replace(root, ".");
  const writeMax = Number(faults.shortWrites ?? Number.POSITIVE_INFINITY);
  const crashAt = Number(faults.crashAt ?? Number.POSITIVE_INFINITY);

  async function call<T>(verb: string, path: string, rest: string, run: () => Promise<T>): Promise<T> {
    if (calls.length >= crashAt) throw Object.assign(new Error("injected crash"), { code: "EIO" });
    calls.push([verb, path, rest].filter((part) => part !== "").join(" "));
    const code = faults[`${verb} ${path}`] ?? faults[verb];
    if (typeof code === "string") throw Object.assign(new Error(`injected ${code}`), { code });
    return await run();
  }

  function recordFile(file: LocalFile, path: string): LocalFile {
    return {
      read: (...rest) => call("read", path, "", () => file.read(...rest)),
      write: (bytes, offset, length, position) =>
        call("write", path, `${length}`, () => file.write(bytes, offset, Math.min(length, writeMax), position)),
      stat: () => file.stat(),
      chmod: (mode) => call("chmod", path, mode.toString(8), () => file.chmod(mode)),
      sync: () => call("sync", path, "", () => file.sync()).finally(faults.onSync),
      close: () => file.close().then(() => call("close", path, "", async () => {})),
    };
  }

  const fileSystem: LocalFileSystem = {
    open: async (path, flags, mode) => {
      const file = await call(`open ${flags}`, shown(path), "", () => nodeFileSystem.open(path, flags, mode));
      return recordFile(file, shown(path));
    },
    link: (from, to) => call("link", shown(from), shown(to), () => nodeFileSystem.link(from, to)),
    unlink: (path) => call("unlink", shown(path), "", () => nodeFileSystem.unlink(path)),
    mkdir: (path, mode) => call("mkdir", shown(path), "", () => nodeFileSystem.mkdir(path, mode)),
    opendir: (path) => call("opendir", shown(path), "", () => nodeFileSystem.opendir(path)),
    stat: (path) => nodeFileSystem.stat(path),
  };
  return { fileSystem, calls };
}

async function collect(listing: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of listing) objects.push(object);
  return objects;
}
