/**
 * zstd behind one small interface, with three implementations chosen in one place: the native `zstd-napi`, Node's own
 * (`node:zlib`, Node >= 22.15), and a WASM build. Their compressed bytes differ; nothing may depend on them: each reads
 * the frames of the others (docs/format.md section 10).
 */
import { createRequire } from "node:module";
import * as zlib from "node:zlib";

/** One-shot zstd. Calls are synchronous; neither buffer is kept. */
export interface Zstd {
  readonly name: "zstd-napi" | "node" | "wasm";
  /** Compresses `source` into `target`. Returns the length written, or 0 when the result does not fit. */
  compress(source: Uint8Array, target: Uint8Array, level: number): number;
  /**
   * Decompresses one whole frame that announces exactly `target.length` bytes. Returns false when the frame announces
   * another size, needs a larger window than 1 MiB, or is damaged; never writes past `target`.
   */
  decompress(source: Uint8Array, target: Uint8Array): boolean;
}

/** Largest window a frame may need, bytes. */
const ZSTD_WINDOW_MAX = 1 << 20;

const FRAME_MAGIC = 0xfd2fb528;
const require = createRequire(import.meta.url);

/** Loads the fastest implementation that is allowed. @throws Error when `required` and zstd-napi cannot be loaded */
export async function loadZstd(mode: "off" | "auto" | "required"): Promise<Zstd> {
  if (mode !== "off") {
    const native = loadNative();
    if (native !== undefined) return native;
    if (mode === "required") throw new Error("Cannot load zstd-napi, and accelerators are required");
    const builtIn = loadBuiltIn();
    if (builtIn !== undefined) return builtIn;
  }
  return loadWasm();
}

/**
 * Content size and window a zstd frame announces (RFC 8878 section 3.1.1), or undefined when the header is no frame
 * header or leaves the content size open.
 */
export function readFrameHeader(frame: Uint8Array): { contentSize: number; window: number } | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 6 || view.getUint32(0, true) !== FRAME_MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  let offset = 5;
  let window = 0;
  if (!singleSegment) {
    const exponent = view.getUint8(offset++);
    const base = 2 ** (10 + (exponent >> 3));
    window = base + (base / 8) * (exponent & 7);
  }
  offset += dictionaryBytes;
  if (sizeBytes === 0 || frame.length < offset + sizeBytes) return undefined;
  let contentSize = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) contentSize = contentSize * 256 + view.getUint8(offset + i);
  if (sizeBytes === 2) contentSize += 256;
  return { contentSize, window: singleSegment ? contentSize : window };
}

/** True when `frame` announces exactly `size` bytes and a permitted window: checked before any decoder sees it. */
function announces(frame: Uint8Array, size: number): boolean {
  const header = readFrameHeader(frame);
  return header !== undefined && header.contentSize === size && header.window <= ZSTD_WINDOW_MAX;
}

interface NativeBinding {
  CCtx: new () => { compress(target: Uint8Array, source: Uint8Array, level: number): number };
  DCtx: new () => { decompress(target: Uint8Array, source: Uint8Array): number };
}

function loadNative(): Zstd | undefined {
  let binding: NativeBinding;
  try {
    binding = require("zstd-napi/binding.js") as NativeBinding;
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

interface BuiltIn {
  zstdCompressSync(source: Uint8Array, options: object): Uint8Array;
  zstdDecompressSync(source: Uint8Array, options: object): Uint8Array;
  constants: Record<string, number>;
}

function loadBuiltIn(): Zstd | undefined {
  const builtIn = zlib as unknown as Partial<BuiltIn>;
  const { zstdCompressSync, zstdDecompressSync, constants } = builtIn;
  const levelParameter = constants?.ZSTD_c_compressionLevel;
  if (!zstdCompressSync || !zstdDecompressSync || levelParameter === undefined) return undefined;
  return {
    name: "node",
    compress(source, target, level) {
      const params = { [levelParameter]: level };
      const result = zstdCompressSync(source, { params, pledgedSrcSize: source.length });
      return copyIfFits(result, source.length, target);
    },
    decompress(source, target) {
      if (!announces(source, target.length)) return false;
      try {
        const result = zstdDecompressSync(source, { maxOutputLength: target.length });
        if (result.length !== target.length) return false;
        target.set(result);
        return true;
      } catch {
        return false;
      }
    },
  };
}

interface WasmModule {
  init(): Promise<void>;
  compress(source: Uint8Array, level: number): Uint8Array;
  decompress(source: Uint8Array): Uint8Array;
}

/** A second `init` would replace the module's memory under the functions in use. */
let wasmReady: Promise<void> | undefined;

async function loadWasm(): Promise<Zstd> {
  const wasm = require("@bokuweb/zstd-wasm") as WasmModule;
  wasmReady ??= wasm.init();
  await wasmReady;
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

/** A frame without its content size is worth nothing to the format: such a result counts as one that does not fit. */
function copyIfFits(frame: Uint8Array, contentSize: number, target: Uint8Array): number {
  if (frame.length > target.length || !announces(frame, contentSize)) return 0;
  target.set(frame);
  return frame.length;
}
