/**
 * From a `postgres://` URL to what the client takes, with the parameters of libpq that concern the connection
 * (PostgreSQL 17 manual, 32.1.2): sslmode, sslrootcert, sslcert, sslkey, connect_timeout, application_name, host, port.
 * Others are refused: one that is passed over in silence may be the one that was to protect the connection.
 */
import { readFileSync } from "node:fs";
import { BcatError, describeSystemError } from "@bcat/errors";
import type { ClientConfig } from "pg";

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
type SslMode = (typeof sslModes)[number];

const parameters = [
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "connect_timeout",
  "application_name",
  "host",
  "port",
];
/** Seconds. */
const connectTimeoutDefault = 15;
/** Stands for no host behind a user, which libpq takes and a URL cannot have. */
const noHost = "none.invalid";

export interface PostgresAddress {
  /** Host, database and user: no password, and none of the parameters. */
  readonly location: string;
  readonly config: ClientConfig;
  /** What to do when the server has no TLS, or has: `allow` and `prefer` take both. */
  readonly isTlsOptional: boolean;
}

/** True for what this page can be asked about. */
export function isPostgresUrl(given: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(given);
}

/**
 * @param variables those of libpq that the URL can stand for: PGSSLMODE, PGSSLROOTCERT. Host, user, database and
 *   password are found by the client itself
 * @throws {BcatError} usage; no message holds more of the URL than its host and parameter names
 */
export function parsePostgresUrl(
  given: string,
  variables: Readonly<Record<string, string | undefined>> = {},
): PostgresAddress {
  const url = parse(given);
  const find = (name: string, variable?: string) =>
    url.searchParams.get(name) ?? (variable === undefined ? undefined : variables[variable]) ?? undefined;
  const mode = sslModeOf(find("sslmode", "PGSSLMODE"));
  const host =
    find("host") ?? decodeURIComponent(url.hostname === noHost ? "" : url.hostname).replace(/^\[(.*)\]$/, "$1");
  const port = find("port") ?? url.port;
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  const database = decodeURIComponent(url.pathname.slice(1));
  const config: ClientConfig = {
    ...(host !== "" && { host }),
    ...(port !== "" && { port: Number(port) }),
    ...(user !== "" && { user }),
    ...(password !== "" && { password }),
    ...(database !== "" && { database }),
    application_name: find("application_name", "PGAPPNAME") ?? "bcat",
    connectionTimeoutMillis: seconds(find("connect_timeout", "PGCONNECT_TIMEOUT")) * 1000,
    ssl: mode === "disable" ? false : tlsOptions(mode, find),
  };
  const who = user === "" ? "" : `${url.username}@`;
  const isSocket = host.startsWith("/");
  const where =
    isSocket || host === "" ? "" : `${host.includes(":") ? `[${host}]` : host}${port === "" ? "" : `:${port}`}`;
  const location = `postgres://${who}${where}/${database}${isSocket ? `?host=${host}` : ""}`;
  return { location, config, isTlsOptional: mode === "allow" || mode === "prefer" };
}

function parse(given: string): URL {
  let url: URL;
  try {
    url = new URL(given.replace(/^(\w+:\/\/[^/?#]*@)(?=[/?#]|$)/, `$1${noHost}`));
    decodeURIComponent(url.username + url.password + url.pathname);
  } catch {
    throw refused("it is no URL such as postgres://user@host/database");
  }
  if (url.hash !== "") throw refused('write "#" as %23');
  for (const name of url.searchParams.keys()) {
    if (!parameters.includes(name))
      throw refused(`parameter "${name}" is not known; known are ${parameters.join(", ")}`);
    if (url.searchParams.getAll(name).length > 1) throw refused(`parameter "${name}" is given twice`);
  }
  return url;
}

function sslModeOf(given: string | undefined): SslMode {
  if (given === undefined) return "prefer";
  const mode = sslModes.find((known) => known === given);
  if (mode === undefined) throw refused(`sslmode "${given}" is not one of ${sslModes.join(", ")}`);
  return mode;
}

/** As libpq has it: with a root certificate `require` is `verify-ca`, and only `verify-full` looks at the name. */
function tlsOptions(mode: SslMode, find: (name: string, variable?: string) => string | undefined): ClientConfig["ssl"] {
  const root = find("sslrootcert", "PGSSLROOTCERT");
  const [cert, key] = [find("sslcert", "PGSSLCERT"), find("sslkey", "PGSSLKEY")];
  const verifies = mode === "verify-full" || mode === "verify-ca" || (mode === "require" && root !== undefined);
  return {
    rejectUnauthorized: verifies,
    ...(root !== undefined && root !== "system" && { ca: readPem("sslrootcert", root) }),
    ...(cert !== undefined && { cert: readPem("sslcert", cert) }),
    ...(key !== undefined && { key: readPem("sslkey", key) }),
    ...(mode !== "verify-full" && { checkServerIdentity: () => undefined }),
  };
}

function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw refused(`cannot read ${parameter} "${path}": ${describeSystemError(cause)}`, cause);
  }
}

function seconds(given: string | undefined): number {
  if (given === undefined) return connectTimeoutDefault;
  if (!/^\d{1,6}$/.test(given) || Number(given) === 0)
    throw refused(`connect_timeout "${given}" is not 1 or more seconds`);
  return Number(given);
}

function refused(found: string, cause?: unknown): BcatError {
  return new BcatError("usage", `Cannot use the PostgreSQL URL of the registers: ${found}`, { cause });
}
