import { describe, expect, test } from "vitest";
import { readAhead } from "./read-ahead.js";

/** A source of `count` objects, the first at 1, which counts how many are asked for at once. */
function createSource(count: number) {
  const source = {
    names: [] as string[],
    underWay: 0,
    mostUnderWay: 0,
    async get(name: string) {
      source.names.push(name);
      source.mostUnderWay = Math.max(source.mostUnderWay, ++source.underWay);
      await new Promise((resolve) => setImmediate(resolve));
      source.underWay--;
      return Number(name) <= count ? new Uint8Array([Number(name)]) : undefined;
    },
  };
  return source;
}

const numbered = (count: number, size = 0) => Array.from({ length: count }, (_, i) => ({ name: String(i + 1), size }));

function* endless() {
  for (let i = 1; ; i++) yield { name: String(i), size: 0 };
}

describe("objects that are expected", () => {
  test("are each asked for once, sixteen at a time, and given in any order of answers", async () => {
    const source = createSource(100);
    const ahead = readAhead(source, numbered(100));
    for (let i = 1; i <= 100; i++) expect(await ahead.get(String(i))).toEqual(new Uint8Array([i]));
    expect(source.names).toEqual(numbered(100).map(({ name }) => name));
    expect(source.mostUnderWay).toBe(16);
  });

  test("are held to 32 MiB together, however large one is", async () => {
    const source = createSource(9);
    const ahead = readAhead(source, [...numbered(6, 12 * 2 ** 20), { name: "7", size: 2 ** 30 }]);
    for (let i = 1; i <= 7; i++) await ahead.get(String(i));
    expect(source.mostUnderWay).toBe(2);
    expect(source.names).toHaveLength(7);
  });

  test("are asked for anew after the first answer, or where a part is wanted", async () => {
    const source = createSource(3);
    const ahead = readAhead(source, numbered(2));
    await ahead.get("1");
    await ahead.get("1");
    await ahead.get("2", { range: { offset: 0, length: 1 } });
    await ahead.get("3");
    expect(source.names).toEqual(["1", "2", "1", "2", "3"]);
  });

  test("fail when they are asked for, and not before", async () => {
    const failing = { get: async (name: string) => Promise.reject(new Error(name)) };
    const ahead = readAhead(failing, numbered(3));
    await expect(ahead.get("1")).rejects.toThrow("1");
    await new Promise((resolve) => setImmediate(resolve));
    await expect(ahead.get("2")).rejects.toThrow("2");
  });
});

test.each([
  [0, 1],
  [3, 4],
  [100, 116],
])("where nobody knows how many there are, %i take %i requests", async (count, requests) => {
  const source = createSource(count);
  const ahead = readAhead(source, endless(), { mayBeMissing: true });
  for (let i = 1; (await ahead.get(String(i))) !== undefined; ) i++;
  expect(source.names.length).toBe(requests);
});
