/**
 * What every storage must do, as one vitest suite: `describeStorage("s3", create)`. Reached as
 * `@bcat/storage/conformance`; it imports vitest, so nothing but tests may import it.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf } from "./code-of.js";
import { createMulberry32 } from "./mulberry32.js";
import { nameLengthMax } from "./name.js";
import type { ByteRange, ListedObject, Storage } from "./storage.js";

export { describeRegisterTable, type TablesUnderTest } from "./registers/table-conformance.js";

export interface StorageUnderTest {
  /** Empty, and of this test alone. */
  readonly storage: Storage;
  readonly dispose: () => Promise<void>;
}

const sizes = [0, 1, 4095, 4096, 4097, 2 ** 20 + 1];
const racerCount = 32;
const malformedNames = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "../a",
  "a.b",
  ".tmp-a",
  "A",
  "a_b",
  "é",
  "a\0",
  "a\n",
  "a".repeat(nameLengthMax + 1),
];
const malformedRanges: readonly ByteRange[] = [
  { offset: -1, length: 1 },
  { offset: 0, length: -1 },
  { offset: 0.5, length: 1 },
  { offset: 0, length: Number.NaN },
  { offset: Number.POSITIVE_INFINITY, length: 1 },
];

/** Registers the suite under `name`; `create` makes a new empty storage for each test. */
export function describeStorage(name: string, create: () => Promise<StorageUnderTest>): void {
  describe(name, () => {
    let current: StorageUnderTest;
    const storage = () => current.storage;
    beforeEach(async () => {
      current = await create();
    });
    afterEach(async () => {
      await current.dispose();
    });
    describeObjects(storage);
    describeRanges(storage);
    describeRegisters(storage);
    describeOwnership(storage);
    describeListing(storage);
    describeMisuse(storage);
  });
}

/** The storage of the running test. */
type Current = () => Storage;

function describeObjects(storage: Current): void {
  test.each(sizes)("get() returns the %i bytes that put() and putIfAbsent() took", async (size) => {
    const bytes = sampleBytes(size, size);
    await storage().put("packs/ab/object", bytes);
    await storage().putIfAbsent("sessions/0000000001", bytes);
    expectBytes(await storage().get("packs/ab/object"), bytes);
    expectBytes(await storage().get("sessions/0000000001"), bytes);
  });

  test("get() returns undefined when nothing has the name", async () => {
    expect(await storage().get("missing")).toBeUndefined();
    expect(await storage().get("missing", { range: { offset: 0, length: 1 } })).toBeUndefined();
    await storage().put("packs/ab/object", sampleBytes(1));
    expect(await storage().get("packs/ab")).toBeUndefined();
    expect(await storage().get("packs/ab/object/below")).toBeUndefined();
  });

  test("put() takes names of up to the maximum length", async () => {
    const name = "a".repeat(nameLengthMax);
    await storage().put(name, sampleBytes(3));
    expectBytes(await storage().get(name), sampleBytes(3));
  });

  test("put() of the same bytes again succeeds", async () => {
    await storage().put("object", sampleBytes(5000));
    await storage().put("object", sampleBytes(5000));
    expectBytes(await storage().get("object"), sampleBytes(5000));
  });

  test.each([0, 4999, 5000, 5001])("put() of %i other bytes throws exists and changes nothing", async (size) => {
    await storage().put("object", sampleBytes(5000, 1));
    expect(await codeOf(storage().put("object", sampleBytes(size, 2)))).toBe("exists");
    expectBytes(await storage().get("object"), sampleBytes(5000, 1));
  });

  test("delete() removes an object, and succeeds when there is none", async (context) => {
    const { delete: remove } = storage();
    if (remove === undefined) return context.skip();
    await storage().put("packs/ab/object", sampleBytes(10));
    await storage().put("packs/ab/other", sampleBytes(10));
    await storage().delete?.("packs/ab/object");
    await storage().delete?.("packs/ab/object");
    await storage().delete?.("nowhere/object");
    expect(await storage().get("packs/ab/object")).toBeUndefined();
    expectBytes(await storage().get("packs/ab/other"), sampleBytes(10));
  });
}

