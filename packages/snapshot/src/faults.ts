/** Errors of the system that an entry of a tree has met, in words. */
import { describeSystemError, systemErrorCode } from "@bcat/errors";

/** What is said of an error of the system. */
export function describe(error: unknown): string {
  // Links are stored and never followed.
  const code = systemErrorCode(error);
  if (code === "ELOOP") return "it was replaced by a symbolic link (ELOOP)";
  // Where nothing was, too: of two names that differ in case, or in how a letter is written.
  if (code === "EEXIST") return "something else is there, maybe by a name that is the same to the file system (EEXIST)";
  return describeSystemError(error);
}
