/**
 * Carries one request of the SDK to the server. In place of the SDK's own handler because of three things: silence ends a
 * request in any phase, also in the middle of a body; nothing is written to the console; nothing is kept waiting for
 * `100 Continue`, which not every service sends.
 */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { WireFault } from "../wire/network-error.js";
import type { S3StorageOptions } from "./options.js";

/** Bytes of a body that are handed to a connection at once. */
const pieceLength = 2 ** 20;

/** How many times longer an answer to a long body is waited for at most. */
const patienceMax = 8;

/** Of `@smithy/types`, the part that is used. */
interface Request {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

interface Response {
  readonly statusCode: number;
  readonly reason: string | undefined;
  readonly headers: Record<string, string>;
  readonly body: IncomingMessage;
}

export class RequestHandler {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #agents: NonNullable<S3StorageOptions["agents"]>;
  readonly #idleTimeoutMs: number;
  /**
   * Doubled when no answer came to a long body that was sent: a proxy may have taken all of it at once, and pass it on as
   * slowly as its line is, or a server may be as slow to store it. The same wait again would bring the same.
   */
  #patience = 1;

  constructor(agents: NonNullable<S3StorageOptions["agents"]>, idleTimeoutMs: number) {
    this.#agents = agents;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /** Resolves when the head of the answer is there; the body fails by itself. */
  handle(given: Request, { abortSignal }: { readonly abortSignal?: unknown } = {}): Promise<{ response: Response }> {
    const { protocol, hostname, port, method, headers, body } = given;
    const isTls = protocol === "https:";
    const agent = isTls ? this.#agents.https : this.#agents.http;
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    return new Promise((resolve, reject) => {
      const send = isTls ? requestHttps : requestHttp;
      // The SDK has a type of its own for it, of browsers' past.
      const signal = abortSignal as AbortSignal | undefined;
      const request = send({ host, port, method, path: pathOf(given), headers, agent, ...(signal && { signal }) });
      let answer: IncomingMessage | undefined;
      const isLong = body !== undefined && body.length > pieceLength;
      let waitMs = this.#idleTimeoutMs;
      request.setTimeout(waitMs, () => {
        const error = new WireFault(`no answer for ${waitMs / 1_000} seconds`);
        if (isLong && request.writableFinished && answer === undefined)
          this.#patience = Math.min(patienceMax, (2 * waitMs) / this.#idleTimeoutMs);
        answer?.destroy(error);
        request.destroy(error);
      });
      if (isLong)
        request.once("finish", () => {
          waitMs = this.#idleTimeoutMs * this.#patience;
          request.setTimeout(waitMs);
        });
      request.once("response", (response) => {
        answer = response;
        waitMs = this.#idleTimeoutMs;
        request.setTimeout(waitMs);
        // Of a body that is refused the rest is not sent; then the connection is of no further use.
        response.once("end", () => request.writableFinished || request.destroy());
        resolve({ response: { ...headOf(response), body: response } });
      });
      request.on("error", reject);
      sendBody(request, body, () => answer !== undefined);
    });
  }

  destroy(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** The SDK sets its defaults here; there is nothing to set. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }
}

/**
 * In pieces: each is a sign of life, which a long body as a whole is not for a connection with TLS, and that would encrypt
 * all of it at once.
 */
function sendBody(request: ClientRequest, body: Request["body"], isAnswered: () => boolean): void {
  if (body === undefined || typeof body === "string" || body.length <= pieceLength) return void request.end(body);
  let offset = 0;
  const send = () => {
    while (offset < body.length) {
      if (isAnswered()) return;
      const piece = body.subarray(offset, offset + pieceLength);
      offset += piece.length;
      if (!request.write(piece)) return void request.once("drain", send);
    }
    request.end();
  };
  send();
}

function pathOf({ path, query = {} }: Request): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === null) return [encode(name)];
    return (typeof value === "string" ? [value] : value).map((one) => `${encode(name)}=${encode(one)}`);
  });
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}

/** As it is signed. */
function encode(text: string): string {
  const byCode = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, byCode);
}

function headOf({ statusCode = 0, statusMessage, headers }: IncomingMessage) {
  const single = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return { statusCode, reason: statusMessage, headers: Object.fromEntries(single) };
}
