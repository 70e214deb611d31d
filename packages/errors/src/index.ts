/**
 * The few kinds of error that all packages share. A kind is what a caller can act on; everything else about an error
 * is in its message, which has one form: `Cannot <action> <object>: <what was found> <what is allowed>`.
 *
 * Source faults and storage faults are different types on purpose: a source fault is reported and the run goes on, a
 * storage fault always stops the commit (borg 2.0.0b22 lost files by confusing them).
 */
import type { SourceCode } from "./message-code.js";
import { systemWords } from "./system-words.js";
import { codeOfUnnamed } from "./unnamed-codes.js";

export { byteOf, bytesOfText, decodeUtf8, hasBytes, showBytes, textOfBytes } from "./byte-text.js";
export {
  checkCodes,
  type MessageCode,
  type OnNotice,
  placeCodes,
  type SourceCode,
  sourceCodes,
  targetCodes,
} from "./message-code.js";
export { NearNames } from "./near-names.js";
export { quoteName, quoteText, unquoteName } from "./quote.js";

/** Stable identifiers of the kinds, for callers and for the table of exit codes. */
export const errorCodes = [
  "not-found",
  "exists",
  "corrupt",
  "wrong-passphrase",
  "storage-failed",
  "source-failed",
  "target-failed",
  "no-repository",
  "newer-format",
  "identity-changed",
  "refused",
  "conditions-not-met",
  "usage",
  "interrupted",
] as const;

export type BcatErrorCode = (typeof errorCodes)[number];

/** An error with a kind. Thrown by every package for what a caller can handle; misuse is a TypeError or RangeError. */
export class BcatError extends Error {
  readonly code: BcatErrorCode;

  constructor(code: BcatErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "BcatError";
    this.code = code;
  }
}

/** Bytes read from a storage (or a cache, or a key file) are not what was written: wrong length, tag, id or field. */
export class CorruptError extends BcatError {
  /** Name of the damaged object in the storage, where one is known. */
  readonly object: string | undefined;

  constructor(message: string, options?: { cause?: unknown; object?: string }) {
    super("corrupt", message, options);
    this.name = "CorruptError";
    this.object = options?.object;
  }
}

/** The storage did not do what was asked: unreachable, refused, full. Always stops the commit. */
export class StorageError extends BcatError {
  /** True when asking again is useless: no permission, no such bucket, no space, a bad certificate. */
  readonly isFinal: boolean;
  /** True when the request was refused after an earlier try of it had got no answer: that one may have been done. */
  readonly mayBeDone: boolean;

  constructor(message: string, options?: { cause?: unknown; isFinal?: boolean; mayBeDone?: boolean }) {
    super("storage-failed", message, options);
    this.name = "StorageError";
    this.isFinal = options?.isFinal ?? false;
    this.mayBeDone = options?.mayBeDone ?? false;
  }
}

/** The object is there, in a class of storage that gives nothing out until it was asked to thaw it: hours later. */
export class ArchivedError extends StorageError {
  /** Its name in the storage. */
  readonly object: string;
  /** What a person can do, as a command in which {@link objectPlaceholder} stands for the name. */
  readonly remedy: string;

  constructor(message: string, { object, remedy, cause }: { object: string; remedy: string; cause?: unknown }) {
    super(message, { cause, isFinal: true });
    this.name = "ArchivedError";
    this.object = object;
    this.remedy = remedy;
  }
}

/** In {@link ArchivedError.remedy}. */
export const objectPlaceholder = "OBJECT";

/** One entry of the source cannot be read. Reported, counted, and the run goes on. */
export class SourceError extends BcatError {
  /** What befell the entry, for programs. */
  readonly messageCode: SourceCode;

  constructor(message: string, options?: { cause?: unknown; messageCode?: SourceCode }) {
    super("source-failed", message, options);
    this.name = "SourceError";
    this.messageCode = options?.messageCode ?? "unreadable";
  }
}

/** True when `error` is a {@link BcatError} of the kind `code`. */
export function isBcatError(error: unknown, code?: BcatErrorCode): error is BcatError {
  return error instanceof BcatError && (code === undefined || error.code === code);
}

/**
 * The `code` of an operating-system error (`ENOENT`, …), or undefined for anything else: above all for a
 * {@link BcatError}, whose code is a kind, and which must never pass for an unreadable file.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof BcatError || !("code" in error)) return undefined;
  if (typeof error.code !== "string") return undefined;
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : codeOfUnnamed(error);
}

/** An error in words: of one of the operating system what it means and its code, of any other its message. */
export function describeSystemError(error: unknown): string {
  const code = systemErrorCode(error);
  const words = code === undefined ? undefined : systemWords[code];
  if (words !== undefined) return `${words} (${code})`;
  const message = error instanceof Error ? error.message : String(error);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

/** A message that begins with a verb, behind something else: in lower case. */
export function inSentence(message: string): string {
  return message.replace(/^(Cannot|Unknown|Missing|There)\b/, (word) => word.toLowerCase());
}

/** True when the system ran out of descriptors or memory: that tells nothing of what it was asked about. */
export function isExhaustion(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === "EMFILE" || code === "ENFILE" || code === "ENOMEM";
}

/** The error for work that ends because `signal` was aborted: its reason, when that is of code "interrupted" already. */
export function interruption(signal: AbortSignal): BcatError {
  const reason: unknown = signal.reason;
  if (isBcatError(reason, "interrupted")) return reason;
  return new BcatError("interrupted", "Interrupted", { cause: reason });
}
