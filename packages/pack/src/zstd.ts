/**
 * zstd behind one small interface, with four implementations chosen in one place: the native `zstd-napi`, a libzstd
 * that is there anyway (called through `koffi`), Node's own (`node:zlib`, Node >= 22.15), and a WASM build. Their
 * compressed bytes differ; nothing may depend on them: each reads the frames of the others (docs/format.md section 10).
 * docs/decisions/0009-zstd-without-a-compiler.md has the figures behind the order.
 */
import { loadLibzstd } from "./zstd-libzstd.js";
import { loadNativeZstd } from "./zstd-native.js";
import { loadWasmZstd } from "./zstd-wasm.js";

/** One-shot zstd. Calls are synchronous; neither buffer is kept, and both may lie in shared memory. */
export interface Zstd {
  readonly name: "zstd-napi" | "libzstd" | "node" | "wasm";
  /** Compresses `source` into `target`. Returns the length written, or 0 when the result does not fit. */
  compress(source: Uint8Array, target: Uint8Array, level: number): number;
  /**
   * Decompresses one whole frame that announces exactly `target.length` bytes. Returns false when the frame announces
   * another size, needs a larger window than 1 MiB, or is damaged; never writes past `target`.
   */
  decompress(source: Uint8Array, target: Uint8Array): boolean;
}

/** Loads the fastest implementation that is allowed. @throws Error when `required` and zstd-napi cannot be loaded */
export async function loadZstd(mode: "off" | "auto" | "required"): Promise<Zstd> {
  if (mode === "off") return await loadWasmZstd();
  const native = loadNativeZstd();
  if (native !== undefined) return native;
  if (mode === "required") throw new Error("Cannot load zstd-napi, and accelerators are required");
  return loadLibzstd() ?? (await loadPortableZstd());
}

/** Loads zlib of Node only where it may be needed. */
async function loadPortableZstd(): Promise<Zstd> {
  const { loadBuiltInZstd } = await import("./zstd-built-in.js");
  return loadBuiltInZstd() ?? (await loadWasmZstd());
}
