/**
 * The line between the source and everything else. Only what these functions wrap may turn into "cannot be read, go
 * on": an error of the storage, the cache or the program that looks alike must stop the backup (borg 2.0.0b22 lost files
 * by taking a full repository for unreadable files). And what says nothing about an entry, because the system as a whole
 * has no more to give, stops it too: a snapshot without whatever came next would look complete.
 */
import { BcatError, isBcatError, isExhaustion, SourceError, systemErrorCode } from "@bcat/errors";
import { describe } from "../faults.js";

/** Runs a system call on the source. @throws SourceError with the system's error as its cause; BcatError refused */
export function fromSource<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw sourceFault(error);
  }
}

/** What an error of a call on the source is: a fault of the entry, the end of the backup, or what it was. */
export function sourceFault(error: unknown): unknown {
  if (systemErrorCode(error) === undefined) return error;
  if (isExhaustion(error)) {
    const message = `Cannot go on reading the source: ${describe(error)}; nothing was committed`;
    return new BcatError("refused", message, { cause: error });
  }
  return new SourceError(describe(error), { cause: error });
}

/** True for the end of a backup that {@link fromSource} makes of such an error. */
export function isEndByExhaustion(error: unknown): boolean {
  return isBcatError(error, "refused") && isExhaustion(error.cause);
}

/** Somebody has a lease on the file (a file server, for its clients), and has been asked by the system to give it up. */
export function isLeased(error: unknown): boolean {
  return error instanceof SourceError && systemErrorCode(error.cause) === "EAGAIN";
}

/** The file can be read later, when there is a descriptor for it, or nobody has a lease on it. */
export function isForLater(error: unknown): boolean {
  return isEndByExhaustion(error) || isLeased(error);
}

/** The code of the system behind a fault, also when it was wrapped once more. */
export function systemCodeOf(cause: unknown): string | undefined {
  return systemErrorCode(cause instanceof SourceError ? cause.cause : cause);
}

/** Passes on everything that is not a fault of the source. */
export function requireSourceFault(error: unknown): SourceError {
  if (error instanceof SourceError && isBcatError(error, "source-failed")) return error;
  throw error;
}

/** The entry could not be found by its name. Whether it is gone, its folder tells when it is listed again. */
export function isMissing(fault: SourceError): boolean {
  return systemErrorCode(fault.cause) === "ENOENT";
}
