/** zstd by `node:zlib`, where Node has it (>= 22.15): a context and a buffer for every call. */
import * as zlib from "node:zlib";
import type { Zstd } from "./zstd.js";
import { announces, copyIfFits } from "./zstd-header.js";

interface BuiltIn {
  zstdCompressSync(source: Uint8Array, options: object): Uint8Array;
  zstdDecompressSync(source: Uint8Array, options: object): Uint8Array;
  constants: Record<string, number>;
}

/** Undefined where Node is older. */
export function loadBuiltInZstd(): Zstd | undefined {
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
