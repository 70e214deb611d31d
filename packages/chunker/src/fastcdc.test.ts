import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FastCdc, fastCdcPath, loadFastCdcModule } from "./fastcdc.js";
import { compileWasm, instantiateWasm, type WasmMemory } from "./webassembly.js";

const LIMITS = { windowLength: 65_536, cutsMax: 1025 };
const GEAR = Uint32Array.from({ length: 256 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 1);
const TABLE_START = Buffer.from("78c0955c8989402214a2482d", "hex");

test("the pinned package has its table once, where it was measured", () => {
  const { memory } = instantiateWasm(loadFastCdcModule()) as { readonly memory: WasmMemory };
  const bytes = Buffer.from(memory.buffer);
  expect(bytes.indexOf(TABLE_START)).toBe(1_049_044);
  expect(bytes.indexOf(TABLE_START, 1_049_045)).toBe(-1);
});

test("a module without the table, or with two of them, is refused", () => {
  const code = readFileSync(fastCdcPath());
  const offset = code.indexOf(TABLE_START);
  const changed = Buffer.from(code);
  changed[offset]! ^= 1;
  expect(() => new FastCdc(compileWasm(changed), GEAR, LIMITS)).toThrow("gear table not found");
  const doubled = Buffer.from(code);
  doubled.set(TABLE_START, offset + 512);
  expect(() => new FastCdc(compileWasm(doubled), GEAR, LIMITS)).toThrow("(2 places)");
  expect(() => new FastCdc(compileWasm(code), GEAR, LIMITS)).not.toThrow();
});

test("instances do not share tables or windows", () => {
  const first = new FastCdc(loadFastCdcModule(), GEAR, LIMITS);
  const second = new FastCdc(loadFastCdcModule(), GEAR.toReversed(), LIMITS);
  for (const { window } of [first, second]) window.set(Uint8Array.from(window, (_, index) => (index * index) >>> 7));
  const settings = { kind: "cdc", minimum: 64, average: 256, maximum: 1024 } as const;
  const ends = [new Uint32Array(1025), new Uint32Array(1025)] as const;
  first.cut(65_536, settings, ends[0]);
  second.cut(65_536, settings, ends[1]);
  expect(ends[0]).not.toEqual(ends[1]);
  const again = new Uint32Array(1025);
  first.cut(65_536, settings, again);
  expect(again).toEqual(ends[0]);
});
