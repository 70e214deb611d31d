import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("a source outlives the name of its file", () => {
  const source = open().write("a", (sink) => sink(Buffer.from("x")));
  rmSync(join(folder, "index", "a"));
  expect(source.read(0, 1)).toEqual(Uint8Array.of(120));
  source.close();
});

test("writeManifest() removes old runs that it does not name, and keeps young ones", () => {
  const store = open();
  for (const name of ["kept", "old", "young"]) store.write(name, (sink) => sink(Buffer.from(name))).close();
  const now = Date.now();
  const past = new Date(now - 25 * HOUR);
  for (const name of ["kept", "old"]) utimesSync(join(folder, "index", name), past, past);
  store.writeManifest(Buffer.from("m"), new Set(["kept"]), now);
  expect(readdirSync(join(folder, "index")).sort()).toEqual(["kept", "young"]);
  expect(Buffer.from(open().readManifest()!).toString()).toBe("m");
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
