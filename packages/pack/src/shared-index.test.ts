import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BlobKind, DATA, TREE } from "./blob-kind.js";
import { ChunkIndex, type SharedIndex } from "./chunk-index.js";
import type { PackContext } from "./context.js";
import { packName } from "./pack-name.js";
import { buildSegment } from "./segment/build-segment.js";
import { type ByteSource, memorySource } from "./segment/byte-source.js";
import { PageCache } from "./segment/page-cache.js";
import { RunFiles } from "./segment/run-files.js";
import { Segment } from "./segment/segment.js";
import { createTestContext } from "./test-context.js";
import { createTestPack } from "./test-pack.js";

let context: PackContext;
let folder: string;
beforeEach(async () => {
  context = await createTestContext();
  folder = fs.mkdtempSync(join(tmpdir(), "bcat-shared-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** Answers for each id, as plain data. */
interface Answers {
  readonly known: readonly boolean[];
  readonly places: readonly (readonly { name: string; offset: number; length: number; isCondemned: boolean }[])[];
}

function ask(index: ChunkIndex, kind: BlobKind, ids: readonly Uint8Array[]): Answers {
  return {
    known: ids.map((id) => index.has(kind, id)),
    places: ids.map((id) => index.locate(kind, id).map(({ pack, ...place }) => ({ name: pack.name, ...place }))),
  };
}

/** The same, and the keys of the test context. */
const ASKER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { modules, shared, kind, ids } = workerData;
  (async () => {
    const { loadBlake3, RepositoryKeys } = await import(modules.crypto);
    const { openSharedIndex } = await import(modules.pack);
    const keys = new RepositoryKeys(new Uint8Array(32).fill(7), new Uint8Array(16).fill(9));
    const index = openSharedIndex({ keys, blake3: loadBlake3("off") }, shared, { pagesSize: 0 });
    parentPort.postMessage({
      known: ids.map((id) => index.has(kind, id)),
      places: ids.map((id) => index.locate(kind, id).map(({ pack, ...place }) => ({ name: pack.name, ...place }))),
    });
  })();
`;

function askElsewhere(shared: SharedIndex, kind: BlobKind, ids: readonly Uint8Array[]): Promise<Answers> {
  const urlOf = (name: string) => new URL(`../../${name}/dist/index.js`, import.meta.url).href;
  const modules = { crypto: urlOf("crypto"), pack: urlOf("pack") };
  const worker = new Worker(ASKER, { eval: true, workerData: { modules, shared, kind, ids } });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
}

const runs = new RunFiles();

/** Sources as the local index has them, and one that knows nothing of threads. */
const sources: Record<string, (bytes: Uint8Array, name: string) => ByteSource> = {
  memory: memorySource,
  file(bytes, name) {
    const path = join(folder, name.replaceAll("/", "_"));
    fs.writeFileSync(path, bytes);
    return runs.source({ path, size: bytes.length, damage: "Cannot use it", manifest: join(folder, "manifest") });
  },
  other: (bytes) => ({ size: bytes.length, read: (at, length) => bytes.slice(at, at + length), close() {} }),
};

test.each(Object.entries(sources))("another thread finds what the first one finds: %s", async (_, createSource) => {
  const createId = () => context.random(32);
  const ids = Array.from({ length: 3000 }, createId);
  const packs = Array.from({ length: 12 }, (_, i) => createTestPack(context, ids.slice(i * 200, i * 200 + 250), 40));
  const index = new ChunkIndex();
  const cache = new PageCache(1 << 20);
  for (let i = 0; i < 12; i += 3) {
    const settings = { kind: i === 9 ? TREE : DATA, epoch: 0, domain: 0, session: 5 } as const;
    const { name, bytes } = buildSegment(context, settings, packs.slice(i, i + 3));
    index.addSegment(new Segment(context, { name, source: createSource(bytes, name) }, cache));
  }
  for (const i of [1, 3, 10]) index.condemn(packName(packs[i]!.reference));
  for (const kind of [DATA, TREE] as const) {
    const expected = ask(index, kind, ids);
    expect(expected.places.filter((places) => places.length === 2).length).toBeGreaterThan(50);
    expect(await askElsewhere(index.share(), kind, ids)).toEqual(expected);
    // Sharing changes nothing here.
    expect(ask(index, kind, ids)).toEqual(expected);
  }
  index[Symbol.dispose]();
});
