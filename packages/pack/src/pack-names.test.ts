import { createMulberry32 } from "@bcat/storage";
import { expect, test } from "vitest";
import { encodeReference, NAME_REFERENCE_SIZE, packName } from "./pack-name.js";
import { PackNames } from "./pack-names.js";

const random = createMulberry32(1);
const references = Array.from({ length: 3000 }, (_, i) => ({
  session: i % 7 === 0 ? 9_999_999_999 - i : 1 + (i % 50),
  unique: Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256)),
}));

test("it has what was added, each once, in that order, and nothing else", () => {
  const names = new PackNames();
  const added = references.slice(0, 2000).map(packName);
  for (const name of [...added, ...added.slice(500)]) names.add(name);
  expect(names.size).toBe(2000);
  expect([...names]).toEqual(added);
  expect(references.filter((reference) => names.has(packName(reference)))).toEqual(references.slice(0, 2000));
  for (const name of ["", "packs/", added[0]!.replace(/^packs\/../, "index"), `${added[0]}0`])
    expect(names.has(name)).toBe(false);
  expect(names.add(added[7]!)).toBe(false);
  expect(() => names.add("config")).toThrow(RangeError);
});

test("names that differ in their sessions only are two", () => {
  const [{ unique }] = references as [(typeof references)[0]];
  const names = new PackNames();
  names.add(packName({ session: 1, unique }));
  expect(names.has(packName({ session: 2, unique }))).toBe(false);
  expect(names.has(packName({ session: 1 + 2 ** 32, unique }))).toBe(false);
  expect(names.add(packName({ session: 2, unique }))).toBe(true);
});

test("names that differ in a few bits only take no longer", () => {
  const bytes = new Uint8Array(50_000 * NAME_REFERENCE_SIZE);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 50_000; i++) {
    view.setUint32(i * NAME_REFERENCE_SIZE, 1, true);
    view.setUint32(i * NAME_REFERENCE_SIZE + 8, i);
  }
  // With a hash of the first bytes this takes long.
  expect(new PackNames(bytes).size).toBe(50_000);
});

test("references make the same set again", () => {
  const bytes = new Uint8Array(references.length * NAME_REFERENCE_SIZE);
  for (const [i, reference] of references.entries()) encodeReference(reference, bytes, i * NAME_REFERENCE_SIZE);
  const names = new PackNames(bytes);
  expect([...names]).toEqual(references.map(packName));
  expect(names.addAll(bytes.subarray(0, 240))).toBe(0);
  expect(new PackNames(names.references).references).toEqual(bytes);
  expect(new PackNames().has(packName(references[0]!))).toBe(false);
});
