/** From what the user and the environment say of connections to what the storages are given. */
import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { BcatError, describeSystemError } from "@bcat/errors";
import type { ProxySettings, RateSchedule, WireClock, WireOptions } from "@bcat/storage/wire";
import { absolutePath } from "./absolute-path.js";
import type { Variables } from "./variables.js";

/** A file of all well-known certificates has 0.3 MB. */
const certificatesSizeMax = 2 ** 24;

/** What the user says of the connections to a place. */
export interface ConnectionChoice {
  /** A file of certificates to trust besides the well-known ones, PEM. */
  readonly certificates?: string | undefined;
  readonly limits?:
    | { readonly upload?: RateSchedule | undefined; readonly download?: RateSchedule | undefined }
    | undefined;
}

/** @throws {BcatError} with code "usage" for certificates that cannot be used. */
export async function wireOptionsOf(choice: ConnectionChoice, variables: Variables): Promise<WireOptions> {
  const { certificates, limits = {} } = choice;
  return {
    clock: wireClock,
    ca: certificates === undefined ? undefined : await readCertificates(certificates),
    proxies: proxiesOf(variables),
    limits,
  };
}

export const wireClock: WireClock = {
  now: () => performance.now(),
  minuteOfDay: () => {
    const now = new Date();
    return now.getHours() * 60 + now.getMinutes();
  },
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * As curl has it: the lower case wins, and `ALL_PROXY` stands for those that are not set. One that cannot be used is an
 * error where a host is to be reached through it: desktops set `ALL_PROXY=socks://…` for all programs.
 */
export function proxiesOf(variables: Variables): ProxySettings {
  const first = (...names: string[]) => names.find((name) => (variables[name] ?? "") !== "");
  const except = first("no_proxy", "NO_PROXY");
  return {
    http: proxyOf(first("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), variables),
    https: proxyOf(first("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), variables),
    except: except && variables[except],
  };
}

/** The value may hold a password, so it is never repeated. */
function proxyOf(name: string | undefined, variables: Variables): URL | BcatError | undefined {
  if (name === undefined) return undefined;
  const value = variables[name]!;
  const spelling = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (URL.canParse(spelling)) {
    const url = new URL(spelling);
    if ((url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "" && isDecodable(url)) return url;
  }
  return new BcatError("usage", `Cannot use ${name}: its value is no proxy of the form http://host:port`);
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

async function readCertificates(given: string): Promise<string> {
  const path = absolutePath(given);
  const refuse = (reason: string, cause?: unknown) =>
    new BcatError("usage", `Cannot use the certificates in "${path}": ${reason}`, { cause });
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > certificatesSizeMax) throw refuse(`${size} bytes are above the maximum ${certificatesSizeMax}`);
    text = await readFile(path, "latin1");
  } catch (cause) {
    throw cause instanceof BcatError ? cause : refuse(describeSystemError(cause), cause);
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (found === null) throw refuse("it holds none in PEM form (-----BEGIN CERTIFICATE-----)");
  try {
    for (const certificate of found) new X509Certificate(certificate);
  } catch (cause) {
    throw refuse("it holds one that is damaged", cause);
  }
  return found.join("\n");
}
