/**
 * zstd by a libzstd that is on the machine anyway, called through `koffi`: the one that Node >= 22.15 carries and
 * exports, else the system's (on Linux the package managers need it themselves). As fast as zstd-napi, no compiler.
 */
import { requireKoffi } from "@bcat/posix";
import type { Zstd } from "./zstd.js";
import { announces } from "./zstd-header.js";

/** One context of each kind is kept in a thread for as long as it lives; about 1.5 MB at the level in use. */
type Context = unknown;

interface Calls {
  /** Lengths, or an error code: those are the largest values of size_t and come as bigint. */
  compress(context: Context, target: Uint8Array, room: number, source: Uint8Array, size: number, level: number): Length;
  decompress(context: Context, target: Uint8Array, room: number, source: Uint8Array, size: number): Length;
  readonly compressor: Context;
  readonly decompressor: Context;
}

type Length = number | bigint;
type Library = { func(prototype: string): (...words: unknown[]) => unknown };
type Koffi = { load(path: string | null): Library };

/** 1.4.0: the first in which all that is called here is declared stable. */
const VERSION_MIN = 10_400;

/** Names of the system's library on Linux and on macOS. */
const SYSTEM_NAMES = ["libzstd.so.1", "libzstd.1.dylib"];

let loaded: { zstd: Zstd | undefined } | undefined;

/** Undefined where there is no koffi, no library, or one that does not do what it should. */
export function loadLibzstd(): Zstd | undefined {
  loaded ??= { zstd: load() };
  return loaded.zstd;
}

function load(): Zstd | undefined {
  try {
    const zstd = wrap(bind(openLibrary(requireKoffi() as Koffi)));
    return passesSelfTest(zstd) ? zstd : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The process itself comes first, and nothing else is opened when it exports zstd: the loader would resolve calls
 * inside a second libzstd to the functions of the first, which may be of another version.
 */
function openLibrary(koffi: Koffi): Library {
  for (const name of [null, ...SYSTEM_NAMES]) {
    const version = versionOf(koffi, name);
    if (version === undefined) continue;
    if (version.number < VERSION_MIN) break;
    return version.library;
  }
  throw new Error("Cannot load libzstd: neither Node nor the system has one of version 1.4 or later");
}

function versionOf(koffi: Koffi, name: string | null): { library: Library; number: number } | undefined {
  try {
    const library = koffi.load(name);
    return { library, number: library.func("unsigned int ZSTD_versionNumber()")() as number };
  } catch {
    return undefined;
  }
}

function bind(library: Library): Calls {
  const buffers = "void *target, size_t room, const void *source, size_t size";
  return {
    compress: library.func(`size_t ZSTD_compressCCtx(void *context, ${buffers}, int level)`) as Calls["compress"],
    decompress: library.func(`size_t ZSTD_decompressDCtx(void *context, ${buffers})`) as Calls["decompress"],
    compressor: createContext(library, "ZSTD_createCCtx"),
    decompressor: createContext(library, "ZSTD_createDCtx"),
  };
}

function createContext(library: Library, name: string): Context {
  const context = library.func(`void *${name}()`)();
  if (context === null) throw new Error(`Cannot create a zstd context: ${name} returned null`);
  return context;
}

function wrap({ compress, decompress, compressor, decompressor }: Calls): Zstd {
  return {
    name: "libzstd",
    compress(source, target, level) {
      const length = compress(compressor, target, target.length, source, source.length, level);
      return typeof length === "number" && length <= target.length ? length : 0;
    },
    decompress(source, target) {
      if (!announces(source, target.length)) return false;
      return decompress(decompressor, target, target.length, source, source.length) === target.length;
    },
  };
}

/** An unexpected ABI must lead to the slow way and not to wrong data. */
function passesSelfTest(zstd: Zstd): boolean {
  const plain = new Uint8Array(1000).map((_, i) => i % 7);
  const frame = new Uint8Array(plain.length);
  const length = zstd.compress(plain, frame, 3);
  const again = new Uint8Array(plain.length);
  if (length === 0 || !zstd.decompress(frame.subarray(0, length), again)) return false;
  return again.every((byte, i) => byte === plain[i]) && zstd.compress(plain, new Uint8Array(length - 1), 3) === 0;
}
