/**
 * How chunk sizes deduplicate: cuts each version (a file or folder) in order, and prints for each setting the bytes that
 * are new, and the number of chunks. usage: node bench/chunk-sizes.mjs VERSION... (after npm run build)
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createCutter, decodeGear } from "@bcat/chunker";

const KIB = 1024;
const SETTINGS = [
  [64, 128, 512],
  [128, 256, 1024],
  [256, 512, 2048],
  [512, 1024, 4096],
  [1024, 2048, 8192],
].map(([minimum, average, maximum]) => ({
  kind: "cdc",
  minimum: minimum * KIB,
  average: average * KIB,
  maximum: maximum * KIB,
}));
const gear = decodeGear(createHash("shake256", { outputLength: 1024 }).update("bench").digest());

function* files(path) {
  if (statSync(path).isFile()) yield path;
  else for (const name of readdirSync(path).sort()) yield* files(join(path, name));
}

for (const settings of SETTINGS) {
  const cutter = createCutter(settings, gear);
  const seen = new Set();
  let added = 0;
  let total = 0;
  const store = (bytes) => {
    const id = createHash("sha256").update(bytes).digest("latin1");
    if (!seen.has(id)) added += bytes.length;
    seen.add(id);
  };
  for (const version of process.argv.slice(2)) {
    for (const path of files(version)) {
      const bytes = readFileSync(path);
      total += bytes.length;
      for (let offset = 0; offset < bytes.length; ) {
        const piece = bytes.subarray(offset, offset + cutter.window.length);
        cutter.window.set(piece);
        const last = offset + piece.length === bytes.length;
        const count = cutter.cut(piece.length, last);
        let start = 0;
        for (let i = 0; i < count; i++) {
          store(cutter.window.slice(start, cutter.ends[i]));
          start = cutter.ends[i];
        }
        offset += start;
      }
    }
  }
  const sizes = [settings.minimum, settings.average, settings.maximum].map((size) => size / KIB).join("/");
  console.log(
    `${sizes} KiB: ${added} of ${total} bytes new (${((100 * added) / total).toFixed(2)} %), ${seen.size} chunks`,
  );
}
