/** One request and its whole answer. Bodies are buffers, so that what is sent can be sent again. */
import * as http from "node:http";
import * as https from "node:https";
import type { Agents } from "./agents.js";
import { WireFault } from "./network-error.js";

/** Of an answer that is no success, so much is read, in bytes: it may say why. */
const errorSizeMax = 65_536;
/** Redirections that are followed for one request. */
const redirectsMax = 3;

export interface WireRequest {
  readonly agents: Agents;
  readonly url: URL;
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Must not be changed until the promise has settled. */
  readonly body?: Uint8Array;
  /** A longer body of a success is a fault, in bytes. */
  readonly sizeMax: number;
  /** Memory for the body, used if it has room for what the head announces. */
  readonly into?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False for an answer whose body is not wanted: it is given up, and comes back empty. */
  readonly wantsBody?: (head: WireHead) => boolean;
}

export interface WireHead {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The length of the body, in bytes, when it was announced. */
  readonly length: number | undefined;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/**
 * Sends the request once. A GET that is sent elsewhere within the same origin follows; every other redirection is an
 * answer like others, its status 3xx.
 *
 * @throws WireFault, or an error of the connection, for {@link networkError}; the reason of an aborted `signal`.
 */
export async function request(wanted: WireRequest): Promise<WireResponse> {
  let { url } = wanted;
  for (let followed = 0; ; followed++) {
    const response = await sendOnce({ ...wanted, url });
    const next = redirection(response, { ...wanted, url });
    if (next === undefined) return response;
    if (followed === redirectsMax)
      throw new WireFault(`it redirects more than ${redirectsMax} times`, { isFinal: true });
    url = next;
  }
}

function redirection({ status, headers }: WireResponse, { method, url }: WireRequest): URL | undefined {
  if (method !== "GET" || ![301, 302, 303, 307, 308].includes(status) || headers.location === undefined)
    return undefined;
  if (!URL.canParse(headers.location, url.href)) return undefined;
  const next = new URL(headers.location, url);
  return next.origin === url.origin ? next : undefined;
}

function sendOnce(wanted: WireRequest): Promise<WireResponse> {
  const { agents, url, method, headers = {}, body, signal } = wanted;
  signal?.throwIfAborted();
  const isSecure = url.protocol === "https:";
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? https : http).request(url, {
      method,
      agent: isSecure ? agents.https : agents.http,
      headers: { ...headers, ...(body && { "content-length": String(body.length) }) },
    });
    const abort = () => sent.destroy();
    signal?.addEventListener("abort", abort, { once: true });
    const settle = <T>(done: (value: T) => void) => {
      return (value: T) => {
        signal?.removeEventListener("abort", abort);
        done(value);
      };
    };
    const fail = settle((error: unknown) => reject(signal?.aborted ? signal.reason : error));
    sent.on("error", fail);
    sent.once("response", (response) => {
      readBody(response, wanted).then(settle(resolve), (error: unknown) => {
        sent.destroy();
        fail(error);
      });
    });
    sent.end(body);
  });
}

async function readBody(response: http.IncomingMessage, wanted: WireRequest): Promise<WireResponse> {
  const { statusCode: status = 0, headers } = response;
  const isSuccess = status >= 200 && status <= 299;
  const announced = lengthOf(headers);
  const { sizeMax } = wanted;
  if (wanted.wantsBody?.({ status, headers, length: announced }) === false) {
    response.destroy();
    return { status, headers, body: new Uint8Array(0) };
  }
  if (isSuccess && (announced ?? 0) > sizeMax) throw tooLong(announced!, sizeMax);
  const memory = isSuccess && announced !== undefined ? memoryFor(announced, wanted.into) : undefined;
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (!isSuccess && size + piece.length > errorSizeMax) break;
    if (size + piece.length > sizeMax && isSuccess) throw tooLong(size + piece.length, sizeMax);
    if (memory === undefined) pieces.push(piece);
    else memory.set(piece, size);
    size += piece.length;
  }
  // Node tells an answer that was cut short by itself, unless its length was not announced.
  return { status, headers, body: memory ?? joined(pieces, size) };
}

/** No Buffer, whose slices share memory where those of a Uint8Array are copies. */
function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

function lengthOf(headers: http.IncomingHttpHeaders): number | undefined {
  const text = headers["content-length"];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function memoryFor(length: number, into: Uint8Array | undefined): Uint8Array {
  return into !== undefined && into.length >= length ? into.subarray(0, length) : new Uint8Array(length);
}

function tooLong(size: number, sizeMax: number): WireFault {
  return new WireFault(`it answers with ${size} bytes or more, above the maximum ${sizeMax}`, { isFinal: true });
}
