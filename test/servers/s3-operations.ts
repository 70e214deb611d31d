/** What an S3 server does: buckets, objects and listings in memory. */
import { createHash } from "node:crypto";
import type { Permission } from "./s3-authorize.js";
import type { LoggedRequest, S3ServerOptions } from "./s3-server.js";
import { listingXml, S3Fault } from "./s3-xml.js";

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly storageClass: string;
  /** As sent, base64. */
  readonly sha256: string | undefined;
}

export interface Bucket {
  readonly objects: Map<string, StoredObject>;
}

export interface S3Request extends LoggedRequest {
  readonly body: Uint8Array;
  readonly bucketMap: Map<string, Bucket>;
  readonly options: S3ServerOptions;
  /** Whether there was such an object when the request came. */
  readonly wasThere: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** @throws {S3Fault} */
export function operate(request: S3Request, may: readonly Permission[]): Answer {
  const { method, key, bucketMap, bucket: name } = request;
  checkBody(request);
  const need = (permission: Permission) => {
    if (!may.includes(permission)) throw new S3Fault(403, "AccessDenied", "Access Denied");
  };
  if (key === "" && method === "PUT") return createBucket(request, need);
  const bucket = bucketMap.get(name);
  if (bucket === undefined) throw new S3Fault(404, "NoSuchBucket", "The specified bucket does not exist");
  if (key === "") return list(request, bucket, need);
  if (method === "PUT") return put(request, bucket, need);
  if (method === "GET" || method === "HEAD") return get(request, bucket, { need, canList: may.includes("list") });
  if (method !== "DELETE") throw new S3Fault(405, "MethodNotAllowed");
  need("delete");
  bucket.objects.delete(key);
  return { status: 204 };
}

type Need = (permission: Permission) => void;

function createBucket({ bucketMap, bucket }: S3Request, need: Need): Answer {
  need("create");
  if (bucketMap.has(bucket)) throw new S3Fault(409, "BucketAlreadyOwnedByYou");
  bucketMap.set(bucket, { objects: new Map() });
  return { status: 200 };
}

function put({ key, body, headers, options, wasThere }: S3Request, { objects }: Bucket, need: Need): Answer {
  need("write");
  const condition = headers["if-none-match"];
  const mode = options.putIfAbsent ?? "true";
  if (condition !== undefined && (condition !== "*" || mode === "refused"))
    throw new S3Fault(501, "NotImplemented", "A header you provided implies functionality that is not implemented");
  const isThere = mode === "true" ? objects.has(key) : mode === "racy" && wasThere;
  if (condition !== undefined && isThere) throw new S3Fault(412, "PreconditionFailed");
  const storageClass = String(headers["x-amz-storage-class"] ?? "STANDARD");
  const sha256 = headers["x-amz-checksum-sha256"] as string | undefined;
  objects.set(key, { bytes: new Uint8Array(body), storageClass, sha256 });
  return { status: 200, headers: { ETag: etag(body) } };
}

function get(request: S3Request, { objects }: Bucket, { need, canList }: { need: Need; canList: boolean }): Answer {
  need("read");
  const object = objects.get(request.key);
  if (object === undefined && !canList) throw new S3Fault(403, "AccessDenied", "Access Denied");
  if (object === undefined) throw new S3Fault(404, "NoSuchKey", "The specified key does not exist.");
  const { bytes, sha256 } = object;
  const wantsSum = request.headers["x-amz-checksum-mode"] === "ENABLED" && sha256 !== undefined;
  const headers = { ETag: etag(bytes), ...(wantsSum && { "x-amz-checksum-sha256": sha256 }) };
  const { range } = request.headers;
  if (range === undefined) return { status: 200, headers, body: bytes };
  const [from, to] = parseRange(range, bytes.length);
  const part = bytes.subarray(from, to);
  const contentRange = `bytes ${from}-${to - 1}/${bytes.length}`;
  return { status: 206, headers: { ...headers, "Content-Range": contentRange }, body: part };
}

/** First byte and the one after the last. @throws {S3Fault} 416 */
function parseRange(range: string, size: number): [from: number, to: number] {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  const from = first === "" ? Math.max(size - Number(last), 0) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(Number(last) + 1, size);
  if (from < to) return [from, to];
  throw new S3Fault(416, "InvalidRange", "The requested range is not satisfiable", {
    headers: { "Content-Range": `bytes */${size}` },
  });
}

function list(request: S3Request, { objects }: Bucket, need: Need): Answer {
  need("list");
  const { query, bucket, options } = request;
  if (request.method === "HEAD") return { status: 200 };
  const isSecond = query["list-type"] === "2";
  const prefix = query.prefix ?? "";
  const after = (isSecond ? query["continuation-token"] : query.marker) ?? "";
  const size = Math.min(options.pageSize ?? 1_000, Number(query["max-keys"] ?? 1_000));
  // A token that ends with a blank asks for the empty page after the one of that key.
  const isEmpty = isSecond && options.emptyPages === true && after !== "" && !after.endsWith(" ");
  const rest = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after.trimEnd()).sort();
  const keys = isEmpty ? [] : rest.slice(0, size);
  const isTruncated = options.stuckToken === true || rest.length > keys.length;
  const token = options.stuckToken === true ? "stuck" : isEmpty ? `${after} ` : keys.at(-1);
  const body = listingXml({
    bucket,
    prefix,
    objects: keys.map((key) => {
      const { bytes, storageClass } = objects.get(key)!;
      return { key, size: bytes.length, storageClass };
    }),
    isTruncated,
    ...(isSecond && isTruncated && { nextToken: token }),
  });
  return { status: 200, headers: { "Content-Type": "application/xml" }, body: Buffer.from(body) };
}

function checkBody({ headers, body, options }: S3Request): void {
  const sha256 = createHash("sha256").update(body).digest();
  const payload = headers["x-amz-content-sha256"];
  if (String(payload).startsWith("STREAMING") || /aws-chunked/.test(headers["content-encoding"] ?? ""))
    throw new S3Fault(501, "NotImplemented", "aws-chunked encoding is not supported");
  if (payload !== undefined && payload !== "UNSIGNED-PAYLOAD" && payload !== sha256.toString("hex"))
    throw new S3Fault(400, "XAmzContentSHA256Mismatch");
  const sums = Object.keys(headers).filter((name) => /^x-amz-checksum-(?!mode)/.test(name));
  if (sums.length > 0 && options.refusesChecksums === true)
    throw new S3Fault(400, "InvalidArgument", `Unsupported header ${sums[0]}`);
  const sum = headers["x-amz-checksum-sha256"];
  if (sum !== undefined && sum !== sha256.toString("base64")) throw new S3Fault(400, "BadDigest");
  const md5 = headers["content-md5"];
  if (md5 !== undefined && md5 !== createHash("md5").update(body).digest("base64")) throw new S3Fault(400, "BadDigest");
}

function etag(bytes: Uint8Array): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}
