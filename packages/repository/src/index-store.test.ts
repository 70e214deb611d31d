import * as fs from "node:fs";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@bcat/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFolderIndexStore, createMemoryIndexStore } from "./index-store.js";

let folder: string;
let count = 0;
const open = () => createFolderIndexStore(folder, () => `${++count}`);
const HOUR = 3_600_000;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-index-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what was written is read, by this store and by the next", () => {
  const written = open().write("index/1-ab", (sink) => {
    sink(Buffer.from("one "));
    sink(Buffer.from("two"));
  });
  for (const source of [written, open().open("index/1-ab")!]) {
    expect(source.size).toBe(7);
    expect(Buffer.from(source.read(4, 3)).toString()).toBe("two");
    expect(source.read(6, 10)).toHaveLength(1);
    source.close();
    source.close();
  }
  expect(open().open("index/other")).toBeUndefined();
  expect(readdirSync(join(folder, "index"))).toEqual(["index_1-ab"]);
});

test.each(["EMFILE", "ENFILE", "ENOMEM"])("%s is not read as a cache that is not there", (code) => {
  const store = open();
  store.write("a", (sink) => sink(Buffer.from("x"))).close();
  store.writeManifest(Buffer.from("m"), new Set(["a"]), 0);
  const fail = () => {
    throw Object.assign(new Error(code), { code });
  };
  const failing = createFolderIndexStore(folder, () => "x", { ...fs, statSync: fail, readFileSync: fail });
  expect(() => failing.open("a")).toThrow(StorageError);
  expect(() => failing.readManifest()).toThrow(StorageError);
  expect(open().readManifest()).toBeDefined();
});

test("a run that could only be kept in memory is not held", () => {
  const writeSync = () => {
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  };
  const store = createFolderIndexStore(folder, () => `${++count}`, { ...fs, writeSync });
  expect(Buffer.from(store.write("a", (sink) => sink(Buffer.from("x"))).read(0, 1)).toString()).toBe("x");
  expect(store.holds("a")).toBe(false);
  expect(readdirSync(join(folder, "index"))).toEqual([]);
});

test("a run stays for a day after the manifest that named it was replaced, however old it is", () => {
  const store = open();
  const source = store.write("a", (sink) => sink(Buffer.from("x")));
  const now = 1_000 * HOUR;
  utimesSync(join(folder, "index", "a"), 1, 1);
  store.writeManifest(Buffer.from("m"), new Set(["a"]), now);
  store.writeManifest(Buffer.from("n"), new Set(), now + 48 * HOUR);
  open().writeManifest(Buffer.from("o"), new Set(), now + 71 * HOUR);
  expect(source.read(0, 1)).toHaveLength(1);
  source.close();
  open().writeManifest(Buffer.from("p"), new Set(), now + 73 * HOUR);
  expect(readdirSync(join(folder, "index"))).toEqual([]);
  expect(() => source.read(0, 1)).toThrow(/it was given up, run again/);
});

test("writeManifest() removes old runs that it does not name, and keeps young ones", () => {
  const store = open();
  for (const name of ["kept", "old", "young"]) store.write(name, (sink) => sink(Buffer.from(name))).close();
  const now = Date.now();
  const past = new Date(now - 25 * HOUR);
  for (const name of ["kept", "old"]) utimesSync(join(folder, "index", name), past, past);
  open().writeManifest(Buffer.from("m"), new Set(["kept"]), now);
  expect(readdirSync(join(folder, "index")).sort()).toEqual(["kept", "young"]);
  expect(Buffer.from(open().readManifest()!).toString()).toBe("m");
});

test("writeManifest() removes what writes have left beside it, and nothing that others keep there", () => {
  const store = open();
  store.write("a", (sink) => sink(Buffer.from("x"))).close();
  store.writeManifest(Buffer.from("m"), new Set(["a"]), Date.now());
  for (const name of [".tmp-old", ".tmp-young", "future-signs", "first-seen"]) writeFileSync(join(folder, name), "");
  for (const name of [".tmp-old", "future-signs", "first-seen"]) utimesSync(join(folder, name), 1, 1);
  open().writeManifest(Buffer.from("n"), new Set(["a"]), Date.now());
  const left = readdirSync(folder).filter((name) => name !== "index");
  expect(left.sort()).toEqual([".tmp-young", "first-seen", "future-signs", "manifest"]);
});

test("a folder that cannot be written to is a cache that is not there", () => {
  writeFileSync(join(folder, "file"), "");
  const store = createFolderIndexStore(join(folder, "file", "below"), () => "x");
  const source = store.write("a", (sink) => sink(Buffer.from("in memory")));
  expect(Buffer.from(source.read(0, 9)).toString()).toBe("in memory");
  store.writeManifest(Buffer.from("m"), new Set(), 0);
  expect(store.readManifest()).toBeUndefined();
  expect(store.open("a")).toBeUndefined();
});

test("an index store in memory keeps what it is given and remembers nothing", () => {
  const store = createMemoryIndexStore();
  expect(store.write("a", (sink) => sink(Buffer.from("x"))).size).toBe(1);
  expect(store.open("a")).toBeUndefined();
});

test("bytes that are not what was kept are the fault of the folder, which is given up", () => {
  const store = open();
  store.writeManifest(Buffer.from("m"), new Set(), 0);
  expect(store.write("a", (sink) => sink(Buffer.from("x"))).fault?.().message).toContain(folder);
  expect(store.readManifest()).toBeUndefined();
  expect(createMemoryIndexStore().write("a", (sink) => sink(Buffer.from("x"))).fault).toBeUndefined();
});
