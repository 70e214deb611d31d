/**
 * Opens an index in a fresh process and asks it; prints JSON. `node --expose-gc`, so that what is resident is what the
 * index keeps and not what its opening left behind.
 */
import { createMulberry32 } from "@bcat/storage";
import { ID_SIZE, idsFrom } from "./ids.mjs";
import { createContext, openRuns } from "./runs.mjs";

const MISSES = 300_000;
const HITS = 30_000;
/** Chunks with these numbers are in no index. */
const ABSENT = 2 ** 40;

const [folder, chunks] = [process.argv[2], Number(process.argv[3])];
const context = await createContext();
const before = resident();
const start = performance.now();
const index = openRuns(context, folder);
const openMs = performance.now() - start;
const residentPerChunk = (resident() - before) / chunks;

const next = createMulberry32(1);
const absent = idsFrom(ABSENT, MISSES);
const misses = Array.from({ length: MISSES }, (_, i) => absent.subarray(i * ID_SIZE, (i + 1) * ID_SIZE));
const hits = Array.from({ length: HITS }, () => idsFrom(Math.floor(next() * chunks), 1));
const missesPerSecond = rate(misses, (id) => index.has(id), false);
const hitsPerSecond = rate(hits, (id) => index.locate(id).length > 0, true);
const { rss } = process.memoryUsage();
console.log(JSON.stringify({ openMs, residentPerChunk, missesPerSecond, hitsPerSecond, residentAfter: rss }));

function resident() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  return process.memoryUsage().rss;
}

function rate(ids, ask, expected) {
  const begin = performance.now();
  for (const id of ids) if (ask(id) !== expected) throw new Error(`A chunk is ${expected ? "not " : ""}in the index`);
  return ids.length / ((performance.now() - begin) / 1_000);
}
