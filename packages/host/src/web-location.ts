/** Places whose spelling is a URL. What it says of a user and a password is kept apart, and never shown. */
import { createHash } from "node:crypto";
import { BcatError } from "@bcat/errors";
import type { Place } from "./place.js";

/** The web server that `given`, which begins with `http://` or `https://`, stands for. @throws {BcatError} "usage" */
export function locateWebServer(given: string): Place {
  const url = parseUrl(given);
  const credentials = credentialsOf(url);
  url.username = "";
  url.password = "";
  url.pathname = url.pathname.replace(/\/+$/, "");
  return { kind: "http", location: url.href.replace(/\/$/, ""), url, credentials };
}

/** What to write for a directory of a grid. */
export const tahoeForm =
  'write tahoe:http://127.0.0.1:3456/uri/URI:DIR2:…, which is the address of a gateway and the cap of a directory, as "tahoe mkdir" prints it';

/**
 * The directory of a Tahoe-LAFS grid that `given`, which begins with `tahoe:`, stands for. Whoever has its cap can do
 * everything with it: it is shown as a hash.
 *
 * @throws {BcatError} "usage"
 */
export function locateTahoe(given: string): Place {
  const spelling = given.slice("tahoe:".length);
  const refuse = (reason: string) => new BcatError("usage", `Cannot use the repository in "tahoe:…": ${reason}`);
  if (!/^https?:\/\//i.test(spelling) || !URL.canParse(spelling)) throw refuse(tahoeForm);
  const url = new URL(spelling);
  if (url.search !== "" || url.hash !== "" || url.username !== "") throw refuse(tahoeForm);
  url.pathname = url.pathname.replace(/%3A/gi, ":").replace(/\/+$/, "");
  if (!/^\/uri\/URI:DIR2(-[A-Z]+)*:[a-z2-7]+:[a-z2-7]+(\/[^/]+)*$/.test(url.pathname)) throw refuse(tahoeForm);
  const hash = createHash("sha256").update(url.pathname).digest("hex").slice(0, 8);
  return { kind: "tahoe", location: `tahoe:${url.origin} (directory ${hash})`, url };
}

/** A URL with a host, and nothing after its path. */
export function parseUrl(given: string): URL {
  const scheme = given.slice(0, given.indexOf(":"));
  const refuse = (reason: string) => new BcatError("usage", `Cannot use the repository in "${scheme}://…": ${reason}`);
  if (!URL.canParse(given)) throw refuse("it is no URL");
  const url = new URL(given);
  if (url.search !== "" || url.hash !== "") throw refuse("a repository has no ? and #; write them as %3F and %23");
  return url;
}

function credentialsOf({ username, password, protocol }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch (cause) {
    const message = `Cannot use the repository in "${protocol}//…": write % in its user or password as %25`;
    throw new BcatError("usage", message, { cause });
  }
}
