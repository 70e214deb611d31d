import { expect, test } from "vitest";
import type { Snapshot } from "./bodies/snapshot.js";
import { decodeManifest, encodeManifest, type Manifest, openManifest, sealManifest } from "./manifest.js";
import { summarise } from "./summary.js";
import { emptySnapshot, TestRepository } from "./test-repository.js";

const path = (text: string) => new Uint8Array(Buffer.from(text));
const root = (text: string) => ({ path: path(text), node: new Uint8Array(50), scan: new Uint8Array(9) });
const snapshot: Snapshot = {
  ...{ ...emptySnapshot, complete: true, seen: [{ number: 1, hash: new Uint8Array(32) }] },
  ...{ parent: 3, start: 1_700_000_000_000, end: 1_700_000_000_001, zone: "", logHead: 7, isSettled: true },
  ...{ roots: [root("/a"), root("/b")], tags: ["a", "ü"], excludes: ["*.o"], options: ["compression=max"] },
  errors: { total: 101, first: [{ path: path("/a"), message: "no" }] },
  parents: [{ path: path("/a"), number: 2 }],
};

const manifest: Manifest = {
  sessions: 9,
  seen: [9, 8, 7].map((number) => ({ number, hash: new Uint8Array(32).fill(number) })),
  open: [4, 6],
  log: [path("one"), new Uint8Array(0), path("three")],
  runs: ["index/1-ab", "cache/cd"],
  pending: [{ session: 5, unique: new Uint8Array(16).fill(1), size: 99, hash: new Uint8Array(32).fill(2) }],
  summaries: new Map([
    [1, summarise(snapshot)],
    [2, summarise({ ...snapshot, complete: false })],
    [3, summarise({ ...snapshot, isTimeSaid: true, original: { number: 2, time: 5, repository: new Uint8Array(16) } })],
    [5, summarise({ ...emptySnapshot, complete: true, logHead: 0, seen: [] })],
  ]),
  segments: [{ session: 3, unique: new Uint8Array(16).fill(3), size: 98, hash: new Uint8Array(32).fill(4) }],
  droppedHead: 2,
  droppedBefore: 1,
};

test("decodeManifest() gives what was encoded", () => {
  expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  const lists = { seen: [], open: [], log: [], runs: [], pending: [], segments: [] };
  const empty = { ...lists, sessions: 0, summaries: new Map(), droppedHead: 0, droppedBefore: 0 };
  expect(decodeManifest(encodeManifest(empty))).toEqual(empty);
});

test("a summary has what lists and parents need, and neither trees nor errors", () => {
  expect(summarise(snapshot)).toMatchObject({ host: "h", roots: [{ path: path("/a") }, {}], errors: { total: 101 } });
  expect(Object.keys(summarise(snapshot).roots[0]!)).toEqual(["path"]);
  expect(summarise(snapshot)).not.toHaveProperty("seen");
});

test("summaries that share their texts take about 60 bytes each", () => {
  const of = (count: number) =>
    encodeManifest({
      ...manifest,
      summaries: new Map(Array.from({ length: count }, (_, i) => [i + 1, summarise(snapshot)])),
    }).length;
  expect((of(1_000) - of(500)) / 500).toBeLessThan(64);
});

test("decodeManifest() refuses every truncation", () => {
  const bytes = encodeManifest(manifest);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeManifest(bytes.subarray(0, length))).toThrow(/manifest/);
  }
});

test("openManifest() takes nothing of another repository, and nothing that is damaged", async () => {
  const { context } = await (await TestRepository.create()).open();
  const sealed = sealManifest(context, manifest)!;
  expect(openManifest(context, sealed)).toEqual(manifest);
  const elsewhere = await TestRepository.create({ random: (length) => new Uint8Array(length).fill(3) });
  expect(openManifest((await elsewhere.open()).context, sealed)).toBeUndefined();
  for (const at of [0, 20, 60, sealed.length - 1]) {
    expect(openManifest(context, sealed.with(at, sealed[at]! ^ 1))).toBeUndefined();
  }
});

test("a log that condemns 400,000 packs is kept, 24 bytes each", async () => {
  const { context } = await (await TestRepository.create()).open();
  const kept = sealManifest(context, { ...manifest, log: [new Uint8Array(400_000 * 24)] });
  expect(openManifest(context, kept!)?.log[0]).toHaveLength(400_000 * 24);
});
