import type { Snapshot } from "@bcat/repository";
import { expect, test } from "vitest";
import { remade } from "./remake.js";

const snapshot = { start: 5, tags: ["a"], roots: [] } as unknown as Snapshot;
const repository = new Uint8Array(16).fill(1);

test("what was made from another has the place of the first of them", () => {
  const once = remade(3, snapshot, { tags: ["b"] });
  expect(once).toMatchObject({ tags: ["b"], original: { number: 3, time: 5 } });
  expect(remade(9, once).original).toEqual({ number: 3, time: 5 });
});

test("what was made from a copy names what that is a copy of, and has the place of the copy", () => {
  const copy = { ...snapshot, original: { number: 700, time: 5, repository } };
  const once = remade(3, copy);
  expect(once.original).toEqual({ number: 700, time: 5, repository, place: 3 });
  expect(remade(9, once).original).toEqual({ number: 700, time: 5, repository, place: 3 });
});
