/** zstd by WebAssembly: half as fast, and runs everywhere. */
import { createRequire } from "node:module";
import type { Zstd } from "./zstd.js";
import { announces, copyIfFits } from "./zstd-header.js";

interface WasmModule {
  init(): Promise<void>;
  compress(source: Uint8Array, level: number): Uint8Array;
  decompress(source: Uint8Array): Uint8Array;
}

const require = createRequire(import.meta.url);

/** A second `init` would replace the module's memory under the functions in use. */
let ready: Promise<void> | undefined;

export async function loadWasmZstd(): Promise<Zstd> {
  const wasm = require("@bokuweb/zstd-wasm") as WasmModule;
  ready ??= wasm.init();
  await ready;
  return {
    name: "wasm",
    compress(source, target, level) {
      return copyIfFits(wasm.compress(source, level), source.length, target);
    },
    decompress(source, target) {
      if (!announces(source, target.length)) return false;
      try {
        const result = wasm.decompress(source);
        if (result.length !== target.length) return false;
        target.set(result);
        return true;
      } catch {
        return false;
      }
    },
  };
}
