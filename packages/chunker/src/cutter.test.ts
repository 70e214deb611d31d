import { readFileSync } from "node:fs";
import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cutter, createCutter } from "./cutter.js";
import { decodeGear } from "./gear.js";
import { type ChunkerSettings, DEFAULT_CHUNKER, DEFAULT_FIXED_CHUNKER } from "./settings.js";

const draws = readConfigureGlobal().numRuns ?? 100;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const SMALL: ChunkerSettings = { kind: "cdc", minimum: 256, average: 512, maximum: 2048 };
/** The sizes for which the first bytes are judged by the harder mask. */
const WIDE: ChunkerSettings = { kind: "cdc", minimum: 64, average: 1024, maximum: 8192 };

/** The top bytes of a linear congruential generator modulo 2^32. */
function pseudoRandom(seed: number, length: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const GEAR = decodeGear(pseudoRandom(1, 1024));
const OTHER_GEAR = decodeGear(pseudoRandom(99, 1024));

/** Section 12.3 of the format, word by word. */
function referenceEnds(bytes: Uint8Array, gear: Uint32Array, settings: ChunkerSettings): number[] {
  const { minimum, average, maximum } = settings;
  const ends: number[] = [];
  for (let start = 0; start < bytes.length; start = ends.at(-1)!) {
    ends.push(start + referenceCut(bytes.subarray(start, start + maximum), gear, minimum, average));
  }
  return ends;
}

function referenceCut(bytes: Uint8Array, gear: Uint32Array, minimum: number, average: number): number {
  const bits = Math.round(Math.log2(average));
  const hardEnd = average - Math.ceil(1.5 * minimum);
  let h = 0;
  for (let index = minimum; index < bytes.length; index++) {
    h = (h >>> 1) + gear[bytes[index]!]!;
    const m = index < hardEnd ? bits + 1 : bits - 1;
    if (h % 2 ** m === 0) return index + 1;
  }
  return bytes.length;
}

/** Reads as a backup does: fills the window with what `nextFill` says, cuts, moves the tail to the front. */
function cutFile(cutter: Cutter, bytes: Uint8Array, nextFill: () => number): number[] {
  const ends: number[] = [];
  let read = 0;
  let kept = 0;
  let base = 0;
  while (base < bytes.length) {
    const fill = Math.min(nextFill(), cutter.window.length - kept, bytes.length - read);
    cutter.window.set(bytes.subarray(read, read + fill), kept);
    read += fill;
    const length = kept + fill;
    const count = cutter.cut(length, read === bytes.length);
    for (let index = 0; index < count; index++) ends.push(base + cutter.ends[index]!);
    const taken = count === 0 ? 0 : cutter.ends[count - 1]!;
    cutter.window.copyWithin(0, taken, length);
    kept = length - taken;
    base += taken;
  }
  return ends;
}

function cutAtOnce(cutter: Cutter, bytes: Uint8Array): number[] {
  return cutFile(cutter, bytes, () => cutter.window.length);
}

describe.each([
  ["small", SMALL, 300_000],
  ["wide", WIDE, 300_000],
  ["odd sizes", { kind: "cdc", minimum: 333, average: 1001, maximum: 5001 }, 300_000],
  ["default", DEFAULT_CHUNKER, 9 * MEBIBYTE + 12_345],
] as const)("cut points, %s", (_, settings, length) => {
  const bytes = pseudoRandom(length, length);
  const cutter = createCutter(settings, GEAR);

  test("are those of the format's text", () => {
    const expected = referenceEnds(bytes, GEAR, settings);
    expect(cutAtOnce(cutter, bytes)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(10);
  });

  test("depend on the gear table", () => {
    const ends = cutAtOnce(createCutter(settings, OTHER_GEAR), bytes);
    expect(ends).toEqual(referenceEnds(bytes, OTHER_GEAR, settings));
    const others = cutAtOnce(cutter, bytes);
    const common = ends.filter((end) => others.includes(end));
    expect(common.length).toBeLessThan(ends.length / 2);
  });

  test("make chunks of the minimum to the maximum, but for the last", () => {
    const ends = cutAtOnce(cutter, bytes);
    const sizes = ends.map((end, index) => end - (ends[index - 1] ?? 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(settings.maximum);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(settings.minimum);
    expect(ends.at(-1)).toBe(length);
  });

  test("do not depend on how the window is filled", () => {
    const expected = cutAtOnce(cutter, bytes);
    const fills = fc.array(fc.integer({ min: 1, max: 3 * settings.maximum }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fills, (sizes) => {
        let turn = 0;
        const next = (): number => sizes[turn++ % sizes.length]! + Math.floor(settings.minimum / 4);
        expect(cutFile(cutter, bytes, next)).toEqual(expected);
      }),
      { numRuns: settings === DEFAULT_CHUNKER ? Math.ceil(draws / 10) : draws },
    );
  });
});

test("cut() reports at least one cut as soon as the maximum is reached, and never more than is decided", () => {
  const cutter = createCutter(SMALL, GEAR);
  const bytes = pseudoRandom(5, 3 * SMALL.maximum);
  const expected = referenceEnds(pseudoRandom(5, 20 * SMALL.maximum), GEAR, SMALL);
  for (let length = 0; length <= bytes.length; length++) {
    cutter.window.set(bytes.subarray(0, length));
    const count = cutter.cut(length, false);
    expect([...cutter.ends.subarray(0, count)]).toEqual(expected.slice(0, count));
    if (length >= SMALL.maximum) expect(count).toBeGreaterThan(0);
  }
});

test("cut() cuts at the maximum where the content never says so, in the middle and at the end", () => {
  const cutter = createCutter(SMALL, new Uint32Array(256).fill(1));
  cutter.window.fill(0);
  expect(cutter.cut(2 * 2048, false)).toBe(2);
  expect([...cutter.ends.subarray(0, 2)]).toEqual([2048, 4096]);
  expect(cutter.cut(2 * 2048 - 1, false)).toBe(1);
  expect(cutter.cut(2 * 2048 - 1, true)).toBe(2);
});

test("cut() of tails: nothing, one byte, the minimum and around", () => {
  const cutter = createCutter(SMALL, GEAR);
  expect(cutter.cut(0, true)).toBe(0);
  expect(cutter.cut(0, false)).toBe(0);
  for (const length of [1, SMALL.minimum - 1, SMALL.minimum]) {
    expect(cutter.cut(length, false)).toBe(0);
    expect(cutter.cut(length, true)).toBe(1);
    expect(cutter.ends[0]).toBe(length);
  }
  for (const length of [-1, 0.5, cutter.window.length + 1]) expect(() => cutter.cut(length, true)).toThrow(RangeError);
});

test("a byte inserted changes chunks near it only", () => {
  const cutter = createCutter(SMALL, GEAR);
  const bytes = pseudoRandom(7, 400_000);
  const place = 100_000;
  const longer = Uint8Array.from([...bytes.subarray(0, place), 17, ...bytes.subarray(place)]);
  const before = cutAtOnce(cutter, bytes);
  const after = new Set(cutAtOnce(cutter, longer).map((end) => (end > place ? end - 1 : end)));
  const moved = before.filter((end) => !after.has(end));
  expect(moved.length).toBeLessThan(20);
  expect(moved.every((end) => end > place && end < place + 20 * SMALL.maximum)).toBe(true);
});

test("the window stays where it is and whole, also when all chunks are of the least size", () => {
  const settings: ChunkerSettings = { kind: "cdc", minimum: 64, average: 256, maximum: 1024 };
  const cutter = createCutter(settings, new Uint32Array(256));
  const { window } = cutter;
  window.fill(3);
  for (let round = 0; round < 20; round++) expect(cutter.cut(window.length, true)).toBeGreaterThan(129_000);
  expect(cutter.window).toBe(window);
  expect(window.length).toBe(8 * MEBIBYTE);
  expect(window.every((byte) => byte === 3)).toBe(true);
});

test("windows hold four of the largest chunks, as soon as what is in them has been cut", () => {
  const windowAfterCut = (settings: ChunkerSettings) => {
    const cutter = createCutter(settings, GEAR);
    cutter.window.fill(7);
    const { length } = cutter.window;
    expect(cutter.cut(length, false)).toBe(0);
    expect(cutter.window.subarray(0, length).every((byte) => byte === 7)).toBe(true);
    return cutter.window.length;
  };
  expect(windowAfterCut(DEFAULT_CHUNKER)).toBe(8 * MEBIBYTE);
  const settings: ChunkerSettings = { kind: "cdc", minimum: MEBIBYTE, average: 2 * MEBIBYTE, maximum: 4 * MEBIBYTE };
  expect(windowAfterCut(settings)).toBe(16 * MEBIBYTE);
});

describe("golden cut points", () => {
  const golden = JSON.parse(readFileSync(new URL("golden/cut-points.json", import.meta.url), "utf8")) as {
    readonly gearSeed: number;
    readonly inputSeed: number;
    readonly cases: readonly { readonly settings: ChunkerSettings; readonly length: number; readonly ends: number[] }[];
  };
  test.each(golden.cases)("$settings.minimum / $settings.average / $settings.maximum", ({ settings, length, ends }) => {
    const gear = decodeGear(pseudoRandom(golden.gearSeed, 1024));
    expect(cutAtOnce(createCutter(settings, gear), pseudoRandom(golden.inputSeed, length))).toEqual(ends);
  });
});

describe("fixed sizes", () => {
  const settings: ChunkerSettings = { kind: "fixed", minimum: 1000, average: 1000, maximum: 1000 };

  test("cut at every multiple and at the end", () => {
    const cutter = createCutter(settings, GEAR);
    expect(cutter.cut(2999, false)).toBe(2);
    expect(cutter.cut(3000, false)).toBe(3);
    expect(cutter.cut(3001, true)).toBe(4);
    expect([...cutter.ends.subarray(0, 4)]).toEqual([1000, 2000, 3000, 3001]);
    expect(cutter.cut(3000, true)).toBe(3);
    expect(cutter.cut(0, true)).toBe(0);
    expect(() => cutter.cut(cutter.window.length + 1, true)).toThrow(RangeError);
  });

  test("do not depend on how the window is filled", () => {
    const cutter = createCutter(settings, GEAR);
    const bytes = new Uint8Array(9 * MEBIBYTE);
    const expected = cutAtOnce(cutter, bytes);
    expect(expected.length).toBe(Math.ceil(bytes.length / 1000));
    expect(cutFile(cutter, bytes, () => 123_457)).toEqual(expected);
  });

  test("by default are 64 MiB, one window", () => {
    const cutter = createCutter(DEFAULT_FIXED_CHUNKER, GEAR);
    expect(cutter.window.length).toBe(64 * MEBIBYTE);
    expect(cutter.cut(64 * MEBIBYTE, false)).toBe(1);
    expect(cutter.ends[0]).toBe(64 * MEBIBYTE);
  });
});
