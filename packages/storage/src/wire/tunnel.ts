/** Connections through a proxy, by the method CONNECT of HTTP (RFC 9110, 9.3.6). */
import { request } from "node:http";
import { request as requestTls } from "node:https";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { describeNetworkError, WireFault } from "./network-error.js";
import type { Target } from "./proxies.js";

export interface Tunnel {
  readonly proxy: URL;
  readonly target: Target;
  /** Milliseconds until the proxy has answered. */
  readonly timeoutMs: number;
  /** For a proxy that speaks TLS itself. */
  readonly trust?: Pick<ConnectionOptions, "secureContext">;
}

/** A connection to the target that the proxy has made. */
export function openTunnel({ proxy, target, timeoutMs, trust }: Tunnel): Promise<Socket> {
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const authorization = proxyAuthorization(proxy);
  const asking = (proxy.protocol === "https:" ? requestTls : request)({
    host: hostOf(proxy),
    port: portOf(proxy),
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...(authorization && { "proxy-authorization": authorization }) },
    agent: false,
    timeout: timeoutMs,
    ...trust,
  });
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      const { words, isFinal } = describeNetworkError(cause);
      const said = isFinal ? words : wordsOf(cause);
      reject(new WireFault(`the proxy ${proxy.host} cannot be used: ${said}`, { cause, isFinal }));
    };
    asking.once("error", fail);
    asking.once("timeout", () => asking.destroy(new Error("no answer in time")));
    asking.once("response", (response) => {
      response.destroy();
      fail(new Error(`it answers ${response.statusCode}`));
    });
    asking.once("connect", ({ statusCode = 0 }, socket: Socket, rest) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(refusal(statusCode, proxy));
        return;
      }
      socket.setTimeout(0);
      if (rest.length > 0) socket.unshift(rest);
      resolve(socket);
    });
    asking.end();
  });
}

/** The value of `Proxy-Authorization` for the user that the URL names, if any. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

export function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function refusal(statusCode: number, proxy: URL): WireFault {
  const reason = statusCode === 407 ? "it wants a name and a password, or others" : `it answers ${statusCode}`;
  const isFinal = statusCode === 407 || statusCode === 403;
  return new WireFault(`the proxy ${proxy.host} cannot be used: ${reason}`, { isFinal });
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
