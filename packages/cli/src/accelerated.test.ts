import { expect, test } from "vitest";
import { type Accelerated, describeMissing, loadAccelerated, missingAccelerators } from "./accelerated.js";

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

test("loadAccelerated() with everything off is without all of them", async () => {
  expect(missingAccelerators(await loadAccelerated("off"))).toHaveLength(3);
});
