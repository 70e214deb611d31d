/** Through which proxy a host is reached, as curl and most others read `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
import { isIP } from "node:net";

/** What the environment says of proxies. */
export interface ProxySettings {
  /** For `http:`, and for `https:`: an `http:` URL. */
  readonly http?: URL | undefined;
  readonly https?: URL | undefined;
  /** Hosts that are reached directly: names with all below them, addresses, with a port or without, or `*` for all. */
  readonly except?: string | undefined;
}

export interface Target {
  readonly protocol: "http:" | "https:";
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The proxy for that target, or undefined when it is reached directly. */
export function proxyFor(settings: ProxySettings, target: Target): URL | undefined {
  const proxy = target.protocol === "https:" ? settings.https : settings.http;
  if (proxy === undefined || isExcepted(settings.except ?? "", target)) return undefined;
  return proxy;
}

function isExcepted(except: string, { host, port }: Target): boolean {
  return except
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => entry === "*" || matches(entry, host.toLowerCase(), port));
}

function matches(entry: string, host: string, port: number): boolean {
  const [, named = entry, namedPort] = /^(.*?|\[.*\]):(\d+)$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (namedPort !== undefined && Number(namedPort) !== port) return false;
  const name = named.replace(/^\[(.*)\]$/, "$1").replace(/^\*?\./, "");
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}
