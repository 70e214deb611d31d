/**
 * Folders as typed that bcat makes if they are missing. What is nearly always a mistake must not become one: a backup
 * would then lie where nobody looks for it. What begins with `/`, `./` or `../` is always taken as it is, unless a line
 * break ends it.
 */
import { isAbsolute, join } from "node:path";
import { BcatError } from "@bcat/errors";
import { absolutePath, absoluteText } from "./absolute-path.js";
import { withoutCaps } from "./tahoe-cap.js";
import type { Variables } from "./variables.js";

export interface FolderPathOptions {
  /** For messages: "cache folder". */
  readonly what: string;
  readonly variables: Variables;
  /** A colon in the first component is no mistake: names with a time in them are common here. */
  readonly withColon?: boolean;
  /** It may be the text of any bytes (`textOfBytes`). */
  readonly ofBytes?: boolean;
}

/** The absolute path. @throws {BcatError} with code "usage" for what is no folder, saying what to write instead. */
export function folderPath(given: string, options: FolderPathOptions): string {
  if (/[\r\n]$/.test(given)) throw brokenLine(given, options.what);
  const mistake = /^\.{0,2}(\/|$)/.test(given) ? undefined : findMistake(given, options);
  if (mistake !== undefined) throw mistyped(given, mistake, options.what);
  return options.ofBytes === true ? absoluteText(given) : absolutePath(given);
}

function findMistake(given: string, { variables, withColon }: FolderPathOptions): string | undefined {
  if (given.trim() === "") return "it is blank; write the path of a folder";
  if (given.trim() !== given) return "it begins or ends with a blank; write it without";
  if (/^(["']).*\1$/.test(given)) return "no shell has taken its quotes off; write it without";
  const [first = ""] = given.split("/", 1);
  if (first.startsWith("~")) return `no shell has put a home folder in its place; write ${homePath(given, variables)}`;
  if (/^\$(\w+|\{.*\})/.test(first)) return "no shell has put the value of the variable in its place; write the path";
  if (/^[a-z]:$/i.test(first) || /^[a-z]:\\/i.test(first)) return "drives are of Windows; write the path it has here";
  if (first.includes("\\")) return "a backslash divides no folders here; write a slash";
  if (!first.includes(":")) return undefined;
  if (withColon === true && !given.startsWith(`${first}//`)) return undefined;
  return "what stands before the colon is no kind of place that this version knows; write the path of a folder";
}

/** What the shell would have made of `~` and `~/x`, as far as one knows. */
function homePath(given: string, { HOME = "" }: Variables): string {
  const isOwn = given === "~" || given.startsWith("~/");
  return isOwn && isAbsolute(HOME) ? join(HOME, given.slice(2)) : "the whole path";
}

function mistyped(given: string, mistake: string, what: string): BcatError {
  const shown = shownPlace(given);
  return new BcatError("usage", `Cannot use "${shown}" as the ${what}: ${mistake}, or ./${shown} for one of that name`);
}

/** Variables out of a file of Windows end so. */
function brokenLine(given: string, what: string): BcatError {
  const found =
    "it ends with a line break, as in a file of Windows; write it without, or file:///…%0D for one of that name";
  return new BcatError("usage", `Cannot use "${shownPlace(given.trimEnd())}" as the ${what}: ${found}`);
}

/** Without what may be a secret, as in `rest:https://me:secret@host/` and `me:secret@host/x`. */
export function shownPlace(given: string): string {
  const first = given.slice(0, given.indexOf(":") + 1);
  return first !== "" && /:.*@|\/\//.test(given) ? `${first}…` : withoutCaps(given);
}
