/** What keeps a snapshot from being all that the source was: entries that could not be read, files that did not hold still. */
import type { SnapshotInfo } from "@bcat/snapshot";
import { sentence } from "./errors.js";
import { formatCount, formatItems } from "./format.js";
import { bytesField } from "./json.js";
import type { Output } from "./output.js";
import { quoteName } from "./quote.js";

const UNFINISHED = "it is partial, of a backup that did not end";

interface Counted {
  readonly complete: boolean;
  readonly counts: { readonly filesChangedWhileRead?: number };
  readonly errors: { readonly total: number };
}

/** Such as `partial`, `2 errors` and `1 changed`; none for a snapshot without. */
export function flawsOf({ complete, counts, errors }: Counted): string[] {
  const changed = counts.filesChangedWhileRead ?? 0;
  return [
    ...(complete ? [] : ["partial"]),
    ...(errors.total === 0 ? [] : [formatItems(errors.total, "error")]),
    ...(changed === 0 ? [] : [`${formatCount(changed)} changed`]),
  ];
}

/** A line on stderr below a listing, with `--json` a message. Nothing for a snapshot without flaws. */
export function printFlaws({ number, snapshot }: SnapshotInfo, output: Output): void {
  if (flawsOf(snapshot).length === 0) return;
  const { complete, errors, counts } = snapshot;
  const changed = counts.filesChangedWhileRead ?? 0;
  const words = [...(complete ? [] : [UNFINISHED]), ...errorsText(snapshot), ...changedText(changed)];
  const line = `snapshot ${number} is not all that was there: ${words.join("; ")}`;
  if (!output.json) {
    output.complain(line);
    return;
  }
  const listed = errors.first.map(({ path, message }) => ({ ...bytesField("item", path), message }));
  const fields = { error_count: errors.total, files_changed_while_read: changed, errors: listed };
  output.note(
    JSON.stringify({ message_type: "warning", code: "snapshot-flawed", warning: { message: line }, number, ...fields }),
  );
}

/** The same for who is given a partial one: of whole ones the flaws are in the listing. */
export function printPartial(info: SnapshotInfo, output: Output): void {
  if (!info.snapshot.complete && !output.quiet) printFlaws(info, output);
}

function errorsText({ errors }: SnapshotInfo["snapshot"]): string[] {
  if (errors.total === 0) return [];
  const [first] = errors.first;
  const named = first === undefined ? "" : `, the first at "${quoteName(first.path)}": ${sentence(first.message)}`;
  return [`${formatItems(errors.total, "error")}${named}`];
}

function changedText(changed: number): string[] {
  return changed === 0 ? [] : [`${formatItems(changed, "file")} changed while being read (ls -l marks them)`];
}
