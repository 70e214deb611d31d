/**
 * From what a user names to a place: a folder, as a path or a `file:///` URL, a bucket, a web server to read from, or a
 * directory of a Tahoe-LAFS grid. Other spellings are known only to be refused.
 */
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BcatError } from "@bcat/errors";
import { absolutePath } from "./absolute-path.js";
import { folderPath } from "./folder-path.js";
import type { Place } from "./place.js";
import type { PlaceOptions } from "./place-options.js";
import { locateS3 } from "./s3-location.js";
import { shownCap } from "./tahoe-cap.js";
import type { Variables } from "./variables.js";
import { locateTahoe, locateWebServer, tahoeForm } from "./web-location.js";

/** Storages that restic, or a later bcat, knows by these first words. */
const otherSchemes = /^(sftp|ssh|rest|rclone|b2|azure|gs|swift|https?|webdavs?)(\+[a-z0-9]+)?:/i;
const anyScheme = /^[a-z][a-z0-9+.-]*:\/\//i;
/** Of buckets, as `s3.eu-central-1.amazonaws.com` and `s3.us-west-002.backblazeb2.com`. */
const hostOfS3 = /^([a-z0-9-]+\.)*s3[.-][a-z0-9.-]+\.[a-z]{2,}(?=\/|$)/i;
const schemeWithoutColon = /^(s3|https?|file|tahoe|postgres(?:ql)?|sftp|rest|b2|gs)\/\//i;

/**
 * The place that `given`, what the user named if anything, stands for. Nothing is touched.
 *
 * @throws {BcatError} with code "usage" for what is no place, or when there is no home to put the default into.
 */
export function locateRepository(
  given: string | undefined,
  variables: Variables,
  options: PlaceOptions & { readonly what?: "repository" | "registers" } = {},
): Place {
  const { what = "repository" } = options;
  if (given === undefined) return folder(defaultRepository(variables));
  refuseCap(given);
  if (/^s3:/i.test(given)) return locateS3(given, options.s3?.endpoint, variables);
  if (/^file:/i.test(given)) return folder(pathOfUrl(given));
  if (given.startsWith("local:"))
    return folder(folderPath(given.slice("local:".length), { what, variables, withColon: true }));
  if (/^https?:\/\//i.test(given)) return locateWebServer(given);
  if (/^tahoe:/i.test(given)) return locateTahoe(given);
  if (otherSchemes.test(given) || anyScheme.test(given)) throw unknownPlace(given.slice(0, given.indexOf(":")), what);
  const [, scheme] = schemeWithoutColon.exec(given) ?? [];
  if (scheme !== undefined)
    throw new BcatError(
      "usage",
      `Cannot use "${scheme}//…" as the ${what}: the colon is missing; write ${scheme}://…, or ./${scheme}/… for a folder of that name`,
    );
  if (hostOfS3.test(given))
    throw new BcatError(
      "usage",
      `Cannot use "${given}" as the ${what}: it is the address of a bucket; write s3:${given}, or ./${given} for a folder of that name`,
    );
  return folder(folderPath(given, { what, variables }));
}

function unknownPlace(scheme: string, what: "repository" | "registers"): BcatError {
  const [subject, way] = {
    repository: ["a repository", wayTo(scheme)],
    registers: ["registers", "write postgres://user@host/database, or name a folder"],
  }[what];
  const isWeb = /^https?$/i.test(scheme);
  const found = isWeb ? `two slashes are missing; write ${scheme}://…` : `not supported by this version; ${way}`;
  return new BcatError(
    "usage",
    `Cannot use ${subject} in "${scheme}:…": ${found}, or ./${scheme}:… for one of that name`,
  );
}

/** How what lies in such a storage can be named here. */
function wayTo(scheme: string): string {
  const mounted = (by: string) => `mount it (${by}) and name the folder`;
  if (/^(sftp|ssh)/i.test(scheme)) return mounted("sshfs");
  if (/^(b2|gs|swift)$/i.test(scheme))
    return `name its S3 address, s3:https://host/bucket/prefix, or ${mounted("rclone mount")}`;
  if (/^(rclone|azure|webdavs?)/i.test(scheme)) return mounted("rclone mount");
  return /^rest/i.test(scheme) ? "name a folder, or https://… to read from a web server" : "name a folder";
}

/** A cap that lacks its `tahoe:` is never a folder, unless it is written as one; and no message may repeat it. */
function refuseCap(given: string): void {
  const shown = /^(tahoe:|file:|\.{1,2}\/|\/(?!uri\/))/i.test(given) ? undefined : shownCap(given);
  if (shown === undefined) return;
  const found = "it is a cap of Tahoe-LAFS, which is a secret";
  throw new BcatError("usage", `Cannot use "${shown}" as the repository: ${found}; ${tahoeForm}`);
}

function folder(path: string): Place {
  return { kind: "folder", location: path, path };
}

function defaultRepository(variables: Variables): string {
  const base = baseDirectory("XDG_DATA_HOME", ".local/share", variables);
  if (typeof base === "string") return join(base, "bcat");
  throw new BcatError("usage", `Cannot find the default repository: ${base.found}; name one with --repo`);
}

/** Why there is no home. */
export interface NoHome {
  /** `HOME is not set` */
  readonly found: string;
}

/**
 * A folder of the XDG base directory specification, which says that a relative one is to be ignored. A home that is not
 * there is none: it would be made, in a place that nobody looks at.
 */
export function baseDirectory(
  name: "XDG_DATA_HOME" | "XDG_CACHE_HOME",
  fallback: string,
  variables: Variables,
): string | NoHome {
  const named = variables[name];
  if (named !== undefined && isAbsolute(named)) return named;
  const home = variables.HOME ?? "";
  if (home === "") return { found: "HOME is not set" };
  if (!isAbsolute(home)) return { found: `HOME is "${home}", which is no absolute path` };
  if (!existsSync(home)) return { found: `HOME is "${home}", which is not there` };
  return join(home, fallback);
}

function pathOfUrl(given: string): string {
  try {
    if (!/^file:\/\/(localhost)?\//i.test(given)) throw new TypeError("it must begin with file:///");
    const url = new URL(given);
    if (url.search !== "" || url.hash !== "") throw new TypeError("write ? and # as %3F and %23");
    const path = fileURLToPath(url);
    if (path.includes("\0")) throw new TypeError("it holds a NUL byte");
    return absolutePath(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BcatError("usage", `Cannot use repository "${given}": ${reason}`, { cause });
  }
}
