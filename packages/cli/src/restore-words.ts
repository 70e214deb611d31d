/**
 * What the words of `bcat restore` ask for, in its own spelling and in restic's:
 *
 *     12 all /tmp/x                     what was backed up              12 --target /tmp/x        each root, full path
 *     12 /home/me/photos notes /tmp     entries under their names       12:/home/me --target x    what is in a folder
 *     12 /etc/fstab /tmp/fstab.old      a file under another name       12:/home/me /tmp/x        the same
 */
import { folderPath } from "@bcat/host";
import type { Wanted } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { snapshotPath, snapshotPathIn } from "./snapshot-path.js";
import { usageError } from "./usage.js";

export interface RestoreWords {
  readonly selector: string;
  readonly wanted: Wanted;
  /** Absolute; text of any bytes. */
  readonly target: string;
}

const form = "bcat restore <snapshot> <path>… <target>";

/** @throws BcatError usage */
export function readRestoreWords({
  operands,
  options,
  variables,
}: Pick<Context, "operands" | "options" | "variables">): RestoreWords {
  const [snapshot = "", ...words] = operands;
  const { selector, sub } = divideSnapshot(snapshot);
  const flag = options.text("target");
  const typed = flag ?? words.pop();
  if (typed === undefined)
    throw usageError(`Missing <path> and <target>: write ${form}, such as bcat restore ${selector} all /tmp/back`);
  if (words.length === 0 && flag === undefined && sub === undefined) throw oneWordMissing(selector, typed);
  const target = folderPath(typed, { what: "target", variables, withColon: true, ofBytes: true });
  // As with cp: what ends in a slash is a folder. That of --target always is, as with restic.
  const targetMayBeName = flag === undefined && !/(^|\/)\.{0,2}$/.test(typed);
  return { selector, wanted: wantedOf(words, { sub, targetMayBeName }), target };
}

/** The word may have been meant for either. */
function oneWordMissing(selector: string, typed: string) {
  if (typed === "all")
    return usageError(`Missing <target>: write ${form}, such as bcat restore ${selector} all /tmp/back`);
  const everything = `bcat restore ${selector} all ${typed}, or as with restic bcat restore ${selector} --target ${typed}`;
  return usageError(`Missing <target>: write ${form}; for everything into "${typed}": ${everything}`);
}

/** `12:/home/me` is a folder of snapshot 12. */
export function divideSnapshot(word: string): { readonly selector: string; readonly sub: string | undefined } {
  const colon = word.indexOf(":");
  if (colon < 0) return { selector: word, sub: undefined };
  const sub = word.slice(colon + 1);
  if (sub === "") throw usageError(`Cannot use "${word}": write a folder of the snapshot after the colon`);
  return { selector: word.slice(0, colon), sub };
}

interface Into {
  readonly sub: string | undefined;
  readonly targetMayBeName: boolean;
}

function wantedOf(words: readonly string[], { sub, targetMayBeName }: Into): Wanted {
  const [only, ...others] = words;
  if (only === undefined || (only === "all" && others.length === 0)) {
    if (sub !== undefined) return { contentsOf: snapshotPath(sub) };
    return only === undefined ? "full-paths" : "all";
  }
  if (words.includes("all"))
    throw usageError('Cannot restore "all" beside other paths: it is everything; an entry of that name is ./all');
  const paths = words.map((word) => (sub === undefined ? snapshotPath(word) : snapshotPathIn(sub, word)));
  return { paths, targetMayBeName: targetMayBeName && others.length === 0 };
}
