/** zstd by `zstd-napi`: writes straight into the caller's buffer. Its install compiles where nothing ready built is to be had. */
import { createRequire } from "node:module";
import type { Zstd } from "./zstd.js";
import { announces } from "./zstd-header.js";

interface Binding {
  CCtx: new () => { compress(target: Uint8Array, source: Uint8Array, level: number): number };
  DCtx: new () => { decompress(target: Uint8Array, source: Uint8Array): number };
}

const require = createRequire(import.meta.url);

/** Undefined where it is not installed. */
export function loadNativeZstd(): Zstd | undefined {
  let binding: Binding;
  try {
    binding = require("zstd-napi/binding.js") as Binding;
  } catch {
    return undefined;
  }
  const compressor = new binding.CCtx();
  const decompressor = new binding.DCtx();
  return {
    name: "zstd-napi",
    compress(source, target, level) {
      try {
        return compressor.compress(target, source, level);
      } catch {
        return 0; // "Destination buffer is too small": the only failure of a one-shot compression
      }
    },
    decompress(source, target) {
      if (!announces(source, target.length)) return false;
      try {
        return decompressor.decompress(target, source) === target.length;
      } catch {
        return false;
      }
    },
  };
}
