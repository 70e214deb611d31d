/**
 * What one core of this machine does at best, in bytes a second, with the very libraries that bcat uses: the work that
 * every byte of a backup must go through. From them follows how long incompressible data takes at least.
 */
import { createCipheriv } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { loadBlake3 } from "@bcat/crypto";
import { createKeystream } from "./workloads/keystream.mjs";

const MIB = 1 << 20;
const BLOCKS = 256;
const REPEATS = 3;

/** @returns bytes a second of `hash` (BLAKE3), `seal` (AES-256-GCM), `write` and `read` (in `work`), best of three */
export function measureLimits(work) {
  const block = createKeystream("limits")(MIB);
  const blake3 = loadBlake3("auto");
  const file = join(work, "limit");
  const key = Buffer.alloc(32, 7);
  const cipher = createCipheriv("aes-256-gcm", key, Buffer.alloc(12));
  const limits = {
    hash: bestRate(() => blake3.hash(block)),
    // Pieces of 32 KiB: the result of a larger one costs more in fresh pages than its encryption.
    seal: bestRate(() => {
      for (let offset = 0; offset < MIB; offset += 32_768) cipher.update(block.subarray(offset, offset + 32_768));
    }),
    write: bestRate(...onFile(file, "w", (open) => writeSync(open, block))),
    read: bestRate(...onFile(file, "r", (open) => readSync(open, block))),
  };
  unlinkSync(file);
  return limits;
}

/** Seconds that `bytes` of incompressible data take at least to be read, hashed, sealed and written by all cores. */
export function leastSeconds(limits, bytes, cores) {
  const { read, hash, seal, write } = limits;
  return (bytes * (1 / read + 1 / hash + 1 / seal + 1 / write)) / cores;
}

function onFile(path, flags, use) {
  let open;
  return [() => use(open), () => (open = openSync(path, flags)), () => closeSync(open)];
}

function bestRate(work, begin = () => {}, end = () => {}) {
  let best = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    begin();
    const start = performance.now();
    for (let i = 0; i < BLOCKS; i++) work();
    best = Math.max(best, (BLOCKS * MIB) / ((performance.now() - start) / 1_000));
    end();
  }
  return best;
}
