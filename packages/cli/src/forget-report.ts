/** What a policy keeps and forgets, for people and with restic's names. */
import type { ForgetGroup, FreedSpace, JudgedSnapshot } from "@bcat/snapshot";
import { formatBytes, formatItems, formatLocalTime } from "./format.js";
import { groupHeading } from "./group-heading.js";
import { pathsOrNull } from "./json.js";
import { quoteText } from "./quote.js";
import { type ScreenColumn, type ScreenRow, screenTable } from "./screen-table.js";
import { shortPaths } from "./short-paths.js";
import { snapshotFields } from "./snapshot-list.js";
import { formatNumbers } from "./snapshot-numbers.js";

const columns: readonly ScreenColumn[] = [
  { head: "#", isRight: true },
  { head: "date & time" },
  { head: "host", spare: 1 },
  { head: "tags", spare: 2 },
];
const reasons: ScreenColumn = { head: "reasons" };

/**
 * The tables of a group, as restic prints them: those that are kept with the reasons.
 *
 * @param width columns of the terminal, if it is one
 */
export function groupLines({ key, keep, remove }: ForgetGroup, width: number | undefined): string[] {
  return [...groupHeading(key), ...listLines("keep", keep, width), ...listLines("forget", remove, width), ""];
}

function listLines(action: string, infos: readonly JudgedSnapshot[], width: number | undefined): string[] {
  if (infos.length === 0) return [];
  const hasReasons = infos.some(({ reasons }) => reasons.length > 0);
  const rows = infos.flatMap((info) => {
    const [first = "", ...others] = info.reasons;
    return [rowOf(info, hasReasons ? [first] : []), ...others.map((reason) => ({ cells: ["", "", "", "", reason] }))];
  });
  const table = screenTable({ columns: hasReasons ? [...columns, reasons] : columns, last: "paths", rows }, width);
  return [`${action} ${formatItems(infos.length, "snapshot")}:`, ...table];
}

function rowOf({ number, snapshot }: JudgedSnapshot, reason: readonly string[]): ScreenRow {
  const cells = [
    String(number),
    formatLocalTime(snapshot.start),
    quoteText(snapshot.host),
    snapshot.tags.map(quoteText).join(","),
    ...reason,
  ];
  return { cells, last: (width) => [shortPaths(snapshot.roots, width)] };
}

/** An element of the array of `--json`. */
export function groupFields({ key, keep, remove }: ForgetGroup): object {
  return {
    tags: key.tags ?? null,
    host: key.host ?? "",
    ...pathsOrNull(key.paths),
    keep: keep.map((info) => snapshotFields(info)),
    remove: remove.map((info) => snapshotFields(info)),
    reasons: keep.map((info) => ({ snapshot: snapshotFields(info), matches: info.reasons })),
  };
}

/** What is said in the end, when nothing was changed. */
export function freedLines(
  numbers: readonly number[],
  { bytes, unread, openSessions }: FreedSpace,
  gone?: readonly number[],
): string[] {
  const waits =
    openSessions.length === 0
      ? ""
      : `, when ${openSessions.length === 1 ? "session" : "sessions"} ${formatNumbers(openSessions)} ${openSessions.length === 1 ? "has" : "have"} ended`;
  const unknown =
    unread.length === 0
      ? []
      : [`what snapshots ${formatNumbers(unread)} need could not be read: it is not counted, see bcat check`];
  if (numbers.length === 0) return [nothingLine(gone)];
  const freed =
    bytes === 0
      ? "would free nothing: what they need is needed by others"
      : `would free ${formatBytes(bytes)} with bcat prune: one run gives them up, the next one deletes them${waits}; of what lies among used data up to 5 % of all may stay (--max-unused)`;
  return [`would forget ${formatItems(numbers.length, "snapshot")}: ${formatNumbers(numbers)}`, freed, ...unknown];
}

/** @param gone those named that were forgotten before */
export function nothingLine(gone: readonly number[] = []): string {
  const were = gone.length === 1 ? "was" : "were";
  return gone.length === 0 ? "nothing to forget" : `nothing to forget: ${formatNumbers(gone)} ${were} forgotten before`;
}

export function forgottenLine(numbers: readonly number[]): string {
  const [needs, undo] =
    numbers.length === 1
      ? ["it needs", `bcat undelete ${numbers[0]} brings it back`]
      : ["they need", "bcat undelete brings them back"];
  return `forgot ${formatItems(numbers.length, "snapshot")}: ${formatNumbers(numbers)}; bcat prune frees what only ${needs}; until then, ${undo}`;
}
