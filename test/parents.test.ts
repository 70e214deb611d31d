/** Each root finds its own parent: what an earlier snapshot has of it, wherever it lies in that, is not read again. */
import * as fs from "node:fs";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import { encodeLogRecord, registerName } from "@bcat/repository";
import type { BackupOptions, RootParent } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const PACK_NAME = /^packs\/[0-9a-f]{2}\/(\d{10})-([0-9a-f]{32})$/;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  for (const name of ["a/1", "a/x/2", "a/x/y/3", "a/z/4", "b/5", "b/x/6", "file", "other"]) write(name);
  storage = createMemoryStorage();
});
afterEach(() => scratch[Symbol.asyncDispose]());

function write(name: string, seed = name): void {
  fs.mkdirSync(join(source, name, ".."), { recursive: true });
  fs.writeFileSync(join(source, name), randomBytesOf(seed, 2_000));
}

interface Outcome {
  /** Names of the files that were opened. */
  readonly opened: readonly string[];
  readonly parents: readonly (number | undefined)[];
  readonly number: number | undefined;
}

/** Backs up roots, named below the source, as one host or another. */
async function backUp(roots: readonly string[], machine: ClientOptions = {}, options: BackupOptions = {}) {
  await using client = await openClient(storage, machine);
  return await backUpBy(client, roots, options);
}

async function backUpBy(client: Client, roots: readonly string[], options: BackupOptions = {}): Promise<Outcome> {
  client.time = Date.now() + 3_600_000;
  let parents: readonly RootParent[] = [];
  const onParents = (found: readonly RootParent[]) => {
    parents = found;
  };
  const paths = roots.map((root) => join(source, root));
  const summary = await client.backup(paths, { ...options, onParents });
  expect(summary.errors).toBe(0);
  const sorted = [...client.opened].sort();
  return { opened: sorted, parents: parents.map(({ parent }) => parent), number: summary.snapshotNumber };
}

