/** A static web server: what `find` gives, under its path. Its variants are those that are met in the field. */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { certificate, certificateKey } from "./certificate.js";
import { type Listening, listen } from "./listen.js";

export interface HttpServerOptions {
  /** Bytes by path, without the slash before it. */
  readonly find: (path: string) => Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** Ranges are answered with everything. */
  readonly lacksRanges?: boolean;
  /** What is missing is answered with this page and status 200, as servers of applications do. */
  readonly page?: string;
  /** `name:password` to ask for. */
  readonly credentials?: string;
  readonly isSecure?: boolean;
  /** Does what the server should not do; true when it has answered. */
  readonly misbehave?: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;
}

export interface HttpServer extends Listening {
  readonly url: string;
  /** `GET /path` and the range, in order. */
  readonly requests: string[];
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const requests: string[] = [];
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    requests.push(
      [incoming.method, incoming.url, incoming.headers.range].filter((part) => part !== undefined).join(" "),
    );
    incoming.resume();
    if (options.misbehave?.(incoming, outgoing) === true) return;
    answer(incoming, outgoing, options).catch(() => outgoing.destroy());
  };
  const secrets = { cert: certificate, key: certificateKey };
  const listening = await listen(
    options.isSecure === true ? createTlsServer(secrets, listener) : createServer(listener),
  );
  const url = `${options.isSecure === true ? "https" : "http"}://localhost:${listening.port}`;
  return { ...listening, url, requests };
}

/** For {@link HttpServerOptions.find}: the files of a folder. */
export function filesIn(folder: string): (path: string) => Promise<Uint8Array | undefined> {
  return (path) => readFile(join(folder, path)).catch(() => undefined);
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse, options: HttpServerOptions): Promise<void> {
  const { credentials, page, find, lacksRanges } = options;
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  if (wanted !== undefined && incoming.headers.authorization !== wanted) return end(outgoing, 401);
  if (incoming.method !== "GET") return end(outgoing, 405);
  const bytes = await find(new URL(incoming.url!, "http://x").pathname.slice(1));
  if (bytes === undefined) {
    if (page === undefined) return end(outgoing, 404);
    outgoing.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    return;
  }
  const type = { "content-type": "application/octet-stream" };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? "") ?? [];
  if (from === undefined || lacksRanges === true) {
    outgoing.writeHead(200, { ...type, "content-length": bytes.length }).end(bytes);
    return;
  }
  const first = Number(from);
  if (first >= bytes.length) return end(outgoing, 416, { "content-range": `bytes */${bytes.length}` });
  const last = Math.min(to === "" ? Number.POSITIVE_INFINITY : Number(to), bytes.length - 1);
  const range = `bytes ${first}-${last}/${bytes.length}`;
  outgoing.writeHead(206, { ...type, "content-range": range, "content-length": last - first + 1 });
  outgoing.end(bytes.subarray(first, last + 1));
}

function end(outgoing: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  outgoing.writeHead(status, headers).end(`status ${status}\n`);
}
