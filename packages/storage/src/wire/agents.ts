/**
 * The connections of all storages that speak HTTP: kept alive, limited in number and in bytes a second, through proxies,
 * with certificates of the user's own, and ended when nothing moves on them.
 */
import * as http from "node:http";
import * as https from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";
import { systemErrorCode } from "@bcat/errors";
import { noteFinal } from "./network-error.js";
import { type ProxySettings, proxyFor, type Target } from "./proxies.js";
import { type RateSchedule, Throttle, type WireClock } from "./throttle.js";
import { hostOf, openTunnel, portOf, proxyAuthorization } from "./tunnel.js";
import { type WireLimits, WireStream } from "./wire-stream.js";

/** Milliseconds until a connection is made, TLS included; and how long nothing may move on it, unless options say otherwise. */
export const connectTimeoutMsDefault = 20_000;
export const idleTimeoutMsDefault = 60_000;
/** Connections to one host, unless options say otherwise. */
export const connectionsMaxDefault = 5;

export interface WireOptions {
  readonly clock: WireClock;
  /** Connections to one host at once. */
  readonly connectionsMax?: number | undefined;
  /** Certificates to trust besides the well-known ones, as PEM. */
  readonly ca?: string | undefined;
  readonly proxies?: ProxySettings | undefined;
  /** Bytes a second of all connections together. */
  readonly limits?: { readonly upload?: RateSchedule | undefined; readonly download?: RateSchedule | undefined };
  readonly connectTimeoutMs?: number | undefined;
  /** How long nothing may move on a connection with a request; also the wait for an answer. */
  readonly idleTimeoutMs?: number | undefined;
  /** The resolver of the system, unless a test replaces it. */
  readonly lookup?: LookupFunction | undefined;
}

/** For `node:http` and `node:https`, and whatever is built on them. */
export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
  /** Ends all connections. Without it, those that are not in use do not keep the process alive. */
  close(): void;
}

