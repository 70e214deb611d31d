/** Who asks, and what that user may do. */
import type { IncomingMessage } from "node:http";
import type { S3Request } from "./s3-operations.js";
import { isSigned, parseAuthorization } from "./s3-signature.js";
import { S3Fault } from "./s3-xml.js";

export interface S3User {
  readonly accessKey: string;
  readonly secretKey: string;
  /** A session token, which must come along; `expired` is one that has. */
  readonly token?: string;
  readonly isExpired?: boolean;
  /** All of them by default. */
  readonly may?: readonly Permission[];
}

export type Permission = "read" | "write" | "list" | "delete" | "create";

const all: readonly Permission[] = ["read", "write", "list", "delete", "create"];

/** Seconds that a request may be old, as S3 has it. */
const skewMax = 15 * 60;

/** What the sender of the request may do. @throws {S3Fault} */
export function authorize(request: IncomingMessage, { options }: S3Request): readonly Permission[] {
  const { headers } = request;
  if (headers.authorization === undefined) return options.isPublic === true ? ["read", "list"] : [];
  const authorization = parseAuthorization(headers.authorization);
  if (authorization === undefined) throw new S3Fault(400, "AuthorizationHeaderMalformed");
  const user = options.users?.find(({ accessKey }) => accessKey === authorization.accessKey);
  if (user === undefined) throw new S3Fault(403, "InvalidAccessKeyId", "The access key does not exist in our records");
  checkDate(String(headers["x-amz-date"]), options.clockAhead ?? 0);
  checkRegion(authorization.scope[1], options.region);
  if (!isSigned(request, authorization, user.secretKey)) throw new S3Fault(403, "SignatureDoesNotMatch");
  if (!authorization.signedHeaders.includes("host")) throw new S3Fault(403, "AccessDenied", "host is not signed");
  if (headers["x-amz-security-token"] !== user.token) throw new S3Fault(400, "InvalidToken");
  if (user.isExpired === true) throw new S3Fault(400, "ExpiredToken", "The provided token has expired.");
  return user.may ?? all;
}

function checkDate(date: string, clockAhead: number): void {
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const seconds = Math.abs(Date.now() + clockAhead - Date.parse(iso)) / 1_000;
  // A date that is none is refused too.
  if (!(seconds <= skewMax)) throw new S3Fault(403, "RequestTimeTooSkewed", "The difference is too large.");
}

function checkRegion(given: string, region = "us-east-1"): void {
  if (given === region) return;
  throw new S3Fault(400, "AuthorizationHeaderMalformed", `the region '${given}' is wrong; expecting '${region}'`, {
    more: { Region: region },
    headers: { "x-amz-bucket-region": region },
  });
}
