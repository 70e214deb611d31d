/** Errors of the system, in words. */
import { systemErrorCode } from "@bcat/errors";

const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied (EACCES)",
  EPERM: "permission denied (EPERM)",
  EIO: "input/output error (EIO)",
  ELOOP: "it was replaced by a symbolic link (ELOOP)",
  ENOENT: "no such file or directory (ENOENT)",
  ENOTDIR: "it is not a directory (ENOTDIR)",
  EEXIST: "something else is there (EEXIST)",
  EMFILE: "this process has too many open files (EMFILE)",
  ENFILE: "the system has too many open files (ENFILE)",
  ENOMEM: "the system has no memory left (ENOMEM)",
};

/** What is said of an error of the system. */
export function describe(error: unknown): string {
  const code = systemErrorCode(error);
  const known = code === undefined ? undefined : WORDS[code];
  if (known !== undefined) return known;
  const message = error instanceof Error ? error.message : String(error);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
