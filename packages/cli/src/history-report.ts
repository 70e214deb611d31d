/** The versions of a path, for people and as JSON. */
import type { Deletion, HostHistory, Version } from "@bcat/snapshot";
import { isFolderNode, nodeFields, sizeOf } from "./entry.js";
import { formatBytes, formatLocalTime, formatTable, formatTimeMs } from "./format.js";
import { pathsField } from "./json.js";
import { quoteName, quoteText } from "./quote.js";

const heads = ["snapshots", "from", "size", "modified", "what"];
const right = new Set([0, 2]);

const changes: Readonly<Record<Version["change"], string>> = {
  new: "new",
  type: "another type",
  content: "other content",
  "content-unnoticed": "other content, though nothing else changed",
  metadata: "other metadata",
};

export function historyLines({ host, events }: HostHistory): string[] {
  return [`host ${quoteText(host)}:`, ...formatTable(heads, events.map(cellsOf), right)];
}

function cellsOf(event: Version | Deletion): string[] {
  const { number, snapshot } = event.first;
  const from = formatLocalTime(snapshot.start);
  if (event.kind === "deletion") return [String(number), from, "", "", `deleted${places("as", event.movedTo)}`];
  const { node, last, change, movedFrom } = event;
  const numbers = last.number === number ? String(number) : `${number}-${last.number}`;
  const size = isFolderNode(node) ? "" : formatBytes(sizeOf(node) ?? 0);
  const what = `${changes[change]}${places("was", movedFrom)}`;
  return [numbers, from, size, formatLocalTime(node.mtimeSeconds * 1000), what];
}

/** `; was /home/me/old.txt` */
function places(word: string, paths: readonly Uint8Array[]): string {
  return paths.length === 0 ? "" : `; ${word} ${paths.map(quoteName).join(" or ")}`;
}

export function historyFields({ host, events }: HostHistory): object {
  return { hostname: host, versions: events.map(fieldsOf) };
}

function fieldsOf(event: Version | Deletion): object {
  const { number, snapshot } = event.first;
  const head = { snapshot: String(number), time: formatTimeMs(snapshot.start) };
  if (event.kind === "deletion")
    return { change: "deleted", ...head, ...(event.movedTo.length > 0 && { moved_to: pathsField(event.movedTo) }) };
  const { last, count, change, movedFrom, node } = event;
  return {
    change: change.replace("-", "_"),
    ...head,
    last_snapshot: String(last.number),
    snapshots: count,
    ...nodeFields(node),
    ...(movedFrom.length > 0 && { moved_from: pathsField(movedFrom) }),
  };
}
