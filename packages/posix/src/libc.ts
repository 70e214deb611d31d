/**
 * The C library's functions, found by koffi in the running process itself. Pointers are declared as `size_t` and passed
 * as numbers: the fastest way through koffi, and safe because the memory behind an ArrayBuffer never moves.
 */

import { constants } from "node:fs";
import { requireKoffi } from "./require-koffi.js";

/** What is used of koffi; its own types use `any`. */
interface Koffi {
  load(path: string | null): { func(prototype: string): Call };
  address(buffer: ArrayBufferLike): bigint;
  errno(): number;
  sizeof(type: string): number;
}

type CopyCall = (target: Uint8Array, source: Uint8Array, length: number) => number;

export type Call = (...values: number[]) => number;

export interface Libc {
  /** The error number of the last call. Ask right after it. */
  errno(): number;
  /** The address of a buffer's memory, good as long as the buffer is alive. */
  address(buffer: ArrayBufferLike): number;
  /** `pread(2)`, with the target as memory of any kind: its own, shared, or of WASM. */
  pread(fd: number, target: Uint8Array, length: number, position: number): number;
  readonly openat: Call;
  readonly close: Call;
  readonly pwrite: Call;
  readonly ftruncate: Call;
  readonly lseek: Call;
  /** Of the calls that take the address of an int. */
  readonly ioctl: Call;
  readonly getdents: Call;
  readonly statx: Call;
  readonly readlinkat: Call;
  readonly mkdirat: Call;
  readonly flistxattr: Call;
  readonly llistxattr: Call;
  readonly lgetxattr: Call;
  readonly lsetxattr: Call;
  readonly lremovexattr: Call;
  readonly symlinkat: Call;
  readonly linkat: Call;
  readonly unlinkat: Call;
  readonly renameat: Call;
  readonly fchownat: Call;
  readonly fchown: Call;
  readonly fchmodat: Call;
  readonly fchmod: Call;
  readonly utimensat: Call;
  readonly futimens: Call;
  /** Absent in a glibc before 2.33. */
  readonly mknodat: ((fd: number, path: number, mode: number, device: bigint) => number) | undefined;
  /** Absent in a glibc before 2.28, and in musl for longer. */
  readonly renameat2: Call | undefined;
}

/** @throws Error naming what is missing: Linux of 64 bits, the package, a function of the C library. */
export function loadLibc(): Libc {
  // O_NOATIME exists on Linux only; `process.platform` is out of reach below cli.
  if (constants.O_NOATIME === undefined) throw new Error("Cannot load libc: the system is not Linux");
  const koffi = requireKoffi() as Koffi;
  if (koffi.sizeof("size_t") !== 8) throw new Error("Cannot load libc: pointers are not of 64 bits");
  const process = koffi.load(null);
  // koffi.address() refuses shared memory, which a call does take; memcpy of nothing returns where it was told to copy.
  const memcpy = process.func("size_t memcpy(void*, void*, size_t)") as unknown as CopyCall;
  const sharedAddress = (buffer: SharedArrayBuffer) => memcpy(new Uint8Array(buffer), new Uint8Array(buffer), 0);
  return {
    errno: () => koffi.errno(),
    address: (buffer) => (buffer instanceof SharedArrayBuffer ? sharedAddress(buffer) : Number(koffi.address(buffer))),
    pread: process.func("intptr_t pread(int, void*, size_t, int64_t)") as unknown as Libc["pread"],
    openat: process.func("int openat(int, size_t, int, unsigned int)"),
    close: process.func("int close(int)"),
    pwrite: process.func("intptr_t pwrite(int, size_t, size_t, int64_t)"),
    ftruncate: process.func("int ftruncate(int, int64_t)"),
    lseek: process.func("int64_t lseek(int, int64_t, int)"),
    // Variadic in C, which makes no difference to integers on the machines that koffi has binaries for and Linux runs on.
    ioctl: process.func("int ioctl(int, unsigned long, size_t)"),
    getdents: findGetdents(process),
    statx: process.func("int statx(int, size_t, int, unsigned int, size_t)"),
    readlinkat: process.func("intptr_t readlinkat(int, size_t, size_t, size_t)"),
    mkdirat: process.func("int mkdirat(int, size_t, unsigned int)"),
    symlinkat: process.func("int symlinkat(size_t, int, size_t)"),
    flistxattr: process.func("intptr_t flistxattr(int, size_t, size_t)"),
    llistxattr: process.func("intptr_t llistxattr(size_t, size_t, size_t)"),
    lgetxattr: process.func("intptr_t lgetxattr(size_t, size_t, size_t, size_t)"),
    lsetxattr: process.func("int lsetxattr(size_t, size_t, size_t, size_t, int)"),
    lremovexattr: process.func("int lremovexattr(size_t, size_t)"),
    linkat: process.func("int linkat(int, size_t, int, size_t, int)"),
    mknodat: find(process, "int mknodat(int, size_t, unsigned int, uint64_t)") as unknown as Libc["mknodat"],
    renameat: process.func("int renameat(int, size_t, int, size_t)"),
    unlinkat: process.func("int unlinkat(int, size_t, int)"),
    fchownat: process.func("int fchownat(int, size_t, unsigned int, unsigned int, int)"),
    fchown: process.func("int fchown(int, unsigned int, unsigned int)"),
    fchmodat: process.func("int fchmodat(int, size_t, unsigned int, int)"),
    fchmod: process.func("int fchmod(int, unsigned int)"),
    utimensat: process.func("int utimensat(int, size_t, size_t, int)"),
    futimens: process.func("int futimens(int, size_t)"),
    renameat2: find(process, "int renameat2(int, size_t, int, size_t, unsigned int)"),
  };
}

/** glibc has getdents64 since 2.30; in musl the same function is called getdents, and since 1.2.4 only that. */
function findGetdents(process: ReturnType<Koffi["load"]>): Call {
  try {
    return process.func("intptr_t getdents64(int, size_t, size_t)");
  } catch {
    return process.func("int getdents(int, size_t, size_t)");
  }
}

/** Undefined where the C library has no such function. */
function find(process: ReturnType<Koffi["load"]>, prototype: string): Call | undefined {
  try {
    return process.func(prototype);
  } catch {
    return undefined;
  }
}
