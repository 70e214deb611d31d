import { describeSystemError, StorageError, systemErrorCode } from "@bcat/errors";

/** Where they say more than those for any file. */
const words: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "disk quota exceeded",
  EMFILE: "too many open files of this process; see ulimit -n",
  ENFILE: "too many open files of all processes",
  EIO: "input/output error of the device",
  ENOSPC: "no space left on device",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ESTALE: "the network file system has lost it",
  EUCLEAN: "the file system is damaged",
};

/** A fault that the storage finds by itself; its message is the end of a sentence, as the operating system's is. */
export class LocalFault extends Error {}

/** True when `error` is one of the operating system with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = systemErrorCode(error);
  return code !== undefined && codes.includes(code);
}

/**
 * Names what was being done when the operating system refused. Every other error (misuse, abort, one of bcat's own)
 * comes back as it is.
 */
export function describeFault(error: unknown, action: string, location: string): unknown {
  const found = describe(error);
  if (found === undefined) return error;
  return new StorageError(`Cannot ${action} in ${location}: ${found}`, { cause: error });
}

function describe(error: unknown): string | undefined {
  if (error instanceof LocalFault) return error.message;
  const code = systemErrorCode(error);
  // Node's own complaints are spelled ERR_…: they are bugs of the caller, no faults of the storage.
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return words[code] === undefined ? describeSystemError(error) : `${words[code]} (${code})`;
}
