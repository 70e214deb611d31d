/**
 * The line between the source and everything else. Only what these functions wrap may turn into "cannot be read, go
 * on": an error of the storage, the cache or the program that looks alike must stop the backup (borg 2.0.0b22 lost files
 * by taking a full repository for unreadable files).
 */
import { isBcatError, SourceError, systemErrorCode } from "@bcat/errors";

/** Runs a system call on the source. @throws SourceError with the system's error as its cause */
export function fromSource<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new SourceError(describe(error), { cause: error });
  }
}

/** Passes on everything that is not a fault of the source. */
export function requireSourceFault(error: unknown): SourceError {
  if (error instanceof SourceError && isBcatError(error, "source-failed")) return error;
  throw error;
}

/** The entry was there when it was listed, and is gone: as if it had not been there. */
export function hasVanished(fault: SourceError): boolean {
  return systemErrorCode(fault.cause) === "ENOENT";
}

/** What is said of an error of the system, in words. */
export function describe(error: unknown): string {
  const code = systemErrorCode(error);
  if (code === "EACCES" || code === "EPERM") return `permission denied (${code})`;
  if (code === "EIO") return "input/output error (EIO)";
  if (code === "ELOOP") return "it was replaced by a symbolic link (ELOOP)";
  if (code === "ENOENT") return "no such file or directory (ENOENT)";
  if (code === "ENOTDIR") return "it is not a directory (ENOTDIR)";
  if (code === "EEXIST") return "something else is there (EEXIST)";
  const message = error instanceof Error ? error.message : String(error);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
