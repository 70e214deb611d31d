import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BcatError, StorageError } from "@bcat/errors";
import { createMemoryStorage, openLocalStorage, type Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import type { Place } from "./place.js";
import { probePlace, refuseUnfit } from "./probe-place.js";
import type { Site } from "./site.js";

/** A place behind a network, of which only the storage matters. */
function siteOf(storage: Storage, place: object = { kind: "s3", location: "s3://bucket/there" }): Site {
  return { storage, place: place as Place, onNotice: () => {} } as Partial<Site> as Site;
}

/** Right when calm, and not atomic. */
function createNotAtomic(): Storage {
  const inner = createMemoryStorage();
  return {
    location: "not atomic",
    get: (name, options) => inner.get(name, options),
    put: (name, bytes) => inner.put(name, bytes),
    delete: (name) => inner.delete(name),
    async putIfAbsent(name, bytes) {
      if (inner.objects.has(name)) throw new BcatError("exists", "it has a value");
      await new Promise((resolve) => setImmediate(resolve));
      await inner.delete(name);
      await inner.put(name, bytes);
    },
  };
}

test("a place that does not keep writers apart is refused, with both ways on", async () => {
  const refusal = refuseUnfit(siteOf(createNotAtomic()), { areApart: false });
  await expect(refusal).rejects.toMatchObject({ code: "conditions-not-met" });
  await expect(refusal).rejects.toThrow(
    /^Cannot create a repository in "s3:\/\/bucket\/there": .*16 of 16 writers.*--registers.*--single-writer/,
  );
});

test("it is taken for one writer at a time", async () => {
  await refuseUnfit(siteOf(createNotAtomic()), { areApart: true });
});

test("a place that does not give back what it took is taken for nobody", async () => {
  const storage: Storage = { ...createNotAtomic(), get: async () => undefined };
  const refusal = refuseUnfit(siteOf(storage), { areApart: true });
  await expect(refusal).rejects.toThrow(/does not keep what it is given \(read after write: /);
});

test("a sound place is taken, and a folder is not even asked", async () => {
  const storage = createMemoryStorage();
  await refuseUnfit(siteOf(storage), { areApart: false });
  expect(storage.objects.size).toBe(0);
  await refuseUnfit(siteOf(createNotAtomic(), { kind: "folder", path: "/f", location: "/f" }), {
    areApart: false,
  });
});

test("what the probe may not remove again is said", async () => {
  const storage = createMemoryStorage();
  const refusing: Storage = {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    put: (name, bytes) => storage.put(name, bytes),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    delete: async () => {
      throw new StorageError("Access denied", { isFinal: true });
    },
  };
  const notices: string[] = [];
  const site = { ...siteOf(refusing), onNotice: (line: string) => notices.push(line) };
  await refuseUnfit(site, { areApart: false });
  expect(notices).toEqual([
    expect.stringMatching(
      /^up to [1-9]\d* objects below probe\/ may be left in s3:\/\/bucket\/there: remove them by hand$/,
    ),
  ]);
});

test("a probe of a folder leaves nothing there, and no folder where there was none", async () => {
  const parent = mkdtempSync(join(tmpdir(), "bcat-probe-"));
  try {
    for (const path of [parent, join(parent, "missing")]) {
      const storage = openLocalStorage(path, { suffix: () => String(Math.random()).slice(2) });
      const report = await probePlace(siteOf(storage, { kind: "folder", path, location: path }), { form: "quick" });
      expect(report).toMatchObject({ keepsWritersApart: true, left: 0 });
      expect(readdirSync(parent)).toEqual([]);
    }
  } finally {
    rmSync(parent, { recursive: true });
  }
});
