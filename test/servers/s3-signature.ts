/**
 * AWS Signature Version 4 as a server checks it: "Signature Calculations for the Authorization Header" of the Amazon S3
 * API reference. Nothing is taken from the SDK that signs.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Authorization {
  readonly accessKey: string;
  /** Day, region, service, `aws4_request`. */
  readonly scope: readonly [day: string, region: string, service: string, end: string];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Undefined when the header is absent or of another form. */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  const form = /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;
  const [, credential = "", names = "", signature = ""] = form.exec(header ?? "") ?? [];
  const [accessKey = "", day = "", region = "", service = "", end = ""] = credential.split("/");
  if (end !== "aws4_request") return undefined;
  return { accessKey, scope: [day, region, service, end], signedHeaders: names.split(";"), signature };
}

/** Whether `secret` made the signature of the request, whose body is known by its `x-amz-content-sha256`. */
export function isSigned(request: IncomingMessage, authorization: Authorization, secret: string): boolean {
  const { scope, signature } = authorization;
  const canonical = createHash("sha256").update(canonicalRequest(request, authorization)).digest("hex");
  const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope.join("/"), canonical].join("\n");
  const key = scope.reduce<string | Buffer>((parent, part) => hmac(parent, part), `AWS4${secret}`);
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, "hex"));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function canonicalRequest(request: IncomingMessage, { signedHeaders }: Authorization): string {
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const headers = signedHeaders.map((name) => `${name}:${headerOf(request, name)}\n`).join("");
  return [
    request.method,
    path.split("/").map(decodeURIComponent).map(encode).join("/"),
    canonicalQuery(query),
    headers,
    signedHeaders.join(";"),
    request.headers["x-amz-content-sha256"],
  ].join("\n");
}

function headerOf(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? "")
    .trim()
    .replaceAll(/ +/g, " ");
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.sort().join("&");
}

/** Of RFC 3986, unreserved characters stay. */
function encode(text: string): string {
  const byCode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, byCode);
}
