/**
 * A small S3 server on loopback that keeps objects in memory and checks what it is told: signatures, dates, regions,
 * checksums, permissions. It can be told to misbehave as services do. For tests; one process, no multipart uploads.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { authorize, type S3User } from "./s3-authorize.js";
import { type Answer, type Bucket, operate, type S3Request } from "./s3-operations.js";
import { errorXml, S3Fault } from "./s3-xml.js";

export interface S3ServerOptions {
  readonly users?: readonly S3User[];
  readonly region?: string;
  /** Anybody may read. */
  readonly isPublic?: boolean;
  readonly buckets?: readonly string[];
  /** `ignored`: a second put overwrites; `refused`: 501; `true` is atomic; `racy`: it is looked first and then written. */
  readonly putIfAbsent?: "true" | "ignored" | "refused" | "racy";
  /** Keys in a page of a listing. */
  readonly pageSize?: number;
  /** Every page with keys is followed by one without, which is not the last. */
  readonly emptyPages?: boolean;
  /** Pages go on for ever with the same token. */
  readonly stuckToken?: boolean;
  /** Refuses `x-amz-checksum-*`, as services do that know Content-MD5 only. */
  readonly refusesChecksums?: boolean;
  /** How far the clock of the server is ahead, ms. */
  readonly clockAhead?: number;
  /** How much later than at once a request is answered, ms. */
  readonly latency?: (request: LoggedRequest) => number;
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Called before anything else: a fault is answered, a function answers itself. */
  readonly intercept?: (request: LoggedRequest) => S3Fault | ((response: ServerResponse) => void) | undefined;
}

export interface LoggedRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  bytesIn: number;
  bytesOut: number;
  status: number;
}

export interface S3Server extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly buckets: ReadonlyMap<string, Bucket>;
  /** Every request so far, in the order of their ends. */
  readonly log: LoggedRequest[];
  /** As given, and changeable: what it holds applies to the next request. */
  options: S3ServerOptions;
  /** Ends as if its machine had lost power: connections are reset, nothing listens any more. */
  kill(): void;
  /** Listens again on the same port, with the same objects. */
  resume(): Promise<void>;
}

export const testUser: S3User = { accessKey: "AKTEST", secretKey: "s3cret-s3cret" };

export async function startS3Server(given: S3ServerOptions = {}): Promise<S3Server> {
  const buckets = new Map<string, Bucket>((given.buckets ?? ["bucket"]).map((name) => [name, { objects: new Map() }]));
  const state = { options: given, log: [] as LoggedRequest[], buckets };
  const listener: RequestListener = (request, response) => {
    answer(request, response, state).catch(() => response.destroy());
  };
  const server = given.tls === undefined ? createServer(listener) : createTlsServer(given.tls, listener);
  // On a busy machine the usual five seconds pass between two requests: one that meets the end of its connection is lost.
  server.keepAliveTimeout = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const listen = async (wanted: number) => {
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return Object.assign(state, {
    url: `${given.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    kill() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
    resume: async () => void (await listen(port)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  state: Pick<S3Server, "options" | "log" | "buckets">,
) {
  const { options } = state;
  const logged = parse(request);
  const intercepted = options.intercept?.(logged);
  if (typeof intercepted === "function") {
    state.log.push(logged);
    request.resume();
    return intercepted(response);
  }
  const wasThere = state.buckets.get(logged.bucket)?.objects.has(logged.key) === true;
  // The body is read also where it is refused: a connection that is closed before hides the answer.
  const body = await buffer(request);
  logged.bytesIn = body.length;
  const latency = options.latency?.(logged) ?? 0;
  if (latency > 0) await setTimeout(latency);
  const done = reply(() => {
    if (intercepted !== undefined) throw intercepted;
    const s3: S3Request = { ...logged, body, bucketMap: state.buckets as Map<string, Bucket>, options, wasThere };
    return operate(s3, authorize(request, s3));
  });
  logged.status = done.status;
  logged.bytesOut = done.body.length;
  state.log.push(logged);
  const date = new Date(Date.now() + (options.clockAhead ?? 0)).toUTCString();
  response.writeHead(done.status, { Date: date, "Content-Length": done.body.length, ...done.headers });
  response.end(logged.method === "HEAD" ? undefined : done.body);
}

function reply(run: () => Answer): Answer & { body: Uint8Array } {
  try {
    return { body: Buffer.alloc(0), ...run() };
  } catch (error) {
    if (!(error instanceof S3Fault)) throw error;
    const headers = { "Content-Type": "application/xml", ...error.headers };
    return { status: error.status, headers, body: Buffer.from(errorXml(error)) };
  }
}

function parse(request: IncomingMessage): LoggedRequest {
  const url = new URL(request.url ?? "/", "http://host");
  const path = url.pathname.slice(1).split("/").map(decodeURIComponent);
  // Addressed by the name of a host that begins with the bucket, or by the path.
  const [, ofHost] = /^([^:]+?)\.(?!\d)[^:]*(?::\d+)?$/.exec(request.headers.host ?? "") ?? [];
  const [bucket = "", ...rest] = ofHost === undefined || /^\d+$/.test(ofHost) ? path : [ofHost, ...path];
  return {
    method: request.method ?? "",
    bucket,
    key: rest.join("/"),
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    bytesIn: 0,
    bytesOut: 0,
    status: 0,
  };
}
