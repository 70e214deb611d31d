/**
 * The spellings of a bucket: `s3://bucket/prefix`, whose server is AWS or named apart, and restic's
 * `s3:https://host/bucket/prefix` and `s3:host/bucket/prefix`. Two spellings of one place give one location.
 */
import { BcatError } from "@bcat/errors";
import type { Place, S3Place } from "./place.js";
import { firstOf, type Variables } from "./variables.js";

/** Keys of S3 have 1,024 bytes, and names of objects up to 200. */
const prefixLengthMax = 512;

type LocatedS3 = S3Place & Pick<Place, "location">;

/** The place that `given`, which begins with `s3:`, stands for. @throws {BcatError} with code "usage" */
export function locateS3(given: string, endpoint: string | undefined, variables: Variables): LocatedS3 {
  // Also in front of a host it may be a password.
  if (given.includes("@"))
    throw refusal(given, "keys do not belong there: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use a profile");
  if (/ $/.test(given)) throw refusal(given, "it ends with a blank: write it without");
  const rest = given.slice("s3:".length);
  if (rest.startsWith("//")) {
    const [bucket = "", ...prefix] = rest.slice(2).split("/");
    refuseHosts(given, bucket);
    const server = endpoint ?? firstOf(variables, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    return placeOf(given, { server: server === undefined ? {} : serverOf(given, server), bucket, prefix });
  }
  if (endpoint !== undefined)
    throw refusal(given, "it names a server already, and so does --s3-endpoint: leave out one");
  const isUrl = /^https?:\/\//i.test(rest);
  const [scheme = "https:", host = "", bucket = "", ...prefix] = isUrl
    ? [rest.slice(0, rest.indexOf("/")), ...rest.slice(rest.indexOf("//") + 2).split("/")]
    : ["https:", ...rest.split("/")];
  if (/[?#]/.test(isUrl ? rest : "")) throw refusal(given, "write ? and # as %3F and %23");
  const server = isRegion(host) ? { region: host } : serverOf(given, `${scheme}//${host}`);
  return placeOf(given, { server, bucket, prefix: isUrl ? prefix.map((part) => decode(given, part)) : prefix });
}

interface Server {
  readonly endpoint?: string;
  readonly region?: string;
}

interface Parts {
  readonly server: Server;
  readonly bucket: string;
  readonly prefix: readonly string[];
}

function placeOf(given: string, { server, bucket, prefix: segments }: Parts): LocatedS3 {
  if (bucket === "") throw refusal(given, "it names no bucket");
  if (!/^[a-z0-9][a-z0-9._-]{1,254}$/i.test(bucket)) throw refusal(given, "its bucket has a name that no bucket has");
  const kept = segments.filter((segment) => segment !== "");
  if (kept.some((segment) => segment === "." || segment === ".."))
    throw refusal(given, 'its prefix has a part "." or ".."');
  const prefix = kept.join("/");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: servers and terminals take them for something else.
  if (/[\u0000-\u001f\u007f]/.test(prefix)) throw refusal(given, "its prefix has a control character");
  if (Buffer.byteLength(prefix) > prefixLengthMax) throw refusal(given, `its prefix is above ${prefixLengthMax} bytes`);
  const base = server.endpoint === undefined ? "s3://" : `s3:${server.endpoint}/`;
  return { kind: "s3", ...server, bucket, prefix, location: [`${base}${bucket}`, ...kept].join("/") };
}

/** AWS has no endpoint here: its name follows from the region. */
function serverOf(given: string, address: string): Server {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;
  if (!URL.canParse(text)) throw refusal(given, "it names no server");
  const { protocol, host, hostname, pathname, username, password, search, hash } = new URL(text);
  if (username + password + search + hash !== "" || !/^https?:$/.test(protocol) || hostname === "")
    throw refusal(given, "its server must be of the form https://host:port");
  const [, bucket, region] = /^(?:(.+)\.)?s3(?:[.-]dualstack)?(?:[.-]([a-z0-9-]+))?\.amazonaws\.com$/.exec(host) ?? [];
  if (bucket !== undefined) throw refusal(given, `write s3://${bucket}/… for a bucket of AWS`);
  if (protocol === "https:" && /(^|\.)s3[.-].*amazonaws\.com$/.test(host))
    return region === undefined ? {} : { region };
  return { endpoint: `${protocol}//${host}${pathname.replace(/\/+$/, "")}` };
}

/** Restic takes what follows `s3://` for a server, we for a bucket: what can only be a server is not mistaken. */
function refuseHosts(given: string, bucket: string): void {
  if (bucket.includes(":") || /\.amazonaws\.com$/i.test(bucket))
    throw refusal(given, `what follows s3:// is a bucket; with a server write s3:https://${bucket}/…`);
  if (isRegion(bucket)) throw refusal(given, `what follows s3:// is a bucket; with a region write s3:${bucket}/…`);
}

function isRegion(word: string): boolean {
  return /^(af|ap|ca|cn|eu|il|me|mx|sa|us)(-[a-z]+)+-\d$/.test(word);
}

function decode(given: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refusal(given, "write % as %25");
  }
}

function refusal(given: string, reason: string): BcatError {
  const shown = given.includes("@") ? "s3:…" : given;
  return new BcatError("usage", `Cannot use repository "${shown}": ${reason}`);
}
