import { existsSync, renameSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, rmdir, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isBcatError, StorageError } from "@bcat/errors";
import { loadPosix } from "@bcat/posix";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createFileSystem, type LocalFile, type LocalFileSystem } from "./local/file-system.js";
import { openLocalStorage } from "./local.js";
import { type ListedObject, objectSizeMax } from "./storage.js";

describeStorage("local storage", async () => {
  const { root, dispose } = await makeFolder();
  return { storage: openLocalStorage(root, { suffix: counter() }), dispose };
});

describe.skipIf(loadPosix("auto").renameExclusive === undefined)("with the real exclusive rename", () => {
  describeStorage("local storage without hard links", async () => {
    const { root, dispose } = await makeFolder();
    const { fileSystem } = recordCalls(root, { link: "EPERM" }, createFileSystem(loadPosix("auto")));
    return { storage: openLocalStorage(root, { suffix: counter(), fileSystem }), dispose };
  });
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
    `sync ${directory}/.tmp-1`,
    `link ${directory}/.tmp-1 ${directory}/${name}`,
    `chmod ${directory}/.tmp-1 400`,
    `close ${directory}/.tmp-1`,
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

  test.each(["EMFILE", "ENFILE", "ENOMEM"])("get() takes %s for a fault, never for an absence", async (code) => {
    await open().storage.put("config", bytes);
    for (const verb of ["open r", "read"]) {
      await expect(open({ [verb]: code }).storage.get("config")).rejects.toThrow(StorageError);
    }
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
    ["ESTALE", "the network file system has lost it (ESTALE)"],
    ["ENOTDIR", "it is not a directory (ENOTDIR)"],
    ["ENAMETOOLONG", "the name is too long (ENAMETOOLONG)"],
    ["ENOSR", "injected ENOSR"],
  ])("put() says %s in words, keeps the cause and leaves nothing", async (code, words) => {
    const { storage } = open({ write: code });
    const error = await storage.put("packs/ab/1-ff", bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StorageError);
    expect((error as StorageError).message).toBe(`Cannot write "packs/ab/1-ff" in ${root}: ${words}`);
    expect((error as StorageError).cause).toMatchObject({ code });
    expect(await readdir(join(root, "packs/ab"))).toEqual([]);
  });

  test.each([
    ["put", "EPERM"],
    ["putIfAbsent", "EPERM"],
    ["putIfAbsent", "EACCES"],
    ["putIfAbsent", "ENOTSUP"],
  ] as const)("%s() renames where there are no hard links (%s)", async (verb, code) => {
    const { storage, calls } = open({ link: code });
    await storage[verb]("config", bytes);
    expect(calls).toEqual([
      "mkdir .",
      "open wx ./.tmp-1",
      "write ./.tmp-1 10",
      "sync ./.tmp-1",
      "link ./.tmp-1 ./config",
      "rename ./.tmp-1 ./config",
      "chmod ./.tmp-1 400",
      "close ./.tmp-1",
      ...syncing("."),
    ]);
    expect((await stat(join(root, "config"))).mode & 0o777).toBe(0o400);
  });

  test("put() asks once for hard links, and leaves nothing where the name is taken", async () => {
    const { storage, calls } = open({ link: "ENOTSUP" });
    await storage.put("config", bytes);
    await storage.put("config", bytes);
    await expect(storage.putIfAbsent("config", bytes)).rejects.toMatchObject({ code: "exists" });
    expect(await readdir(root)).toEqual(["config"]);
    expect(calls.filter((call) => call.startsWith("link"))).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith("rename"))).toHaveLength(3);
  });

  test.each(["EINVAL", "ENOSYS"])(
    "put() writes nothing where there is no exclusive rename either (%s)",
    async (code) => {
      const { storage } = open({ link: "EPERM", rename: code });
      for (const verb of ["put", "putIfAbsent"] as const) {
        const error = await storage[verb]("config", bytes).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(StorageError);
        expect((error as StorageError).message).toBe(
          `Cannot write "config" in ${root}: the file system has neither hard links nor a rename that refuses a taken name; use another one`,
        );
      }
      expect(await readdir(root)).toEqual([]);
    },
  );

  test("put() says what is missing where it has no call for an exclusive rename, and get() goes on", async () => {
    await open().storage.put("config", bytes);
    const { fileSystem } = recordCalls(root, { link: "EPERM" }, createFileSystem());
    const storage = openLocalStorage(root, { suffix: counter(), fileSystem });
    await expect(storage.put("other", bytes)).rejects.toThrow(
      `Cannot write "other" in ${root}: the file system has no hard links; without them, writing needs the package koffi`,
    );
    expect(await readdir(root)).toEqual(["config"]);
    expect(await storage.get("config")).toEqual(new Uint8Array(bytes));
  });

  test("put() names any other fault of the rename", async () => {
    const { storage } = open({ link: "EPERM", rename: "EIO" });
    await expect(storage.put("config", bytes)).rejects.toThrow("input/output error of the device (EIO)");
    expect(await readdir(root)).toEqual([]);
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

  test.each([
    ["put", {}, 0o700],
    ["putIfAbsent", {}, 0o700],
    ["put", { link: "EPERM" }, 0o700],
    ["putIfAbsent", { link: "EPERM" }, 0o700],
    ["putIfAbsent", {}, 0o770],
    ["putIfAbsent", { rename: "EINVAL" }, 0o770],
  ] as const)(
    "%s() killed at any call leaves nothing or the whole (%o, folder of mode %i)",
    async (verb, faults, mode) => {
      const makeFolder = async (name: string) => {
        await mkdir(join(root, name));
        await chmod(join(root, name), mode);
        return join(root, name);
      };
      const whole = open(faults, await makeFolder("whole"));
      await whole.storage[verb]("packs/1", bytes);
      for (let crashAt = 0; crashAt < whole.calls.length; crashAt++) {
        const path = await makeFolder(`${crashAt}`);
        await expect(
          open({ ...faults, crashAt: `${crashAt}` }, path).storage[verb]("packs/1", bytes),
        ).rejects.toThrow();
        const { storage, calls } = open(faults, path);
        expect([undefined, new Uint8Array(bytes)]).toContainEqual(await storage.get("packs/1"));
        const leftovers = (await collect(storage.listTemporary())).map(({ name }) => name);
        for (const name of leftovers)
          expect(name).toMatch(mode === 0o700 ? /^packs\/\.tmp-1$/ : /^(packs\/)?\.tmp-\d$/);
        for (const name of leftovers) await rm(join(path, name));
        for (const name of await readdir(path)) if (name.startsWith(".tmp-")) await rmdir(join(path, name));
        await storage.put("packs/1", bytes);
        expect(calls.filter((call) => call.startsWith("sync")).at(-1)).toMatch(/packs$/);
        expect(await collect(storage.list(""))).toEqual([{ name: "packs/1", size: 10 }]);
        expect((await stat(join(path, "packs"))).mode & 0o777).toBe(mode);
      }
    },
  );

  test("put() opens no name to a group before the group may read it, nor a directory before it may use it", async () => {
    await chmod(root, 0o770);
    const { storage, calls } = open();
    await storage.put("packs/1", bytes);
    const group = (await stat(root)).gid;
    expect(calls).toEqual([
      "mkdir .",
      ...["open wx ./.tmp-1", "close ./.tmp-1", "unlink ./.tmp-1"],
      ...["mkdir ./.tmp-2", "open d ./.tmp-2", "chmod ./.tmp-2 770", "close ./.tmp-2", "rename ./.tmp-2 ./packs"],
      ...syncing("."),
      ...["open wx ./packs/.tmp-3", "write ./packs/.tmp-3 10", "chmod ./packs/.tmp-3 640", "sync ./packs/.tmp-3"],
      ...["link ./packs/.tmp-3 ./packs/1", "chmod ./packs/.tmp-3 440", "close ./packs/.tmp-3", "unlink ./packs/.tmp-3"],
      ...syncing("./packs"),
    ]);
    expect(await stat(join(root, "packs/1"))).toMatchObject({ gid: group });
  });

  test("put() of a directory that another writer makes at the same moment goes on in that one", async () => {
    await chmod(root, 0o770);
    const other = () => openLocalStorage(root, { suffix: () => "other" });
    let raced = false;
    const { fileSystem } = recordCalls(root, {});
    const mkdirAfter: LocalFileSystem = {
      ...fileSystem,
      mkdir: async (path, mode) => {
        if (!raced && path.includes(".tmp-")) {
          raced = true;
          await other().put("packs/theirs", bytes);
        }
        return await fileSystem.mkdir(path, mode);
      },
    };
    for (const exclusive of [true, false]) {
      const { renameExclusive, ...without } = mkdirAfter;
      raced = false;
      await rm(join(root, "packs"), { recursive: true, force: true });
      const storage = openLocalStorage(root, { suffix: counter(), fileSystem: exclusive ? mkdirAfter : without });
      await storage.put("packs/ours", bytes);
      expect((await readdir(join(root, "packs"))).sort()).toEqual(["ours", "theirs"]);
      expect(await readdir(root)).toEqual(["packs"]);
    }
  });

  test("put() gives the group nothing of a file that cannot be the group's", async () => {
    await chmod(root, 0o770);
    const { fileSystem } = recordCalls(root, { chown: "EPERM" });
    const ofAnotherGroup: LocalFileSystem = {
      ...fileSystem,
      stat: async (path) => {
        const { size, mtimeMs, mode, uid, gid } = await stat(path);
        return { size, mtimeMs, mode, uid, gid: gid + 1, isFile: () => true };
      },
    };
    await openLocalStorage(root, { suffix: counter(), fileSystem: ofAnotherGroup }).put("packs/1", bytes);
    expect((await stat(join(root, "packs/1"))).mode & 0o777).toBe(0o400);
    expect((await stat(join(root, "packs"))).mode & 0o7777).toBe(0o700);
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
    for (const { name, modifiedAt } of leftovers) expect(modifiedAt).toBe((await stat(join(root, name))).mtimeMs);
  });

  test("deleteTemporary() removes a leftover, and nothing else", async () => {
    const { storage } = open();
    await storage.put("packs/ab/1-ff", bytes);
    await writeFile(join(root, "packs/ab/.tmp-7"), "left");
    await storage.deleteTemporary("packs/ab/.tmp-7");
    await storage.deleteTemporary("packs/ab/.tmp-7");
    expect(await collect(storage.listTemporary())).toEqual([]);
    for (const name of ["packs/ab/1-ff", "../.tmp-7", "packs/ab", ".tmp-7/1-ff"])
      await expect(storage.deleteTemporary(name)).rejects.toThrow(RangeError);
    expect(await collect(storage.list(""))).toHaveLength(1);
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

/** As real as it gets without native calls: atomic as long as one process uses the folder. */
const oneProcess = createFileSystem({
  renameExclusive: (from, to) => {
    if (existsSync(Buffer.from(to))) throw Object.assign(new Error("taken"), { code: "EEXIST" });
    renameSync(Buffer.from(from), Buffer.from(to));
  },
});

/** The real file system, with every call recorded as "verb path more"; paths are shown below `root` as "./…". */
function recordCalls(
  root: string,
  faults: Faults,
  real: LocalFileSystem = oneProcess,
): { fileSystem: LocalFileSystem; calls: string[] } {
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
      fd: file.fd,
      read: (...rest) => call("read", path, "", () => file.read(...rest)),
      write: (bytes, offset, length, position) =>
        call("write", path, `${length}`, () => file.write(bytes, offset, Math.min(length, writeMax), position)),
      stat: () => file.stat(),
      chmod: (mode) => call("chmod", path, mode.toString(8), () => file.chmod(mode)),
      chown: (uid, gid) => call("chown", path, `${uid}:${gid}`, () => file.chown(uid, gid)),
      sync: () => call("sync", path, "", () => file.sync()).finally(faults.onSync),
      close: () => file.close().then(() => call("close", path, "", async () => {})),
    };
  }

  const fileSystem: LocalFileSystem = {
    open: async (path, flags, mode) => {
      const file = await call(`open ${flags}`, shown(path), "", () => real.open(path, flags, mode));
      return recordFile(file, shown(path));
    },
    openDirectory: async (path) => {
      const file = await call("open d", shown(path), "", () => real.openDirectory(path));
      return recordFile(file, shown(path));
    },
    link: (from, to) => call("link", shown(from), shown(to), () => real.link(from, to)),
    unlink: (path) => call("unlink", shown(path), "", () => real.unlink(path)),
    mkdir: (path, mode) => call("mkdir", shown(path), "", () => real.mkdir(path, mode)),
    rmdir: (path) => call("rmdir", shown(path), "", () => real.rmdir(path)),
    renameDirectory: (from, to) => call("rename d", shown(from), shown(to), () => real.renameDirectory(from, to)),
    opendir: (path) => call("opendir", shown(path), "", () => real.opendir(path)),
    stat: (path) => real.stat(path),
  };
  const rename = real.renameExclusive;
  if (rename !== undefined)
    fileSystem.renameExclusive = (from, to) => call("rename", shown(from), shown(to), () => rename(from, to));
  return { fileSystem, calls };
}

async function collect(listing: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of listing) objects.push(object);
  return objects;
}