function describeRanges(storage: Current): void {
  const bytes = sampleBytes(10_000);
  test.each([
    ["the whole", 0, 10_000],
    ["the first byte", 0, 1],
    ["the last byte", 9_999, 1],
    ["the middle", 4_095, 4_098],
    ["nothing at the start", 0, 0],
    ["nothing in the middle", 5_000, 0],
    ["nothing at the end", 10_000, 0],
    ["a part past the end", 9_990, 20],
    ["all of it and more", 0, 10_001],
    ["what starts at the end", 10_000, 1],
    ["what starts beyond the end", 20_000, 5],
    ["the largest numbers", Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("get() with a range returns %s", async (_, offset, length) => {
    await storage().put("object", bytes);
    expectBytes(await storage().get("object", { range: { offset, length } }), bytes.slice(offset, offset + length));
  });

  test.each([0, 10, 4096, 5000])(
    "get() into memory of %i bytes returns the same bytes, there or elsewhere",
    async (size) => {
      const bytes = sampleBytes(5000);
      await storage().put("object", bytes);
      const memory = new Uint8Array(size + 2).fill(7);
      const into = memory.subarray(1, size + 1);
      const range = { offset: 904, length: 8192 };
      const answer = await storage().get("object", { range, into });
      expectBytes(answer, bytes.slice(904));
      if (answer?.buffer === memory.buffer) expect(answer.byteOffset).toBe(1);
      expect([memory[0], memory.at(-1)]).toEqual([7, 7]);
      expectBytes(await storage().get("object", { into }), bytes);
    },
  );

  test("get() with a range of an empty object returns no bytes", async () => {
    await storage().put("object", new Uint8Array(0));
    expectBytes(await storage().get("object", { range: { offset: 0, length: 10 } }), new Uint8Array(0));
  });
}

function describeRegisters(storage: Current): void {
  test("putIfAbsent() decides once, also against equal bytes", async () => {
    await storage().putIfAbsent("log/0000000001", sampleBytes(100, 1));
    expect(await codeOf(storage().putIfAbsent("log/0000000001", sampleBytes(100, 2)))).toBe("exists");
    expect(await codeOf(storage().putIfAbsent("log/0000000001", sampleBytes(100, 1)))).toBe("exists");
    expectBytes(await storage().get("log/0000000001"), sampleBytes(100, 1));
  });

  test("putIfAbsent() lets exactly one of many racers win, whose value is whole", async () => {
    const values = Array.from({ length: racerCount }, (_, racer) => sampleBytes(4096 + racer, racer));
    const race = values.map((value) => storage().putIfAbsent("log/0000000001", value));
    const codes = await Promise.all(race.map((racer) => codeOf(racer)));
    expect(codes.filter((code) => code === "exists").length).toBe(racerCount - 1);
    const winner = values[codes.indexOf(undefined)];
    expectBytes(await storage().get("log/0000000001"), winner);
  });

  test("putIfAbsent() decides each register by itself", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `outcomes/000000000${index}`);
    await Promise.all(names.map((name, seed) => storage().putIfAbsent(name, sampleBytes(50, seed))));
    for (const [seed, name] of names.entries()) expectBytes(await storage().get(name), sampleBytes(50, seed));
  });
}

function describeOwnership(storage: Current): void {
  test("put() and putIfAbsent() keep no reference to the caller's buffer", async () => {
    const bytes = sampleBytes(5000);
    await storage().put("object", bytes);
    await storage().putIfAbsent("register", bytes);
    bytes.fill(0);
    expectBytes(await storage().get("object"), sampleBytes(5000));
    expectBytes(await storage().get("register"), sampleBytes(5000));
  });

  test("put() takes a view of a larger buffer", async () => {
    await storage().put("object", sampleBytes(5000).subarray(1000, 1010));
    expectBytes(await storage().get("object"), sampleBytes(5000).slice(1000, 1010));
  });

  test.each([undefined, { offset: 10, length: 100 }])(
    "get() gives the caller a buffer of its own (%o)",
    async (range) => {
      const options = range ? { range } : {};
      await storage().put("object", sampleBytes(5000));
      const first = await storage().get("object", options);
      const copy = first?.slice();
      const second = await storage().get("object", options);
      first?.fill(0);
      expectBytes(second, copy);
      expectBytes(await storage().get("object", options), copy);
    },
  );
}

function describeListing(storage: Current): void {
  test.each([
    ["", ["config", "packs/ab/1-a", "packs/ab/2-b", "packs/ac/3-c", "partial/1"]],
    ["pa", ["packs/ab/1-a", "packs/ab/2-b", "packs/ac/3-c", "partial/1"]],
    ["packs/", ["packs/ab/1-a", "packs/ab/2-b", "packs/ac/3-c"]],
    ["packs/a", ["packs/ab/1-a", "packs/ab/2-b", "packs/ac/3-c"]],
    ["packs/ab", ["packs/ab/1-a", "packs/ab/2-b"]],
    ["packs/ab/", ["packs/ab/1-a", "packs/ab/2-b"]],
    ["packs/ab/1", ["packs/ab/1-a"]],
    ["config", ["config"]],
    ["packs/ab/3", []],
    ["nowhere/at/all", []],
    ["config/", []],
  ])("list(%o) gives the objects that start so, with their sizes", async (prefix, expected) => {
    const { list } = storage();
    if (list === undefined) return;
    const names = ["config", "packs/ab/1-a", "packs/ab/2-b", "packs/ac/3-c", "partial/1"];
    for (const [size, name] of names.entries()) await storage().put(name, sampleBytes(size));
    const listed = await collect(storage().list?.(prefix));
    expect(listed.map(({ name }) => name).sort()).toEqual(expected);
    for (const { name, size } of listed) expect(size).toBe(names.indexOf(name));
  });

  test("list() of an empty storage gives nothing", async () => {
    expect(await collect(storage().list?.(""))).toEqual([]);
  });
}

function describeMisuse(storage: Current): void {
  test.each(malformedNames)("the malformed name %j is a RangeError", async (name) => {
    const bytes = sampleBytes(1);
    await expect(storage().get(name)).rejects.toBeInstanceOf(RangeError);
    await expect(storage().put(name, bytes)).rejects.toBeInstanceOf(RangeError);
    await expect(storage().putIfAbsent(name, bytes)).rejects.toBeInstanceOf(RangeError);
    if (storage().delete) await expect(storage().delete?.(name)).rejects.toBeInstanceOf(RangeError);
  });

  test.each(["/", "/a", "a//", "..", "A"])("the malformed prefix %j is a RangeError", async (prefix) => {
    if (storage().list) await expect(collect(storage().list?.(prefix))).rejects.toBeInstanceOf(RangeError);
  });

  test.each(malformedRanges)("the malformed range %o is a RangeError", async (range) => {
    await storage().put("object", sampleBytes(10));
    await expect(storage().get("object", { range })).rejects.toBeInstanceOf(RangeError);
  });

  test("an aborted signal rejects with its reason, and nothing is written", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await storage().put("object", sampleBytes(10));
    await expect(storage().get("object", { signal })).rejects.toBe(reason);
    await expect(storage().put("other", sampleBytes(10), { signal })).rejects.toBe(reason);
    await expect(storage().putIfAbsent("register", sampleBytes(10), { signal })).rejects.toBe(reason);
    expect(await storage().get("other")).toBeUndefined();
    expect(await storage().get("register")).toBeUndefined();
  });
}

function sampleBytes(size: number, seed = 0): Uint8Array {
  const random = createMulberry32(seed);
  return Uint8Array.from({ length: size }, () => random() * 256);
}

/** Compares without the cost of `toEqual` on a million elements. */
function expectBytes(found: Uint8Array | undefined, expected: Uint8Array | undefined): void {
  if (expected === undefined) throw new Error("The test expects nothing");
  expect(found).toBeInstanceOf(Uint8Array);
  expect(found?.length).toBe(expected.length);
  expect(Buffer.compare(found ?? new Uint8Array(0), expected)).toBe(0);
}

async function collect(listing: AsyncIterable<ListedObject> | undefined): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of listing ?? []) objects.push(object);
  return objects;
}
