import { expect, test } from "vitest";
import { buildFilter, filterLength, filterMayContain } from "./fuse-filter.js";
import { createTestContext } from "./test-context.js";

test("a filter of any size contains all its ids, in about 9 bits each when there are many", async () => {
  const { random } = await createTestContext();
  for (const count of [1, 2, 3, 10, 100, 1000, 37_440]) {
    const ids = random(count * 16);
    const filter = buildFilter(ids);
    expect(filterLength(filter)).toBe(filter.length);
    requireAll(filter, ids);
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
    requireAll(filter, ids);
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

/** Without an expectation for each id, which takes longer than to look it up. */
function requireAll(filter: Uint8Array, ids: Uint8Array): void {
  for (let at = 0; at < ids.length; at += 16)
    if (!filterMayContain(filter, ids, at)) expect.unreachable(`the id at ${at} is not in the filter`);
}

/** The ids of a full block at a random place of a segment of `count` entries: they lie close together. */
function blockOf(count: number, random: (length: number) => Uint8Array): Uint8Array {
  const block = 16 * 2340;
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset);
  const span = Math.floor((block / count) * 2 ** 32);
  const first = view(random(4)).getUint32(0) % (2 ** 32 - span);
  const ids = Array.from({ length: block }, () => {
    const id = random(16);
    view(id).setUint32(0, first + (view(id).getUint32(0) % span));
    return id;
  });
  return Buffer.concat(ids.sort(Buffer.compare));
}

test.each([1e6, 6e7, 1e9, 4e9])(
  "a filter is built for a block of a segment of %d entries, at once and small",
  async (count) => {
    const { random } = await createTestContext("auto", count);
    for (let i = 0; i < 3; i++) {
      const ids = blockOf(count, random);
      const filter = buildFilter(ids);
      const seed = new DataView(filter.buffer).getUint32(0, true);
      expect(seed).toBeLessThanOrEqual(20);
      expect((filter.length * 8) / (ids.length / 16)).toBeLessThan(11.5);
      requireAll(filter, ids);
    }
  },
);