/** The newest snapshot has each root as it is now. */
async function expectStored(roots: readonly string[]): Promise<void> {
  await using client = await openClient(storage);
  for (const root of roots) {
    const target = join(scratch.path, "restored");
    fs.mkdirSync(target);
    await client.restore(Buffer.from(join(source, root)), target);
    expect(client.warnings).toEqual([]);
    const found = join(target, root === "" ? "source" : root.split("/").at(-1)!);
    if (fs.lstatSync(found).isFile()) expect(fs.readFileSync(found)).toEqual(fs.readFileSync(join(source, root)));
    else expect(describeDifferences(await compareTrees(join(source, root), found))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  }
}

describe("nothing that has not changed is read when", () => {
  test("a source is added, but the new one", async () => {
    expect(await backUp(["a"])).toEqual({ opened: ["1", "2", "3", "4"], parents: [undefined], number: 1 });
    expect(await backUp(["a", "b"])).toEqual({ opened: ["5", "6"], parents: [1, undefined], number: 2 });
    expect(await backUp(["a", "b"])).toEqual({ opened: [], parents: [2, 2], number: 3 });
    await expectStored(["a", "b"]);
  });

  test("a source is dropped, and comes back", async () => {
    await backUp(["a", "b"]);
    expect(await backUp(["b"])).toMatchObject({ opened: [], parents: [1] });
    expect(await backUp(["a", "b"])).toMatchObject({ opened: [], parents: [1, 2] });
  });

  test("--host gives the client a name that it has never had, or one that another had", async () => {
    await backUp(["a"], { host: "one" });
    expect(await backUp(["a"], { host: "one" }, { host: "new" })).toMatchObject({ opened: [], parents: [1] });
    expect(await backUp(["a"], { host: "two" }, { host: "new" })).toMatchObject({ opened: [], parents: [2] });
  });

  test("the host is renamed", async () => {
    await backUp(["a"], { host: "before", client: "one" });
    expect(await backUp(["a"], { host: "after", client: "one" })).toMatchObject({ opened: [], parents: [1] });
    expect(await backUp(["a"], { host: "after", client: "one" })).toMatchObject({ opened: [], parents: [2] });
  });

  test("the machine is set up anew under its name", async () => {
    await backUp(["a"], { host: "name", client: "one" });
    expect(await backUp(["a"], { host: "name", client: "another" })).toMatchObject({ opened: [], parents: [1] });
  });

  test("a root lies inside an older one", async () => {
    await backUp(["a"]);
    expect(await backUp(["a/x"])).toMatchObject({ opened: [], parents: [1] });
    await expectStored(["a/x"]);
  });

  test("several roots lie inside an older one", async () => {
    await backUp([""]);
    expect(await backUp(["a/x", "a/z", "b", "file"])).toMatchObject({ opened: [], parents: [1, 1, 1, 1] });
    await expectStored(["a/x", "a/z", "b", "file"]);
  });

  test("an older root lies inside a new one, but what is new", async () => {
    await backUp(["a/x"]);
    expect(await backUp(["a"])).toMatchObject({ opened: ["1", "4"], parents: [1] });
    await expectStored(["a"]);
  });

  test("several older roots lie inside a new one, also of several snapshots", async () => {
    await backUp(["a/x", "b"]);
    await backUp(["a/z"]);
    expect(await backUp([""])).toMatchObject({ opened: ["1", "file", "other"], parents: [2] });
    expect(await backUp([""])).toMatchObject({ opened: [], parents: [3] });
    await expectStored([""]);
  });

  test("a root is a file, or was one inside a new root, or is one inside an older root", async () => {
    expect(await backUp(["file"])).toMatchObject({ opened: ["file"], parents: [undefined] });
    expect(await backUp(["file"])).toMatchObject({ opened: [], parents: [1] });
    expect(await backUp([""])).toMatchObject({ opened: ["1", "2", "3", "4", "5", "6", "other"], parents: [2] });
    expect(await backUp(["a/x/2", "file"])).toMatchObject({ opened: [], parents: [3, 3] });
    await expectStored(["a/x/2", "file"]);
  });
});

describe("what has changed is read when", () => {
  test("a folder's own root is newer than the older root around it", async () => {
    await backUp(["a"]);
    write("a/x/y/3", "changed");
    expect(await backUp(["a/x"])).toMatchObject({ opened: ["3"] });
    // Known by the newer snapshot of a/x; a itself, of which only snapshot 1 tells, is as it was.
    expect(await backUp(["a"])).toMatchObject({ opened: [] });
    await expectStored(["a"]);
  });

  test("the snapshot of another root is newer and has this one in an older state", async () => {
    await backUp([""]);
    write("b/x/6", "changed");
    expect(await backUp(["b"])).toMatchObject({ opened: ["6"], parents: [1] });
    // What snapshot 1 tells of a says nothing of b.
    expect(await backUp(["a", "b"])).toMatchObject({ opened: [], parents: [1, 2] });
    await expectStored(["a", "b"]);
  });

  test("a file has become a folder, or a folder a file", async () => {
    await backUp(["a", "file"]);
    fs.rmSync(join(source, "a"), { recursive: true });
    fs.rmSync(join(source, "file"));
    write("a");
    write("file/inside");
    expect(await backUp(["a", "file"])).toMatchObject({ opened: ["a", "inside"] });
    await expectStored(["a", "file"]);
  });

  test("only another host has backed it up", async () => {
    await backUp(["a"], { host: "one" });
    expect(await backUp(["a"], { host: "two" })).toMatchObject({ opened: ["1", "2", "3", "4"], parents: [undefined] });
    expect(await backUp(["a"], { host: "one" })).toMatchObject({ opened: [], parents: [1] });
    expect(await backUp(["a"], { host: "two" })).toMatchObject({ opened: [], parents: [2] });
  });

  test("the client has been renamed to a host that has a snapshot of its own", async () => {
    await backUp(["a"], { host: "old", client: "one" });
    await backUp(["a"], { host: "new", client: "two" });
    await backUp(["a"], { host: "old", client: "one" });
    expect(await backUp(["a"], { host: "new", client: "one" })).toMatchObject({ opened: [], parents: [2] });
  });
});

describe("the options of a backup", () => {
  test("parent: compares with that snapshot, whosever it is", async () => {
    await backUp(["a"], { host: "one" });
    write("a/1", "changed");
    await backUp(["a"], { host: "one" });
    expect(await backUp(["a"], { host: "two" }, { parent: "latest" })).toMatchObject({ opened: [], parents: [2] });
    expect(await backUp(["a"], { host: "two" }, { parent: "1" })).toMatchObject({ opened: ["1"], parents: [1] });
    expect(await backUp(["a"], { host: "two" })).toMatchObject({ opened: [], parents: [4] });
    await expectStored(["a"]);
  });

  test("parent: one that is not there is refused before anything is written", async () => {
    await backUp(["a"]);
    const before = [...storage.objects.keys()];
    await expect(backUp(["a"], {}, { parent: "7" })).rejects.toSatisfy((error) => isBcatError(error, "not-found"));
    expect([...storage.objects.keys()]).toEqual(before);
  });

  test("parent: one that has nothing of a root is no parent of it", async () => {
    await backUp(["a"]);
    await backUp(["b"]);
    expect(await backUp(["a"], {}, { parent: "2" })).toMatchObject({ parents: [undefined] });
  });

  test("force: every file is read, also when a parent is named, and nothing is stored twice", async () => {
    await backUp(["a"]);
    await using client = await openClient(storage);
    const objects = storage.objects.size;
    const all = { opened: ["1", "2", "3", "4"], parents: [undefined] };
    expect(await backUpBy(client, ["a"], { force: true, parent: "latest" })).toMatchObject(all);
    // A session, its outcome, and no pack of data.
    expect(storage.objects.size - objects).toBeLessThanOrEqual(4);
  });

  test("ignoreCtime: a change time alone has no file read; a modification time has", async () => {
    await backUp(["a"]);
    fs.chmodSync(join(source, "a/1"), 0o600);
    write("a/x/2", "changed");
    expect(await backUp(["a"], {}, { ignoreCtime: true })).toMatchObject({ opened: ["2"], parents: [1] });
    await expectStored(["a"]);
    fs.chmodSync(join(source, "a/1"), 0o640);
    expect(await backUp(["a"])).toMatchObject({ opened: ["1"] });
  });

  test("ignoreInode: another inode alone has no file read; a change time has", async () => {
    const shift = 77;
    const moved: ClientOptions["replace"] = (posix) => ({
      statAt(directory, name, into) {
        posix.statAt(directory, name, into);
        into.inodeLow += shift;
      },
      statFile(file, into) {
        posix.statFile(file, into);
        into.inodeLow += shift;
      },
    });
    await backUp(["a"]);
    fs.chmodSync(join(source, "a/1"), 0o600);
    expect(await backUp(["a"], { replace: moved }, { ignoreInode: true })).toMatchObject({ opened: ["1"] });
    expect(await backUp(["a"], { replace: moved })).toMatchObject({ opened: [] });
    expect(await backUp(["a"])).toMatchObject({ opened: ["1", "2", "3", "4"] });
  });
});

describe("after packs were condemned", () => {
  const packs = () => [...storage.objects.keys()].filter((name) => PACK_NAME.test(name));
  const condemn = async (names: readonly string[], number: number) => {
    await using client = await openClient(storage);
    const references = names.map((name) => {
      const [, session, unique] = PACK_NAME.exec(name)!;
      return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
    });
    const body = encodeLogRecord({ kind: "condemn", time: 1, host: "by hand", packs: references });
    const name = registerName("log", number);
    const object = { type: ObjectType.LOG, name, epoch: 0, domain: 0 };
    await storage.putIfAbsent(name, sealObject(client.repository.context, object, body));
  };

  test("the references of a root are looked up when its own parent is older than that, whatever another's is", async () => {
    await backUp(["a"]);
    const old = packs();
    await backUp(["b"]);
    await condemn(old, 1);
    // Of b, whose snapshot knows of the condemned packs from here on.
    expect(await backUp(["b"])).toMatchObject({ opened: [], parents: [2] });
    expect(await backUp(["a", "b"])).toMatchObject({ opened: ["1", "2", "3", "4"], parents: [1, 3] });
    for (const name of old) await storage.delete(name);
    await expectStored(["a", "b"]);
    expect(await backUp(["a", "b"])).toMatchObject({ opened: [], parents: [4, 4] });
  });

  test("a folder inside a root is judged by the snapshot that tells of it", async () => {
    await backUp(["a"]);
    const old = packs();
    await condemn(old, 1);
    expect(await backUp(["a/x"])).toMatchObject({ opened: ["2", "3"] });
    expect(await backUp(["a"])).toMatchObject({ opened: ["1", "4"], parents: [1] });
    for (const name of old) await storage.delete(name);
    await expectStored(["a"]);
  });
});