export function createAgents(options: WireOptions): Agents {
  const wire = new Wire(options);
  const { connectionsMax = connectionsMaxDefault } = options;
  const shared: http.AgentOptions = {
    keepAlive: true,
    maxSockets: connectionsMax,
    maxFreeSockets: connectionsMax,
    timeout: wire.idleTimeoutMs,
    ...(options.lookup && { lookup: options.lookup }),
  };
  const agents = {
    http: new PlainAgent(shared, wire),
    https: new TlsAgent({ ...shared, ...wire.trust }, wire),
  };
  return {
    ...agents,
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** What is the same with and without TLS. */
class Wire {
  readonly limits: WireLimits;
  readonly proxies: ProxySettings;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Also of the proxies. */
  readonly trust: Pick<tls.ConnectionOptions, "secureContext">;
  #hasConnected = false;

  constructor(options: WireOptions) {
    const { clock, limits = {} } = options;
    const throttle = (schedule: RateSchedule | undefined) => schedule && new Throttle(schedule, clock);
    this.limits = { upload: throttle(limits.upload), download: throttle(limits.download) };
    this.proxies = options.proxies ?? {};
    this.trust = options.ca === undefined ? {} : { secureContext: trusting(options.ca) };
    this.connectTimeoutMs = options.connectTimeoutMs ?? connectTimeoutMsDefault;
    this.idleTimeoutMs = options.idleTimeoutMs ?? idleTimeoutMsDefault;
  }

  get isLimited(): boolean {
    return this.limits.upload !== undefined || this.limits.download !== undefined;
  }

  /** The stream for HTTP over a socket that is being connected. */
  over(socket: Socket, connected: "connect" | "secureConnect"): Duplex {
    this.#endWhenIdle(socket, connected);
    if (!this.isLimited) return socket;
    return this.later(once(socket, connected));
  }

  /** The same over a socket that is there only later. */
  later(socket: Promise<Socket>): Duplex {
    const stream = new WireStream(socket, this.limits);
    stream.on("timeout", () => stream.destroy(noAnswer()));
    stream.setTimeout(this.idleTimeoutMs);
    return stream;
  }

  /**
   * A socket that waits for its other side to appear, and then for bytes. A host that nobody knows is most often mistyped,
   * unless it was known before.
   */
  #endWhenIdle(socket: Socket, connected: string): void {
    socket.setTimeout(this.connectTimeoutMs);
    socket.once(connected, () => {
      this.#hasConnected = true;
      socket.setTimeout(this.idleTimeoutMs);
    });
    socket.once("error", (error) => {
      if (!this.#hasConnected && systemErrorCode(error) === "ENOTFOUND") noteFinal(error);
    });
    socket.on("timeout", () => socket.destroy(noAnswer()));
  }

  /** A socket to the target that the proxy has connected. */
  through(proxy: URL, target: Target): Promise<Socket> {
    return openTunnel({ proxy, target, timeoutMs: this.connectTimeoutMs, trust: this.trust });
  }

  /** TLS over what a proxy has connected. */
  async secure(socket: Socket, options: tls.ConnectionOptions): Promise<Socket> {
    const secured = tls.connect({ ...options, socket });
    this.#endWhenIdle(secured, "secureConnect");
    return await once(secured, "secureConnect");
  }
}

type Given = https.RequestOptions & tls.ConnectionOptions;
type Created = (error: Error | null, stream: Duplex) => void;

/** A method of Node's agents that its types leave out; other packages' subclasses override it, too. */
interface Adding {
  addRequest(request: http.ClientRequest, options: Given): void;
}
const { addRequest } = http.Agent.prototype as unknown as Adding;

class PlainAgent extends http.Agent {
  readonly #wire: Wire;

  constructor(options: http.AgentOptions, wire: Wire) {
    super(options);
    this.#wire = wire;
  }

  /** Through a proxy, the request itself says whom it is for; a head that is made already goes through a tunnel. */
  addRequest(request: http.ClientRequest, options: Given): void {
    const target = targetOf(options, "http:");
    const proxy = proxyFor(this.#wire.proxies, target);
    if (proxy?.protocol !== "http:" || request.headersSent) {
      addRequest.call(this, request, options);
      return;
    }
    request.path = `http://${request.getHeader("host") as string}${request.path}`;
    const authorization = proxyAuthorization(proxy);
    if (authorization !== undefined) request.setHeader("proxy-authorization", authorization);
    addRequest.call(this, request, {
      ...options,
      host: hostOf(proxy),
      port: portOf(proxy),
      isProxy: true,
    } as Given);
  }

  override createConnection(options: Given, created?: Created): Duplex {
    const target = targetOf(options, "http:");
    const proxy = "isProxy" in options ? undefined : proxyFor(this.#wire.proxies, target);
    if (proxy === undefined) return this.#wire.over(super.createConnection(options, created) as Socket, "connect");
    return this.#wire.later(this.#wire.through(proxy, target));
  }
}

class TlsAgent extends https.Agent {
  readonly #wire: Wire;

  constructor(options: https.AgentOptions, wire: Wire) {
    super(options);
    this.#wire = wire;
  }

  override createConnection(options: Given, created?: Created): Duplex {
    const target = targetOf(options, "https:");
    const proxy = proxyFor(this.#wire.proxies, target);
    if (proxy === undefined)
      return this.#wire.over(super.createConnection(options, created) as Socket, "secureConnect");
    const servername = options.servername ?? (isIP(target.host) === 0 ? target.host : "");
    const tunnel = this.#wire.through(proxy, target);
    return this.#wire.later(tunnel.then((socket) => this.#wire.secure(socket, { ...options, servername })));
  }
}

function targetOf({ host, port }: Given, protocol: Target["protocol"]): Target {
  return {
    protocol,
    host: (host ?? "localhost").replace(/^\[(.*)\]$/, "$1"),
    port: Number(port ?? (protocol === "https:" ? 443 : 80)),
  };
}

function once(socket: Socket, connected: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once(connected, () => resolve(socket));
    socket.once("error", reject);
    socket.once("close", () => reject(noAnswer()));
  });
}

/** Has the code of the operating system for it, so that it is told in the same words. */
function noAnswer(): Error {
  return Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
}

/**
 * The well-known certificates, those of NODE_EXTRA_CA_CERTS where Node tells them, and these, of which each is trusted
 * also where nobody has signed it whom we know: that of an issuer between, or of the server itself. Made once: it takes
 * 10 ms.
 */
function trusting(ca: string): tls.SecureContext {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  const all = [...(getCACertificates?.("default") ?? tls.rootCertificates), ca];
  return tls.createSecureContext({ ca: all, allowPartialTrustChain: true } as tls.SecureContextOptions);
}
