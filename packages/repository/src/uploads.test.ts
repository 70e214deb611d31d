import { expect, test } from "vitest";
import { Uploads } from "./uploads.js";

const MIB = 2 ** 20;

test("an arena grows with what is laid down, the next begins as large, and none is larger than it may be", () => {
  const uploads = new Uploads({ width: 1, arenaSize: 73 * MIB });
  const arena = uploads.takeArena();
  expect(arena.length).toBe(MIB / 4);
  arena.fill(7);
  const grown = uploads.growArena(arena, 1000, arena.length + 1);
  expect([grown.length, grown.lastIndexOf(7)]).toEqual([4 * MIB, 999]);
  expect(uploads.growArena(grown, 0, 5 * MIB).length).toBe(73 * MIB);
  expect(uploads.takeArena().length).toBe(73 * MIB);
  expect(() => uploads.growArena(arena, 0, 73 * MIB + 1)).toThrow(RangeError);
});
