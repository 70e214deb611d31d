import { expect, test } from "vitest";
import { acceleratorsOf, loadAccelerated } from "./accelerated.js";

test("acceleratorsOf() is auto unless set, and refuses what it does not know", () => {
  expect([acceleratorsOf({}), acceleratorsOf({ BCAT_ACCELERATORS: "off" })]).toEqual(["auto", "off"]);
  expect(() => acceleratorsOf({ BCAT_ACCELERATORS: "" })).toThrow(expect.objectContaining({ code: "usage" }));
});

test("loadAccelerated() with off takes portable parts only", async () => {
  const { blake3, posix } = await loadAccelerated("off");
  expect([blake3.name, posix.name]).toEqual(["blake3-wasm", "node"]);
});
