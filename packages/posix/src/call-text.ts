/** Names and paths on their way to the C library: each copied to memory whose address is known, and ended by a NUL. */
import type { Libc } from "./libc.js";
import { checkName, checkPath } from "./name.js";
import type { Directory } from "./posix.js";
import { EINTR, ENAMETOOLONG, type Place, systemError } from "./system-error.js";

/** PATH_MAX is 4,096 with the NUL; whatever does not fit here the kernel would refuse as well. */
const TEXT_SIZE = 8_192;

/** With its NUL. */
const PARENT = Uint8Array.of(0x2e, 0x2e, 0);

/** One text. The next one takes its place. */
export class CallText {
  readonly at: number;
  readonly #bytes = new Uint8Array(new ArrayBuffer(TEXT_SIZE));

  constructor(libc: Pick<Libc, "address">) {
    this.at = libc.address(this.#bytes.buffer);
  }

  /** @throws RangeError for what is no name of an entry; ENAMETOOLONG */
  putName(directory: Directory, name: Uint8Array, syscall: string): void {
    checkName(name);
    this.#put(name, syscall, { directory, name });
  }

  /** @throws RangeError for what is no path; ENAMETOOLONG of `place` */
  putPath(path: Uint8Array, syscall: string, place: Place): void {
    checkPath(path);
    this.#put(path, syscall, place);
  }

  putNothing(): void {
    this.#bytes[0] = 0;
  }

  /** `..`, which no name of an entry may be. */
  putParent(): void {
    this.#bytes.set(PARENT);
  }

  #put(text: Uint8Array, syscall: string, place: Place): void {
    if (text.length >= TEXT_SIZE) throw systemError(ENAMETOOLONG, syscall, place);
    this.#bytes.set(text);
    this.#bytes[text.length] = 0;
  }
}

/** After a failed call: true when a signal interrupted it, so that it is made again; throws otherwise. */
export function isInterrupted(libc: Pick<Libc, "errno">, syscall: string, place: Place): true {
  const errno = libc.errno();
  if (errno !== EINTR) throw systemError(errno, syscall, place);
  return true;
}
