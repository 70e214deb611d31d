import { expect, test } from "vitest";
import {
  type Accelerated,
  acceleratorsOf,
  describeMissing,
  loadAccelerated,
  missingAccelerators,
} from "./accelerated.js";

test("acceleratorsOf() is auto unless set, and refuses what it does not know", () => {
  expect([acceleratorsOf({}), acceleratorsOf({ BCAT_ACCELERATORS: "off" })]).toEqual(["auto", "off"]);
  expect(() => acceleratorsOf({ BCAT_ACCELERATORS: "" })).toThrow(expect.objectContaining({ code: "usage" }));
});

test("loadAccelerated() with off takes portable parts only", async () => {
  const { blake3, posix } = await loadAccelerated("off");
  expect([blake3.name, posix.name]).toEqual(["blake3-wasm", "node"]);
});

const named = (zstd: string, blake3: string, posix: string) =>
  ({ zstd: { name: zstd }, blake3: { name: blake3 }, posix: { name: posix } }) as Accelerated;

test("missingAccelerators() names each package that does not do its work, and what does", () => {
  expect(missingAccelerators(named("zstd-napi", "blake-hash", "koffi"))).toEqual([]);
  const none = missingAccelerators(named("wasm", "blake3-wasm", "node"));
  expect(none.map(({ missing }) => missing)).toEqual(["zstd-napi", "@napi-rs/blake-hash", "koffi"]);
  expect(describeMissing(missingAccelerators(named("libzstd", "blake-hash", "node")))).toBe(
    "zstd-napi (libzstd instead), koffi (node instead)",
  );
});
