/** Errors of the system that an entry of a tree has met, in words. */
import { describeSystemError, systemErrorCode } from "@bcat/errors";

/** What is said of an error of the system. */
export function describe(error: unknown): string {
  // Links are stored and never followed.
  if (systemErrorCode(error) === "ELOOP") return "it was replaced by a symbolic link (ELOOP)";
  return describeSystemError(error);
}
