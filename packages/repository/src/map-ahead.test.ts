import { expect, test } from "vitest";
import { mapAhead } from "./map-ahead.js";

test("mapAhead() gives results in order, whichever comes first, and asks for no more than it may ahead", async () => {
  const asked: number[] = [];
  const answers = new Map<number, (value: string) => void>();
  const map = (item: number) => {
    asked.push(item);
    return new Promise<string>((resolve) => answers.set(item, resolve));
  };
  const results = mapAhead([1, 2, 3, 4], 2, map);
  const first = results.next();
  expect(asked).toEqual([1, 2, 3]);
  answers.get(2)!("two");
  answers.get(1)!("one");
  expect((await first).value).toBe("one");
  expect((await results.next()).value).toBe("two");
  expect(asked).toEqual([1, 2, 3, 4]);
  answers.get(3)!("three");
  answers.get(4)!("four");
  expect([(await results.next()).value, (await results.next()).value]).toEqual(["three", "four"]);
  expect((await results.next()).done).toBe(true);
});

test("mapAhead() fails when the turn of what failed comes, and not before", async () => {
  const map = async (item: number) => {
    if (item === 2) throw new Error("no second");
    return item;
  };
  const seen: number[] = [];
  const goThrough = async () => {
    for await (const item of mapAhead([1, 2, 3], 2, map)) seen.push(item);
  };
  await expect(goThrough()).rejects.toThrow("no second");
  expect(seen).toEqual([1]);
});
