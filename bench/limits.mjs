/**
 * What one core of this machine does at best, in bytes a second: the work that every byte of a backup must go through.
 * From them follows how long incompressible data takes at least.
 */
import { execFileSync } from "node:child_process";
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
  const limits = {
    hash: bestRate(() => blake3.hash(block)),
    seal: sealRate(),
    write: bestRate(...onFile(file, "w", (open) => writeSync(open, block))),
    read: bestRate(...onFile(file, "r", (open) => readSync(open, block))),
  };
  unlinkSync(file);
  return limits;
}

/**
 * Seconds that `bytes` of incompressible data take at least to be read, hashed, sealed and written by all cores. What
 * could not be measured counts as nothing.
 */
export function leastSeconds(limits, bytes, cores) {
  const seconds = [limits.read, limits.hash, limits.seal, limits.write].map((rate) => (rate ? bytes / rate : 0));
  return seconds.reduce((sum, each) => sum + each, 0) / cores;
}

/** As OpenSSL itself does it; undefined where its program is not there. */
function sealRate() {
  const words = ["speed", "-mr", "-seconds", "1", "-bytes", String(MIB), "-evp", "aes-256-gcm"];
  try {
    const output = execFileSync("openssl", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const rate = Number(/AES-256-GCM:([\d.]+)/i.exec(output)?.[1]);
    return rate > 0 ? rate : undefined;
  } catch {
    return undefined;
  }
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
