/** The versions of a path, for people and as JSON. */
import type { Deletion, HostHistory, Version } from "@bcat/snapshot";
import { isFolderNode, nodeFields, sizeOf } from "./entry.js";
import { formatBytes, formatLocalTime, formatTimeMs } from "./format.js";
import { pathsField } from "./json.js";
import { quoteName, quoteText } from "./quote.js";
import { foldWords, type ScreenColumn, type ScreenRow, screenTable } from "./screen-table.js";

const columns: readonly ScreenColumn[] = [
  { head: "snapshots", isRight: true },
  { head: "from", spare: 2 },
  { head: "size", isRight: true, spare: 1 },
  { head: "modified", spare: 3 },
];

const changes: Readonly<Record<Version["change"], string>> = {
  new: "new",
  type: "another type",
  content: "other content",
  "content-unnoticed": "other content, though nothing else changed",
  metadata: "other metadata",
};

/** @param width columns of the terminal, if it is one */
export function historyLines({ host, events }: HostHistory, width: number | undefined): string[] {
  return [`host ${quoteText(host)}:`, ...screenTable({ columns, last: "what", rows: events.map(rowOf) }, width)];
}

function rowOf(event: Version | Deletion): ScreenRow {
  const { number, snapshot } = event.first;
  const from = formatLocalTime(snapshot.start);
  if (event.kind === "deletion")
    return {
      cells: [String(number), from, "", ""],
      last: (width) => foldWords(`deleted${places("as", event.movedTo)}`, width),
    };
  const { node, last, change, movedFrom } = event;
  const numbers = last.number === number ? String(number) : `${number}-${last.number}`;
  const size = isFolderNode(node) ? "" : formatBytes(sizeOf(node) ?? 0);
  const what = `${changes[change]}${places("was", movedFrom)}`;
  const cells = [numbers, from, size, formatLocalTime(node.mtimeSeconds * 1000)];
  return { cells, last: (width) => foldWords(what, width) };
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
