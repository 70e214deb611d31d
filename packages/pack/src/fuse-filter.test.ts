import { expect, test } from "vitest";
import { buildFilter, filterLength, filterMayContain } from "./fuse-filter.js";
import { createTestContext } from "./test-context.js";

test("a filter of any size contains all its ids, in about 9 bits each when there are many", async () => {
  const { random } = await createTestContext();
  for (const count of [1, 2, 3, 10, 100, 1000, 37_440]) {
    const ids = random(count * 16);
    const filter = buildFilter(ids);
    expect(filterLength(filter)).toBe(filter.length);
    for (let i = 0; i < count; i++) expect(filterMayContain(filter, ids, i * 16)).toBe(true);
    if (count > 10_000) expect((filter.length * 8) / count).toBeLessThan(10.5);
  }
});

test("a filter says yes to about one absent id in 256", async () => {
  const { random } = await createTestContext();
  const filter = buildFilter(random(20_000 * 16));
  let wrong = 0;
  for (let i = 0; i < 50_000; i++) if (filterMayContain(filter, random(16))) wrong++;
  expect(wrong / 50_000).toBeLessThan(0.006);
});

test("a filter contains ids that agree in the 8 bytes their positions come from, and ids given twice", async () => {
  const { random } = await createTestContext();
  const twin = (id: Uint8Array, from: number) => Uint8Array.from([...id.subarray(0, from), ...random(16 - from)]);
  const heads = Array.from({ length: 2000 }, () => random(16));
  for (const twins of [
    [twin(heads[5]!, 8)],
    [twin(heads[5]!, 8), twin(heads[1000]!, 8)],
    [twin(heads[7]!, 8), twin(heads[7]!, 8), twin(heads[8]!, 12), heads[9]!],
  ]) {
    const ids = Buffer.concat([...heads, ...twins].sort(Buffer.compare));
    const filter = buildFilter(ids);
    for (let at = 0; at < ids.length; at += 16) expect(filterMayContain(filter, ids, at)).toBe(true);
  }
});

test("filterLength() refuses what is cut off or announces more than there is", async () => {
  const { random } = await createTestContext();
  const filter = buildFilter(random(160));
  for (let length = 0; length < filter.length; length++)
    expect(filterLength(filter.subarray(0, length))).toBeUndefined();
  const huge = filter.slice();
  huge.fill(255, 8, 12);
  expect(filterLength(huge)).toBeUndefined();
});
