/** What went wrong with a database, in words, and whether asking again can help. */
import { type BcatError, StorageError } from "@bcat/errors";
import { describeNetworkError } from "../wire/network-error.js";

/**
 * SQLSTATE codes and classes (PostgreSQL manual, appendix A) that a second try cannot change, with what they mean.
 * Everything else may pass: a server that starts or ends, a lost connection, a timeout, a conflict, a full disk.
 */
const finalCodes: readonly (readonly [code: string, meaning: string])[] = [
  ["28P01", "the password was refused"],
  ["28", "the server refuses this user from here (pg_hba.conf, or the user does not exist)"],
  ["3D000", "there is no such database; create it with createdb"],
  [
    "42501",
    "this user may not do that; grant it the table bcat_registers, or for init and repair the right to create it",
  ],
  ["25006", "the server is read-only: a standby, perhaps"],
  ["42", "the table bcat_registers is not as bcat makes it"],
];

/** What PgBouncer refuses itself has the code of a fault of the protocol. */
const poolerRefusals: readonly (readonly [words: RegExp, meaning: string])[] = [
  [/authentication failed|no such user/i, "the pooler refuses this user or its password"],
  [/no such database/i, "the pooler knows no such database"],
];

/** TLS and names are as wrong the next time. */
const finalWords =
  /does not support SSL|self[- ]signed certificate|unable to (?:verify|get)|certificate|Hostname\/IP|SASL|SCRAM|password must be/i;

/** What the client says by itself, and what it means. */
const clientWords: readonly (readonly [found: RegExp, meaning: string])[] = [
  [/password must be/i, "it asks for a password: give one with PGPASSWORD, ~/.pgpass or the URL"],
  [/does not support SSL/i, "it has no TLS, which sslmode asks for"],
];

/** @param action on the registers, such as `reach` or `read "log/0000000001" in` */
export function databaseFailure(error: unknown, action: string, location: string): BcatError {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message || code || "no reason given" : String(error);
  const words = wordsOf(error, message);
  const ofPooler = code === "08P01" ? poolerRefusals.find(([said]) => said.test(message)) : undefined;
  const known = ofPooler ?? finalCodes.find(([prefix]) => code?.startsWith(prefix));
  const isFinal = known !== undefined || (!isSqlState(code) && finalWords.test(message)) || code === "ENOTFOUND";
  const found = known === undefined ? words : `${known[1]}: ${message}`;
  return new StorageError(`Cannot ${action} the registers in "${location}": ${oneLine(found)}`, {
    cause: error,
    ...(isFinal && { isFinal: true }),
  });
}

function wordsOf(error: unknown, message: string): string {
  // Of certificates it would name flags that are of no use here.
  if (systemCode.test(codeOf(error) ?? "")) return describeNetworkError(error).words;
  return clientWords.find(([found]) => found.test(message))?.[1] ?? message;
}

/** No SQLSTATE begins like this. */
const systemCode = /^(?:E[A-Z]{4,}|EAI_AGAIN)$/;

/** True for a table that is not there yet. */
export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === "42P01";
}

/** True for what a connection failed with because there are too many. */
export function isOfTooMany({ cause }: { readonly cause?: unknown }): boolean {
  return codeOf(cause) === "53300";
}

export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // Several addresses of a name, none of which answers.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0]);
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

function isSqlState(code: string | undefined): boolean {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !systemCode.test(code);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 300);
}
