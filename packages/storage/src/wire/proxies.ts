/** Through which proxy a host is reached, as curl and most others read `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. */
import { BlockList, isIP } from "node:net";

/** What the environment says of proxies. */
export interface ProxySettings {
  /** For `http:`, and for `https:`: an `http:` or `https:` URL. An error is thrown where that proxy would be needed. */
  readonly http?: URL | Error | undefined;
  readonly https?: URL | Error | undefined;
  /** Hosts that are reached directly: names with all below them, addresses and networks (`10.0.0.0/8`), with a port or without, or `*` for all. */
  readonly except?: string | undefined;
}

export interface Target {
  readonly protocol: "http:" | "https:";
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The proxy for that target, or undefined when it is reached directly. @throws what stands for one that cannot be used */
export function proxyFor(settings: ProxySettings, target: Target): URL | undefined {
  const proxy = target.protocol === "https:" ? settings.https : settings.http;
  if (proxy === undefined || isExcepted(settings.except ?? "", target)) return undefined;
  if (proxy instanceof Error) throw proxy;
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
  const [, network = "", length] = /^\[?([0-9a-f:.]+)\]?\/(\d{1,3})$/.exec(entry) ?? [];
  if (length !== undefined) return isWithin(host, network, Number(length));
  const [, named = entry, namedPort] = /^(.*?|\[.*\]):(\d+)$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (namedPort !== undefined && Number(namedPort) !== port) return false;
  const name = named.replace(/^\[(.*)\]$/, "$1").replace(/^\*?\./, "");
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

/** Whether an address lies in a network of so many leading bits. */
function isWithin(host: string, network: string, length: number): boolean {
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || length > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, length, type);
  return list.check(host, type);
}
