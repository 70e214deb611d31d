/** What went wrong, in a line: action, object, place, and the refusal of the server in words. */
import { ArchivedError, StorageError } from "@bcat/errors";
import { describeNetworkError } from "../wire/network-error.js";
import { type Bucket, thawCommand } from "./archive.js";
import type { Refusal } from "./connection.js";

/** Most characters of a server's own words. */
const wordsMax = 300;

/** Of an object that has to be thawed first. */
const archivedCode = "InvalidObjectState";

/** Words for codes; those marked final say the same however often one asks. */
const refusals: Readonly<Record<string, { readonly words: string; readonly isFinal: boolean }>> = {
  ...final("access denied", "AccessDenied", "Forbidden", "AllAccessDisabled", "AccountProblem"),
  ...final("there is no such bucket; bcat init --create-bucket makes one", "NoSuchBucket"),
  ...final("the server does not know this access key", "InvalidAccessKeyId"),
  ...final("the secret key does not fit the access key", "SignatureDoesNotMatch"),
  ...final("the session token has expired: get new credentials", "ExpiredToken", "ExpiredTokenException"),
  ...final("the session token is not valid", "InvalidToken", "TokenRefreshRequired"),
  ...final("the clock of this machine is wrong", "RequestTimeTooSkewed"),
  ...final("the service cannot do this", "NotImplemented"),
  ...final("the quota is used up", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"),
  ...final("no space left", "InsufficientStorage", "XMinioStorageFull"),
  ...final("it is archived", archivedCode),
  ...final("the service does not know this storage class", "InvalidStorageClass"),
  ...final("the name of the bucket is not valid", "InvalidBucketName"),
  ...final("the bucket is in another region", "PermanentRedirect", "AuthorizationHeaderMalformed"),
  ...passing("the service asks to slow down", "SlowDown", "TooManyRequests", "RequestLimitExceeded"),
  ...passing("the service asks to slow down", "Throttling", "ThrottlingException", "BandwidthLimitExceeded"),
  ...passing("the body of the request was cut off", "IncompleteBody"),
  ...passing("the service is not available", "ServiceUnavailable"),
  ...passing("an error inside the service", "InternalError"),
  ...passing("the service waited too long for the request", "RequestTimeout"),
  ...passing("another request decides the same object", "ConditionalRequestConflict", "OperationAborted"),
  ...passing("what arrived was not what was sent", "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"),
};

/** Statuses of no known code that are worth asking again. */
const passingStatuses = [408, 409, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524, 529];

export interface FaultContext extends Bucket {
  /** Such as `read "config"`. */
  readonly action: string;
  readonly location: string;
  /** That was to be read. */
  readonly object?: string;
  /** Requests carry no signature. */
  readonly anonymous?: boolean | undefined;
  /** Where the keys are looked for, if the user says. */
  readonly profile?: string | undefined;
  /** They were found before. */
  readonly hadKeys?: boolean | undefined;
  /** Why the process that gives keys gave none. */
  readonly keyFault?: string | undefined;
}

export function describeFault(error: unknown, context: FaultContext): StorageError {
  const { action, location, object } = context;
  const { words, isFinal } = explain(error as Refusal, context);
  const message = `Cannot ${action} in ${location}: ${words}`;
  const cause = withoutRequest(error);
  if (object !== undefined && codeOf(error) === archivedCode)
    return new ArchivedError(message, { cause, object, remedy: thawCommand(context) });
  return new StorageError(message, { cause, isFinal });
}

/** The SDK hangs the answer on its errors, and on that the request with its signature and token: none of a log's business. */
function withoutRequest(error: unknown): unknown {
  if (!(error instanceof Error) || statusOf(error) === undefined) return error;
  const { name, message, stack } = error;
  return Object.assign(new Error(message), { name, stack });
}

export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = (error ?? {}) as Refusal;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The server's code of a refusal, such as `NoSuchKey`. */
export function codeOf(error: unknown): string {
  const { Code, name } = (error ?? {}) as Refusal;
  return Code ?? name ?? "";
}

interface Explanation {
  readonly words: string;
  readonly isFinal: boolean;
}

function explain(error: Refusal, context: FaultContext): Explanation {
  const status = statusOf(error);
  if (status === undefined) return explainOther(error, context);
  const code = codeOf(error);
  const known = refusals[code] ?? byStatus(status);
  const shown = /^[A-Z]\w+$/.test(code) && !/^(Unknown|Error|SyntaxError|TypeError)/.test(code) ? ` ${code}` : "";
  const hint = hintOf(error, status, context);
  // Its own words where there are none of ours, or where they name what is missing.
  const own =
    refusals[code] === undefined || /not authorized to perform/.test(error.message ?? "") ? ownWords(error) : "";
  return { words: `${known.words} (${status}${shown})${own}${hint}`, isFinal: known.isFinal };
}

function byStatus(status: number): Explanation {
  if (status === 403 || status === 401) return { words: "access denied", isFinal: true };
  if (status === 507) return { words: "no space left", isFinal: true };
  if (status === 501) return { words: "the service cannot do this", isFinal: true };
  if (status === 413) return { words: tooLarge, isFinal: true };
  if (status >= 300 && status < 400) return { words: "the server sends us elsewhere", isFinal: true };
  return { words: "the server refuses", isFinal: !passingStatuses.includes(status) };
}

const tooLarge =
  "the server, or a proxy before it, takes nothing that large: let it take 96 MiB (nginx: client_max_body_size)";

function ownWords({ message }: Refusal): string {
  // Of a page of HTML, as proxies answer, the SDK says what its reader of XML thinks of it.
  if (/Deserialization error/.test(message ?? "")) return "";
  const line = (message ?? "").replaceAll(/\s+/g, " ").trim().slice(0, wordsMax);
  return line === "" || /^Unknown(Error)?$/.test(line) ? "" : `: ${line}`;
}

function hintOf(error: Refusal, status: number, { action, anonymous }: FaultContext): string {
  const region = error.$response?.headers?.["x-amz-bucket-region"] ?? error.Region;
  if (status === 403 && anonymous === true) return "; nothing was signed, as --s3-anonymous says";
  if (region !== undefined && status < 403) return `; it is in ${region}`;
  if (status === 403 && action.startsWith("read ") && byStatus(status).words === (refusals[codeOf(error)]?.words ?? ""))
    return "; where the right to list is missing, S3 says so too of what is not there";
  return "";
}

function explainOther(error: Refusal, { profile, hadKeys = false, keyFault }: FaultContext): Explanation {
  if (error?.code === "ERR_INVALID_CHAR") return { words: strayCharacter, isFinal: true };
  if (!/Credentials|TokenProviderError/.test(error?.name ?? "")) return describeNetworkError(error);
  const own = /Could not load credentials from any providers/.test(error.message ?? "") ? "" : ownWords(error);
  const where = profile === undefined ? "" : ` in profile "${profile}"`;
  const why = keyFault === undefined ? own : `: ${keyFault.replaceAll(/\s+/g, " ")}`;
  if (hadKeys) return { words: `no credentials any more${where}${why}`, isFinal: false };
  if (keyFault !== undefined) return { words: `no credentials${where}${why}`, isFinal: true };
  const way = profile === undefined ? wayToCredentials : wayToProfile;
  return { words: `no credentials${where}: ${way}${own}`, isFinal: true };
}

const strayCharacter =
  "the access key or the session token has a line break, or another character that neither can have: look at where it comes from";

/** It wins over keys in the environment. */
const wayToProfile = "is it in ~/.aws/credentials or ~/.aws/config? To use the keys of the environment, name none";

const wayToCredentials =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with --s3-profile, or use --s3-anonymous";

function final(words: string, ...codes: readonly string[]) {
  return Object.fromEntries(codes.map((code) => [code, { words, isFinal: true }]));
}

function passing(words: string, ...codes: readonly string[]) {
  return Object.fromEntries(codes.map((code) => [code, { words, isFinal: false }]));
}
