import { expect, test } from "vitest";
import { IdSet } from "./id-set.js";
import { createTestContext } from "./test-context.js";

test("IdSet has what was added and nothing else, through many growths", async () => {
  const { random } = await createTestContext();
  const set = new IdSet();
  const ids = Array.from({ length: 20_000 }, () => random(32));
  for (const id of ids) expect(set.add(id)).toBe(true);
  for (const id of ids) expect(set.add(id)).toBe(false);
  expect(set.size).toBe(20_000);
  for (const id of ids) expect(set.has(id)).toBe(true);
  for (let i = 0; i < 20_000; i++) expect(set.has(random(32))).toBe(false);
});

test("IdSet looks at the first 16 bytes only, also at ids that begin with zeros", () => {
  const set = new IdSet();
  const id = new Uint8Array(32);
  expect(set.has(id)).toBe(false);
  expect(set.add(id)).toBe(true);
  id[20] = 1;
  expect(set.has(id)).toBe(true);
  id[4] = 1;
  expect(set.has(id)).toBe(false);
});
