/** Errors of the operating system, in the shape that `node:fs` gives them. */
import { getSystemErrorMap } from "node:util";
import { display, joinPath } from "./name.js";
import type { Directory } from "./posix.js";

/** Numbers of Linux, equal on every architecture that Node runs on. */
export const EPERM = 1;
export const EINTR = 4;
export const ENXIO = 6;
export const EINVAL = 22;
export const ENOTTY = 25;
export const ERANGE = 34;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ENODATA = 61;
/** Called EOPNOTSUPP by Linux and ENOTSUP by Node. */
export const ENOTSUP = 95;

/** Errors of Linux file systems that libuv has no name for. Other systems have no errors of these numbers. */
const UNKNOWN_TO_LIBUV: ReadonlyMap<number, readonly [string, string]> = new Map([
  [116, ["ESTALE", "stale file handle"]],
  [117, ["EUCLEAN", "structure needs cleaning"]],
  [122, ["EDQUOT", "disk quota exceeded"]],
  [126, ["ENOKEY", "required key not available"]],
]);

/** Where a call was made, for the message: a name in a directory, a path, or nothing but a file descriptor. */
export interface Place {
  readonly directory?: Directory;
  readonly name?: Uint8Array;
}

/** An Error for a positive `errno`, as `fs` would throw it: `ENOENT: no such file or directory, statx '/a/b'`. */
export function systemError(errno: number, syscall: string, place: Place = {}): NodeJS.ErrnoException {
  const [code, description] = getSystemErrorMap().get(-errno) ??
    UNKNOWN_TO_LIBUV.get(errno) ?? [`E${errno}`, "unknown error"];
  return errorWith({ code, errno: -errno, syscall, description }, place);
}

/** An Error for a time that was set and did not take. */
export function timeNotSet(syscall: string, found: string, place: Place): NodeJS.ErrnoException {
  return errorWith({ code: "ETIMENOTSET", errno: 0, syscall, description: found }, place);
}

/** The same fault of `node:fs` with the place as the user knows it, not as `/proc/self/fd/21/name`. */
export function placed(error: unknown, place: Place): unknown {
  if (!(error instanceof Error) || !("errno" in error) || typeof error.errno !== "number") return error;
  const syscall = "syscall" in error ? String(error.syscall) : "unknown";
  return systemError(-error.errno, syscall, place);
}

interface Fault {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly description: string;
}

function errorWith({ code, errno, syscall, description }: Fault, place: Place): NodeJS.ErrnoException {
  const path = pathOf(place);
  const error = new Error(`${code}: ${description}, ${syscall}${path === undefined ? "" : ` '${path}'`}`);
  return Object.assign(error, { code, errno, syscall }, path === undefined ? {} : { path });
}

function pathOf({ directory, name }: Place): string | undefined {
  if (directory === undefined) return name === undefined ? undefined : display(name);
  return display(name === undefined ? directory.path : joinPath(directory.path, name));
}
