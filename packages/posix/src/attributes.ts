/**
 * Extended attributes, xattr(7). A name is reached as `/proc/self/fd/<fd>/<name>`, by calls that follow no symbolic link:
 * there are none that take a descriptor and a name before Linux 6.13.
 */
import { CallText, isInterrupted } from "./call-text.js";
import type { Libc } from "./libc.js";
import { checkName } from "./name.js";
import type { Attributes, Directory } from "./posix.js";
import { ENODATA, ENOTSUP, ERANGE, systemError } from "./system-error.js";

/** XATTR_LIST_MAX and XATTR_SIZE_MAX. */
const SIZE = 64 * 1024;
/** Of a list that is only asked whether it is empty. */
const NO_ROOM = 0;

/** Undefined where /proc does not show descriptors. */
export function koffiAttributes(libc: Libc): Attributes {
  return new KoffiAttributes(libc);
}

class KoffiAttributes implements Attributes {
  readonly #libc: Libc;
  readonly #path: CallText;
  readonly #name: CallText;
  readonly #bytes = new Uint8Array(new ArrayBuffer(SIZE));
  readonly #bytesAt: number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#path = new CallText(libc);
    this.#name = new CallText(libc);
    this.#bytesAt = libc.address(this.#bytes.buffer);
  }

  areOn(fd: number): boolean {
    for (;;) {
      const length = this.#libc.flistxattr(fd, this.#bytesAt, NO_ROOM);
      if (length >= 0) return length > 0;
      const errno = this.#libc.errno();
      if (errno === ENOTSUP) return false;
      isInterrupted(this.#libc, "flistxattr", {});
    }
  }

  listAt(directory: Directory, name: Uint8Array): Uint8Array[] {
    this.#putPath(directory, name, "llistxattr");
    for (;;) {
      const length = this.#libc.llistxattr(this.#path.at, this.#bytesAt, SIZE);
      if (length >= 0) return namesIn(this.#bytes.subarray(0, length));
      if (this.#libc.errno() === ENOTSUP) return [];
      isInterrupted(this.#libc, "llistxattr", { directory, name });
    }
  }

  getAt(directory: Directory, name: Uint8Array, attribute: Uint8Array): Uint8Array | undefined {
    this.#putPath(directory, name, "lgetxattr");
    this.#name.putPath(attribute, "lgetxattr", { directory, name });
    for (;;) {
      const length = this.#libc.lgetxattr(this.#path.at, this.#name.at, this.#bytesAt, SIZE);
      if (length >= 0) return this.#bytes.slice(0, length);
      if (this.#libc.errno() === ENODATA) return undefined;
      isInterrupted(this.#libc, "lgetxattr", { directory, name });
    }
  }

  setAt(directory: Directory, name: Uint8Array, attribute: Uint8Array, value: Uint8Array): void {
    const place = { directory, name };
    if (value.length > SIZE) throw systemError(ERANGE, "lsetxattr", place);
    this.#putPath(directory, name, "lsetxattr");
    this.#name.putPath(attribute, "lsetxattr", place);
    this.#bytes.set(value);
    while (this.#libc.lsetxattr(this.#path.at, this.#name.at, this.#bytesAt, value.length, 0) < 0)
      isInterrupted(this.#libc, "lsetxattr", place);
  }

  removeAt(directory: Directory, name: Uint8Array, attribute: Uint8Array): void {
    const place = { directory, name };
    this.#putPath(directory, name, "lremovexattr");
    this.#name.putPath(attribute, "lremovexattr", place);
    while (this.#libc.lremovexattr(this.#path.at, this.#name.at) < 0) {
      const errno = this.#libc.errno();
      if (errno === ENODATA || errno === ENOTSUP) return;
      isInterrupted(this.#libc, "lremovexattr", place);
    }
  }

  /** An empty name is the directory itself. */
  #putPath(directory: Directory, name: Uint8Array, syscall: string): void {
    if (name.length > 0) checkName(name);
    const head = Buffer.from(`/proc/self/fd/${directory.fd}/`);
    this.#path.putPath(Buffer.concat([head, name.length > 0 ? name : DOT]), syscall, { directory, name });
  }
}

const DOT = Buffer.from(".");

/** Names, each ended by a NUL, in the order of their bytes. File systems in user space list what they like. */
export function namesIn(list: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let start = 0; start < list.length; ) {
    const found = list.indexOf(0, start);
    const end = found < 0 ? list.length : found;
    if (end > start) names.push(list.slice(start, end));
    start = end + 1;
  }
  names.sort(Buffer.compare);
  return names.filter((name, i) => i === 0 || Buffer.compare(names[i - 1]!, name) !== 0);
}
