/** Why a path is, or is not, in the backup: for people, and as the message `explanation` of `--json`. */

import { bytesOfText } from "@bcat/errors";
import type { Explanation, LastSnapshot, Origin, Reason } from "@bcat/snapshot";
import { formatBytes, formatLocalTime, formatTimeMs } from "./format.js";
import { bytesField, pathsField } from "./json.js";
import { quoteName, quoteText } from "./quote.js";

export interface Explained {
  readonly path: Uint8Array;
  readonly host: string;
  readonly explanation: Explanation;
  readonly sources: readonly Uint8Array[];
  /** The snapshot whose sources these are, where they were not named. */
  readonly from: number | undefined;
  readonly last: LastSnapshot;
}

export function explanationLines({ path, host, explanation, from, sources, last }: Explained): string[] {
  const { isIncluded, reason, at } = explanation;
  const isItself = Buffer.compare(at, path) === 0;
  const by = isItself ? "" : `"${quoteName(at)}": `;
  const about = isIncluded ? "is backed up" : "is not backed up";
  const asked =
    from === undefined
      ? sources.length === 0
        ? [`no snapshot of ${quoteText(host)} has it in a source; to ask about other sources, name them after the path`]
        : []
      : [`with the sources of snapshot ${from}: ${sources.map((source) => `"${quoteName(source)}"`).join(", ")}`];
  return [`"${quoteName(path)}" ${about}: ${by}${describe(reason, isItself)}`, ...asked, lastLine(last, host)];
}

function lastLine({ info, isCut }: LastSnapshot, host: string): string {
  if (info !== undefined)
    return `last in snapshot ${info.number} of ${quoteText(host)}, ${formatLocalTime(info.snapshot.start)}`;
  return isCut ? `in none of the newest snapshots of ${quoteText(host)}` : `in no snapshot of ${quoteText(host)}`;
}

function describe(reason: Reason, isItself: boolean): string {
  switch (reason.kind) {
    case "outside":
      return "it lies in no source";
    case "source":
      return "it is named as a source";
    case "above-source":
      return "it is a folder above a source, of which no more is kept than what leads there";
    case "kept":
      return "it lies in a source, and nothing leaves it out";
    case "taken-back":
      return `${pattern(reason.rule.text, reason.rule.origin)} takes it back`;
    case "pattern":
      return `${pattern(reason.text, reason.origin)} leaves it out`;
    case "tag":
      return `${reason.flag}: its folder is marked by "${quoteName(reason.name)}"`;
    case "size":
      return `--exclude-larger-than: it has more than ${formatBytes(reason.sizeMax)}`;
    case "file-system":
      return `--one-file-system: another file system is mounted ${isItself ? "as it" : "there"}`;
    case "own-folder":
      return "it belongs to the repository";
    case "unreadable":
      return reason.message;
    // Nobody can say so on a command line.
    case "unwanted":
      return "it was not asked for";
  }
}

function pattern(text: string, { flag, file, line }: Origin): string {
  const where = file === undefined ? (flag ?? "") : `${quoteName(file)}, line ${line}`;
  return `pattern "${quoteText(text)}" (${where})`;
}

export function explanationMessage({ path, host, explanation, from, sources, last }: Explained): object {
  const { isIncluded, reason, at } = explanation;
  const { info } = last;
  return {
    message_type: "explanation",
    ...bytesField("path", path),
    included: isIncluded,
    reason: reason.kind,
    ...bytesField("at", at),
    ...reasonFields(reason),
    hostname: host,
    ...pathsField(sources),
    ...(from === undefined ? {} : { sources_of: from }),
    ...(info === undefined
      ? {}
      : { last_snapshot: info.number, last_snapshot_time: formatTimeMs(info.snapshot.start) }),
  };
}

function reasonFields(reason: Reason): object {
  switch (reason.kind) {
    case "taken-back":
      return patternFields(reason.rule.text, reason.rule.origin);
    case "pattern":
      return patternFields(reason.text, reason.origin);
    case "tag":
      return { flag: reason.flag, ...bytesField("tag", reason.name) };
    case "size":
      return { flag: "--exclude-larger-than", size_max: reason.sizeMax };
    case "file-system":
      return { flag: "--one-file-system" };
    case "unreadable":
      return { message: reason.message };
    default:
      return {};
  }
}

function patternFields(text: string, { flag, file, line }: Origin): object {
  return {
    ...bytesField("pattern", bytesOfText(text)),
    ...(file === undefined ? { flag } : { ...bytesField("file", file), line }),
  };
}
