import { createMulberry32 } from "@bcat/storage";
import { beforeAll, expect, test } from "vitest";
import { TREE } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { createTestContext } from "../test-context.js";
import { createTestPack } from "../test-pack.js";
import { buildSegment } from "./build-segment.js";
import { memorySource } from "./byte-source.js";
import { PageCache } from "./page-cache.js";
import { ChosenScan, type ScannedPlaces } from "./scan-chosen.js";
import { Segment } from "./segment.js";

let context: PackContext;
beforeAll(async () => {
  context = await createTestContext();
});

const settings = { kind: TREE, epoch: 0, domain: 0, session: 5 } as const;

/** Segments of three packs each, of more than a page; each id lies in about three of all packs. */
function createSegments(ids: readonly Uint8Array[], random: () => number): Segment[] {
  return Array.from({ length: 3 }, () => {
    const packs = Array.from({ length: 3 }, () =>
      createTestPack(
        context,
        ids.filter(() => random() < 1 / 3),
        1000,
      ),
    );
    const { name, bytes } = buildSegment(context, settings, packs);
    return new Segment(context, { name, source: memorySource(bytes) }, new PageCache(1 << 20));
  });
}

test("ChosenScan hands out all places of what was chosen, each chunk once, and nothing else", () => {
  const random = createMulberry32(1);
  const ids = Array.from({ length: 4000 }, () => context.random(16));
  const segments = createSegments(ids, random);
  const emptyBits = (segment: Segment) => new Uint8Array(segment.counts.entryCount / 8 + 1);
  const chosen = segments.map((segment) => ({ segment, bits: emptyBits(segment), several: emptyBits(segment) }));
  const expected = new Map<string, unknown[]>();
  for (const id of ids) {
    const first = segments.findIndex((segment) => segment.firstEntryOf(id) >= 0);
    if (first < 0 || random() < 0.7) continue;
    const entry = segments[first]!.firstEntryOf(id);
    chosen[first]!.bits[entry >>> 3]! |= 1 << (entry & 7);
    const isInOthers = segments.some((segment, index) => index > first && segment.has(id));
    if (isInOthers) chosen[first]!.several[entry >>> 3]! |= 1 << (entry & 7);
    const places = segments.flatMap((segment, index) =>
      segment.find(id).map(({ pack, offset, length }) => [index, pack, offset, length]),
    );
    expected.set(Buffer.from(id).toString("hex"), places);
  }
  const scanned: [string, unknown[]][] = [];
  let turns = 0;
  const visit = (places: ScannedPlaces) => {
    const { count, segments: runs, packs, offsets, lengths } = places;
    const all = Array.from({ length: count }, (_, i) => [runs[i], packs[i], offsets[i], lengths[i]]);
    scanned.push([Buffer.from(places.id).toString("hex"), all]);
  };
  for (const scan = new ChosenScan(chosen); scan.next(100, visit); ) turns++;
  expect(scanned).toHaveLength(expected.size);
  expect(new Map(scanned)).toEqual(expected);
  expect(turns).toBe(Math.ceil(expected.size / 100) - 1);
});
