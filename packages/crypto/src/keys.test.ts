import { hkdfSync } from "node:crypto";
import { expect, test } from "vitest";
import { RepositoryKeys } from "./keys.js";

const ROOT_KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const REPOSITORY_ID = new Uint8Array(16).fill(0x77);

test("derive() follows the format's formula", () => {
  const info = Buffer.concat([Buffer.from("bcat/1/id/data\0"), Buffer.from("0100000002010000", "hex")]);
  const expected = new Uint8Array(hkdfSync("sha256", ROOT_KEY, REPOSITORY_ID, info, 32));
  expect(new RepositoryKeys(ROOT_KEY, REPOSITORY_ID).derive("id/data", 1, 258)).toEqual(expected);
});

test("derive() gives one key for one purpose, another for every other", () => {
  const keys = new RepositoryKeys(ROOT_KEY, REPOSITORY_ID);
  const others = new RepositoryKeys(ROOT_KEY, REPOSITORY_ID.with(0, 0));
  const derived = [
    keys.derive("pack", 0, 0),
    keys.derive("pack", 1, 0),
    keys.derive("pack", 0, 1),
    keys.derive("index", 0, 0),
    others.derive("pack", 0, 0),
  ];
  expect(new Set(derived.map((key) => Buffer.from(key).toString("hex"))).size).toBe(derived.length);
  expect(keys.derive("pack", 0, 0)).toBe(derived[0]);
});

test("derive() goes on when more purposes were asked for than it remembers", () => {
  const keys = new RepositoryKeys(ROOT_KEY, REPOSITORY_ID);
  const first = keys.derive("pack", 0, 0).slice();
  for (let epoch = 1; epoch < 1100; epoch++) keys.derive("pack", epoch, 0);
  expect(keys.derive("pack", 0, 0)).toEqual(first);
});

test("the keys do not follow later changes of the memory they came from", () => {
  const rootKey = ROOT_KEY.slice();
  const keys = new RepositoryKeys(rootKey, REPOSITORY_ID);
  rootKey.fill(0);
  expect(keys.derive("name", 0, 0)).toEqual(new RepositoryKeys(ROOT_KEY, REPOSITORY_ID).derive("name", 0, 0));
});

test("lengths and numbers out of bounds are refused", () => {
  expect(() => new RepositoryKeys(ROOT_KEY.subarray(1), REPOSITORY_ID)).toThrow(RangeError);
  expect(() => new RepositoryKeys(ROOT_KEY, REPOSITORY_ID.subarray(1))).toThrow(RangeError);
  const keys = new RepositoryKeys(ROOT_KEY, REPOSITORY_ID);
  for (const number of [-1, 0.5, 2 ** 32]) {
    expect(() => keys.derive("pack", number, 0)).toThrow(RangeError);
    expect(() => keys.derive("pack", 0, number)).toThrow(RangeError);
  }
});
