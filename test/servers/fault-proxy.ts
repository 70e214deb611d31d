/**
 * A proxy before a real HTTP server that loses, delays for ever and damages what passes. What happens to a request hangs
 * on the seed, on its method and path, and on how often those came before, not on the order of requests: the same seed
 * gives the same faults however many clients there are.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type Listening, listen } from "./listen.js";

export const faultKinds = [
  /** The connection ends before the request has reached the server. */
  "reset",
  /** The server is not asked; it seems to have too much to do, also for the next requests. */
  "busy",
  /** The server does what was asked, and fails in telling so. */
  "failed",
  /** The server does what was asked, and the connection ends before the answer. */
  "unanswered",
  /** Half of the answer comes; an answer without a body does not come. */
  "truncated",
  /** Half of the answer comes, and then nothing, for as long as the client waits. */
  "stuck",
  /** A part of an object is said to be another, and is. */
  "shifted",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultProxyOptions {
  /** Of the server on loopback. */
  readonly port: number;
  readonly seed: number;
  /** The part of the requests that meet a fault, from 0 to 1. */
  readonly rate: number;
  /** All kinds, without. */
  readonly kinds?: readonly FaultKind[];
}

export interface FaultProxy extends Listening {
  /** Requests that came, and faults by kind. */
  readonly counts: ReadonlyMap<FaultKind | "requests", number>;
}

/** Requests that are refused after one that was "busy". */
const burst = 2;

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { kinds = faultKinds } = options;
  const counts = new Map<FaultKind | "requests", number>();
  const seen = new Map<string, number>();
  let busy = 0;
  const count = (what: FaultKind | "requests") => counts.set(what, (counts.get(what) ?? 0) + 1);

  function chooseFault(incoming: IncomingMessage): FaultKind | undefined {
    if (busy > 0) {
      busy--;
      return "busy";
    }
    const key = `${incoming.method} ${incoming.url} ${incoming.headers.range ?? ""}`;
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    const digest = createHash("sha256").update(`${options.seed} ${key} ${times}`).digest();
    if (digest.readUInt32LE(0) / 2 ** 32 >= options.rate) return undefined;
    const kind = kinds[digest.readUInt32LE(4) % kinds.length]!;
    if (kind === "busy") busy = burst;
    return kind;
  }

  const server = createServer((incoming, outgoing) => {
    count("requests");
    const fault = chooseFault(incoming);
    if (fault !== undefined) count(fault);
    pass({ incoming, outgoing, port: options.port, fault }).catch(() => outgoing.destroy());
  });
  return { ...(await listen(server)), counts };
}

interface Passing {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly port: number;
  readonly fault: FaultKind | undefined;
}

async function pass({ incoming, outgoing, port, fault }: Passing): Promise<void> {
  if (fault === "reset") {
    incoming.socket.destroy();
    return;
  }
  const body = await bytesOf(incoming);
  if (fault === "busy") {
    outgoing.writeHead(503, { "content-type": "text/plain" }).end("SlowDown");
    return;
  }
  const answer = await forward(incoming, body, port);
  const { statusCode = 0, headers } = answer;
  const bytes = await bytesOf(answer);
  switch (fault) {
    case "failed":
      outgoing.writeHead(500).end("InternalError");
      return;
    case "unanswered":
      incoming.socket.destroy();
      return;
    case "truncated":
    case "stuck":
      if (bytes.length === 0 || statusCode >= 300) {
        if (fault === "truncated") incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(statusCode, { ...headers, "content-length": bytes.length });
      outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => {
        if (fault === "truncated") incoming.socket.destroy();
      });
      return;
    case "shifted":
      outgoing.writeHead(statusCode, shifted(headers)).end(headers["content-range"] ? rotated(bytes) : bytes);
      return;
    case undefined:
      outgoing.writeHead(statusCode, headers).end(bytes);
  }
}

function forward(incoming: IncomingMessage, body: Buffer, port: number): Promise<IncomingMessage> {
  const { method, url: path, headers } = incoming;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

function shifted(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers["content-range"] ?? "") ?? [];
  if (first === undefined) return headers;
  return { ...headers, "content-range": `bytes ${Number(first) + 1}-${Number(last) + 1}/${total}` };
}

function rotated(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)]);
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
