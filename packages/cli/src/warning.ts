/** What a backup or restore could not do, told while the run goes on. */

import { type MessageCode, showBytes } from "@bcat/errors";
import { withoutCaps } from "@bcat/host";
import { sentence } from "./errors.js";
import { bytesField } from "./json.js";
import type { Output } from "./output.js";
import { quoteName, quoteText } from "./quote.js";

export interface Warning {
  readonly path: Uint8Array;
  readonly message: string;
  /**
   * "changed": stored, but it changed whenever it was read; "skipped": left out on purpose, and no fault;
   * "note": nothing is missing that was asked for.
   */
  readonly kind: "error" | "changed" | "skipped" | "note";
  readonly code: MessageCode;
  readonly systemCode?: string | undefined;
  readonly count?: number;
}

/** What goes on; restic's words where it has one. */
export type Work = "archival" | "restore" | "dump" | "import" | "copy" | "search";

const verbs: Readonly<Record<Work, string>> = {
  archival: "cannot read",
  restore: "cannot restore",
  dump: "cannot dump",
  import: "cannot import",
  copy: "cannot copy",
  search: "cannot search",
};

/** Prints a line on stderr, with `--json` restic's message. `during` is restic's word for the work. */
export function printWarning(warning: Warning, during: Work, output: Output): void {
  const { path, message, kind, code, systemCode, count } = warning;
  if (kind === "note" && output.quiet) return;
  if (!output.json) {
    // What is left out on purpose is so on every run.
    if (output.quiet && kind === "skipped") return;
    output.complain(warningLine(warning, during));
    return;
  }
  const what = kind === "error" ? { error: { message } } : { warning: { message } };
  const type = kind === "error" ? "error" : "warning";
  const system = systemCode === undefined ? {} : { system_code: systemCode };
  const item = { ...bytesField("item", path), ...(count === undefined ? {} : { count }) };
  output.note(JSON.stringify({ message_type: type, code, ...system, ...what, during, ...item }));
}

/** Prints a line on stderr about the run as a whole. */
export function printNotice(given: string, code: MessageCode, output: Output): void {
  const line = showBytes(withoutCaps(given));
  if (output.json) output.note(JSON.stringify({ message_type: "warning", code, warning: { message: line } }));
  else output.complain(quoteText(line));
}

function warningLine({ path, message, kind, code }: Warning, during: Work): string {
  // A whole sentence that names the path needs nothing before it.
  if (message.startsWith("Cannot ") && message.includes(`"${quoteName(path)}"`)) return sentence(message);
  const verb = code === "not-deleted" ? "kept" : verbs[during];
  const said = kind === "error" ? verb : kind === "note" ? "note on" : kind;
  return `${said} "${quoteName(path)}": ${sentence(message)}`;
}
