/** Places whose spelling is a URL. What it says of a user and a password is kept apart, and never shown. */
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

/** A URL with a host, and nothing after its path. */
export function parseUrl(given: string): URL {
  const scheme = given.slice(0, given.indexOf(":"));
  const refuse = (reason: string) => new BcatError("usage", `Cannot use the repository at "${scheme}://…": ${reason}`);
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
    const message = `Cannot use the repository at "${protocol}//…": write % in its user or password as %25`;
    throw new BcatError("usage", message, { cause });
  }
}
