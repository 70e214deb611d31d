/** Frames built in several threads at once, by the built package: workers do not load TypeScript. */
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { DATA } from "./blob-kind.js";
import { decodeFrameGroup, frameGroupSizeMax } from "./frame-group.js";
import { type FinishedPack, PackAssembler } from "./pack-assembler.js";
import { createTestContext } from "./test-context.js";
import { arenasOf, readPack } from "./test-packs.js";

const CHUNK_SIZE_MAX = 2 ** 20;
const GROUPS = 40;
const REGION_SIZE = frameGroupSizeMax(CHUNK_SIZE_MAX);
const distOf = (name: string) => new URL(`../../${name}/dist/index.js`, import.meta.url).href;

/** Builds groups of the contents `thread * 1000 + i`, one large chunk and many small ones in turn, into shared regions. */
const WORKER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { memory, thread, mode, regionSize, groups, chunkSizeMax, pack, crypto } = workerData;
  (async () => {
    const { DATA, FrameBuilder, encodeFrameGroup, loadZstd } = await import(pack);
    const { RepositoryKeys, loadBlake3, loadGcm } = await import(crypto);
    const keys = new RepositoryKeys(new Uint8Array(32).fill(7), new Uint8Array(16).fill(9));
    const random = (length) => new Uint8Array(length).fill(thread);
    const context = { keys, random, blake3: loadBlake3(mode), zstd: await loadZstd(mode), gcm: loadGcm(mode) };
    const idHash = context.blake3.keyed(keys.derive("id/data", 0, 0));
    let count = 0;
    const onGroup = (group) => encodeFrameGroup(group, new Uint8Array(memory, regionSize * count++, regionSize));
    const settings = { kind: DATA, epoch: 0, domain: 0, level: 3, idHash, chunkSizeMax, onGroup };
    const builder = new FrameBuilder(context, settings);
    for (let i = 0; i < groups; i++) {
      const size = i % 2 === 0 ? 300_000 : 1000;
      const chunk = Buffer.alloc(size, thread * 1000 + i + " ");
      builder.add(idHash.hash(chunk), chunk);
      builder.flush();
    }
    parentPort.postMessage({ count, gcm: context.gcm.name, blake3: context.blake3.name });
  })();
`;

const workers: Worker[] = [];
afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));

function run(thread: number, mode: string, memory: SharedArrayBuffer) {
  const packages = { pack: distOf("pack"), crypto: distOf("crypto") };
  const workerData = { memory, thread, mode, regionSize: REGION_SIZE, groups: GROUPS, chunkSizeMax: CHUNK_SIZE_MAX };
  const worker = new Worker(WORKER, { eval: true, workerData: { ...workerData, ...packages } });
  workers.push(worker);
  return new Promise<{ count: number; gcm: string; blake3: string }>((resolve, reject) => {
    worker.on("message", resolve).on("error", reject);
  });
}

test.each(["auto", "off"] as const)("four threads build frames of one pack at once, accelerators %s", async (mode) => {
  const context = await createTestContext(mode);
  const memories = [1, 2, 3, 4].map(() => new SharedArrayBuffer(REGION_SIZE * GROUPS));
  const results = await Promise.all(memories.map((memory, i) => run(i + 1, mode, memory)));
  for (const { count, gcm, blake3 } of results) {
    expect({ count, gcm, blake3 }).toEqual({ count: GROUPS, gcm: context.gcm?.name, blake3: context.blake3.name });
  }
  const packs: FinishedPack[] = [];
  const sizes = { targetSize: 2 ** 26, chunkSizeMax: CHUNK_SIZE_MAX };
  const assembler = new PackAssembler(context, {
    ...sizes,
    kind: DATA,
    epoch: 0,
    domain: 0,
    session: 1,
    ...arenasOf(sizes),
    onPack: (pack) => packs.push(pack),
  });
  for (let i = 0; i < GROUPS; i++) {
    for (const memory of memories) {
      assembler.add(decodeFrameGroup(new Uint8Array(memory, REGION_SIZE * i, REGION_SIZE)));
    }
  }
  assembler.finish();
  expect(packs[0]!.keys).toHaveLength(4);
  const texts = readPack(context, packs[0]!).map((bytes) => Buffer.from(bytes.subarray(0, 5)).toString());
  const expected = Array.from({ length: GROUPS }, (_, i) => [1, 2, 3, 4].map((thread) => `${thread * 1000 + i} `));
  expect(texts).toEqual(expected.flat());
});
