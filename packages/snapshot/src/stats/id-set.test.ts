import { BcatError } from "@bcat/errors";
import { expect, test } from "vitest";
import { IdSet } from "./id-set.js";

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(32);
  // All of them begin alike, so that they stand one behind the other.
  new DataView(id.buffer).setUint32(8, number);
  return id;
}

test("an IdSet knows what was added, however often it has grown", () => {
  const set = new IdSet();
  const added = [0, 0];
  for (const round of added.keys()) for (let i = 1; i <= 3_500; i++) if (set.add(idOf(i))) added[round]!++;
  expect(added).toEqual([3_500, 0]);
  expect(set.count).toBe(3_500);
});

test("an IdSet refuses more than its limit", () => {
  const set = new IdSet(2 ** 12);
  const fill = () => {
    for (let i = 1; i <= 4_096; i++) set.add(idOf(i));
  };
  expect(fill).toThrow(BcatError);
  expect(fill).toThrow("Cannot count more than 3072 different things: choose fewer snapshots");
});
