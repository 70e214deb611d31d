/**
 * How fast one thread makes frames of chunks: id, compression, sealing, opening again, rehashing. CPU time, the minimum of
 * some runs, which holds on a busy machine too.
 *
 *     node bench/frames.mjs [off|auto|required]      (after npm run build)
 */
import { randomBytes, randomFillSync } from "node:crypto";
import { loadBlake3, loadGcm, RepositoryKeys } from "../packages/crypto/dist/index.js";
import { DATA, FrameBuilder, loadZstd } from "../packages/pack/dist/index.js";

const MIB = 2 ** 20;
const RUNS = 12;
const mode = process.argv[2] ?? "auto";
const keys = new RepositoryKeys(randomBytes(32), randomBytes(16));
const context = {
  keys,
  random: (length) => new Uint8Array(randomBytes(length)),
  blake3: loadBlake3(mode),
  zstd: await loadZstd(mode),
  gcm: loadGcm(mode),
};
const idHash = context.blake3.keyed(keys.derive("id/data", 0, 0));
const id = new Uint8Array(32);
const settings = { kind: DATA, epoch: 0, domain: 0, level: 3, idHash, chunkSizeMax: 2 * MIB };
let stored = 0;
const builder = new FrameBuilder(context, { ...settings, onGroup: (group) => (stored += group.bytes.length) });

const random = new Uint8Array(64 * MIB);
randomFillSync(random);
const words = Array.from({ length: 5000 }, (_, i) => (i * 2654435761).toString(36).slice(0, 2 + (i % 8)));
const text = Buffer.alloc(16 * MIB);
for (let at = 0, i = 0; at < text.length; i++) at += text.write(`${words[random[i] * 19 + (random[i + 1] >> 4)]} `, at);

function add(chunk) {
  idHash.hashInto(chunk, id, 0);
  builder.add(id, chunk);
}

/** Chunks of 512 KiB to 2 MiB, a new content every 64. */
function addLarge(source) {
  for (let at = 0, i = 0; at < source.length; i++) {
    if (i % 64 === 0) builder.startContent();
    const size = 512 * 1024 + ((i * 40_503 * 37) % (1536 * 1024));
    add(source.subarray(at, at + size));
    at += size;
  }
  builder.flush();
  return source.length;
}

function addSmall(source, count, size) {
  for (let i = 0; i < count; i++) add(source.subarray(i * size, (i + 1) * size));
  builder.flush();
  return count;
}

function measure(name, unit, scale, action) {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = process.cpuUsage();
    stored = 0;
    const count = action();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, ((user + system) / count) * scale);
  }
  console.log(`${name.padEnd(36)}${best.toFixed(2).padStart(8)} ${unit}  (${stored} bytes stored)`);
}

console.log(`zstd ${context.zstd.name}, BLAKE3 ${context.blake3.name}, GCM ${context.gcm.name}`);
measure("random, chunks of 512 KiB to 2 MiB", "s/GiB", 1073.741824, () => addLarge(random));
measure("text, chunks of 512 KiB to 2 MiB", "s/GiB", 1073.741824, () => addLarge(text));
measure("random, 4 KiB each", "µs", 1, () => addSmall(random, 10_000, 4096));
measure("text, 3 KB each", "µs", 1, () => addSmall(text, 5000, 3000));
measure("random, 8 bytes each", "µs", 1, () => addSmall(random, 50_000, 8));
