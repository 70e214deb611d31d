import { createCipheriv, createHash } from "node:crypto";
import { type ChunkerSettings, createCutter, DEFAULT_CHUNKER, decodeGear } from "@bcat/chunker";
import fc, { readConfigureGlobal } from "fast-check";
import { describe, expect, it } from "vitest";
import { FileWindow } from "./file-window.js";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
/** Words of no pattern. */
const gear = decodeGear(
  Uint8Array.from(
    { length: 1024 },
    (_, i) =>
      createHash("sha256")
        .update(`${i >> 5}`)
        .digest()[i & 31]!,
  ),
);
/** With this one, zeros are cut as soon as they may be. */
const eagerGear = gear.slice();
eagerGear[0] = 0;

/** Bytes of no pattern; the second half is the first once more. */
const half = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(2 * MEBIBYTE));
const noise = Buffer.concat([half, half]);

const fixed = (size: number): ChunkerSettings => ({ kind: "fixed", minimum: size, average: size, maximum: size });
const SMALL: ChunkerSettings = { kind: "cdc", minimum: 64, average: 256, maximum: 1024 };
const MIDDLE: ChunkerSettings = { kind: "cdc", minimum: 4 * KIBIBYTE, average: 16 * KIBIBYTE, maximum: 64 * KIBIBYTE };

/** Data and holes by turns, bytes each. */
type Layout = readonly { readonly data: number; readonly hole: number }[];

function windowOf(settings: ChunkerSettings, table = gear): FileWindow {
  return new FileWindow({ ...settings, cutter: createCutter(settings, table) });
}

/** The chunks of a layout as `length hash`, one a line, with holes as such or as zeros; short content as itself. */
function cut(window: FileWindow, layout: Layout, withHoles: boolean): string[] {
  const chunks: string[] = [];
  window.start({
    chunk: (bytes) => chunks.push(`${bytes.length} ${createHash("sha1").update(bytes).digest("hex")}`),
    repeat: (times) => chunks.push(...Array<string>(times).fill(chunks.at(-1)!)),
    restart() {},
  });
  let taken = 0;
  const put = (length: number, fill: (space: Uint8Array) => void) => {
    for (let left = length; left > 0; ) {
      const space = window.space.subarray(0, Math.min(left, half.length));
      fill(space);
      left -= space.length;
      window.advance(space.length);
    }
  };
  for (const { data, hole } of layout) {
    put(data, (space) => {
      space.set(noise.subarray(taken, taken + space.length));
      taken = (taken + space.length) % half.length;
    });
    if (withHoles && hole > 0) for (const _ of window.hole(hole));
    else put(hole, (space) => space.fill(0));
  }
  const inline = window.finish();
  return inline === undefined ? chunks : [Buffer.from(inline).toString("hex")];
}

describe.each([
  ["default", DEFAULT_CHUNKER, gear, 9 * MEBIBYTE],
  ["small", SMALL, gear, 100 * KIBIBYTE],
  ["eager", SMALL, eagerGear, 100 * KIBIBYTE],
  ["middle", MIDDLE, gear, 9 * MEBIBYTE],
  ["eager middle", MIDDLE, eagerGear, 9 * MEBIBYTE],
  ["fixed at 64 bytes", fixed(64), gear, 10 * KIBIBYTE],
  ["fixed at 1 MiB", fixed(MEBIBYTE), gear, 17 * MEBIBYTE],
  ["fixed at 5 MiB", fixed(5 * MEBIBYTE), gear, 16 * MEBIBYTE],
] as const)("FileWindow.hole(), %s", (_, settings, table, hole) => {
  const window = windowOf(settings, table);
  const { minimum, maximum } = settings;
  const lengths = [0, 1, 511, 513, minimum - 1, minimum, maximum - 1, maximum, maximum + 1, hole];

  it("cuts as if the zeros had been read", () => {
    for (const length of lengths) {
      for (const layout of [
        [{ data: 0, hole: length }],
        [{ data: minimum + 3, hole: length }],
        [
          { data: 0, hole: length },
          { data: 17, hole: 2 * length },
          { data: 3, hole: 0 },
        ],
      ]) {
        expect(cut(window, layout, true)).toEqual(cut(window, layout, false));
      }
    }
  });

  it("cuts any layout as if its zeros had been read", () => {
    const part = fc.record({ data: fc.nat({ max: 2 * maximum }), hole: fc.nat({ max: Math.floor(hole / 4) }) });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (layout) => {
        expect(cut(window, layout, true)).toEqual(cut(window, layout, false));
      }),
      { numRuns: Math.ceil((readConfigureGlobal().numRuns ?? 100) / 10) },
    );
  });
});

describe("FileWindow.hole()", () => {
  it("makes a chunk or two of zeros, however long the hole is, and lets others run", () => {
    const window = windowOf(DEFAULT_CHUNKER);
    let made = 0;
    let repeated = 0;
    window.start({
      chunk: () => made++,
      repeat: (times) => {
        repeated += times;
      },
      restart() {},
    });
    const yielded = [...window.hole(2 ** 40)];
    window.finish();
    expect(made).toBeLessThanOrEqual(2);
    expect(made + repeated).toBe(2 ** 40 / DEFAULT_CHUNKER.maximum);
    expect(yielded.length).toBeGreaterThan(4);
  });
});
