/**
 * The functions of OpenSSL that node itself carries, called through koffi: they write where they are told, while
 * `node:crypto` gives fresh memory for every piece. Pointers to data are views, of any memory: ordinary, shared or a WASM
 * module's. Small things go through one buffer of fixed address, as numbers.
 */

import { requireKoffi } from "@bcat/posix";

type Argument = number | Uint8Array | null;
type Call = (...values: Argument[]) => number;

/** What is used of koffi; its own types use `any`. */
interface Koffi {
  load(path: null): { func(prototype: string): Call };
  address(buffer: ArrayBuffer): bigint;
  sizeof(type: string): number;
}

export interface OpenSsl {
  /** The address of a buffer's memory, good as long as the buffer is alive. */
  address(buffer: ArrayBuffer): number;
  readonly newContext: Call;
  readonly aes256Gcm: Call;
  readonly sha256: Call;
  readonly control: Call;
  readonly encryptInit: Call;
  readonly encryptSmall: Call;
  readonly encryptData: Call;
  readonly encryptFinal: Call;
  readonly decryptInit: Call;
  readonly decryptSmall: Call;
  readonly decryptData: Call;
  readonly decryptFinal: Call;
  readonly hmac: Call;
  /** What a failed call leaves behind would be taken for its own by the next one that node makes. */
  readonly clearErrors: Call;
}

/** @throws Error naming what is missing: the package, 64 bits, a function in this build of node. */
export function loadOpenSsl(): OpenSsl {
  const koffi = requireKoffi() as Koffi;
  if (koffi.sizeof("size_t") !== 8) throw new Error("Cannot load OpenSSL: pointers are not of 64 bits");
  const process = koffi.load(null);
  const init = "size_t, size_t, size_t, size_t, size_t";
  return {
    address: (buffer) => Number(koffi.address(buffer)),
    newContext: process.func("size_t EVP_CIPHER_CTX_new()"),
    aes256Gcm: process.func("size_t EVP_aes_256_gcm()"),
    sha256: process.func("size_t EVP_sha256()"),
    control: process.func("int EVP_CIPHER_CTX_ctrl(size_t, int, int, size_t)"),
    encryptInit: process.func(`int EVP_EncryptInit_ex(${init})`),
    encryptSmall: process.func("int EVP_EncryptUpdate(size_t, size_t, size_t, size_t, int)"),
    encryptData: process.func("int EVP_EncryptUpdate(size_t, void*, size_t, void*, int)"),
    encryptFinal: process.func("int EVP_EncryptFinal_ex(size_t, size_t, size_t)"),
    decryptInit: process.func(`int EVP_DecryptInit_ex(${init})`),
    decryptSmall: process.func("int EVP_DecryptUpdate(size_t, size_t, size_t, size_t, int)"),
    decryptData: process.func("int EVP_DecryptUpdate(size_t, void*, size_t, void*, int)"),
    decryptFinal: process.func("int EVP_DecryptFinal_ex(size_t, size_t, size_t)"),
    hmac: process.func("size_t HMAC(size_t, size_t, int, size_t, size_t, size_t, size_t)"),
    clearErrors: process.func("void ERR_clear_error()"),
  };
}
