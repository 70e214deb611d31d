import type { Libc } from "./libc.js";

/** Where bytes lie in memory, for calls that mostly use one buffer: it is looked up once for all of them. */
export class LastAddress {
  readonly #libc: Libc;
  #buffer: ArrayBufferLike | undefined;
  #address = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  of({ buffer, byteOffset }: Uint8Array): number {
    if (buffer !== this.#buffer) {
      this.#address = this.#libc.address(buffer);
      this.#buffer = buffer;
    }
    return this.#address + byteOffset;
  }
}
