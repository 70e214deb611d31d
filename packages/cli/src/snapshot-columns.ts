/** The columns of a list of snapshots on a terminal, and which of them are given up first. */
import type { ListedSnapshot } from "@bcat/snapshot";
import { formatBytes, formatCount, formatLocalTime } from "./format.js";
import { quoteText } from "./quote.js";
import { flawsOf } from "./snapshot-flaws.js";
import type { TableOptions } from "./snapshot-list.js";
import { lettersOf, pinCell } from "./snapshot-marks.js";
import { cutEnd } from "./text-width.js";

export interface Column {
  readonly head: string;
  readonly cell: (info: ListedSnapshot) => string;
  readonly isRight?: boolean;
  /** Not shown where no snapshot has anything in it. */
  readonly mayBeMissing?: boolean;
}

/** The head of the column of letters. */
export const MARKS = "!";
/** Columns of what somebody has typed: hosts, tags, notes. */
const WORDS_WIDTH_MAX = 30;
const SHORT_HOST_WIDTH_MAX = 12;

const words = (text: string) => cutEnd(text, WORDS_WIDTH_MAX);
const number: Column = { head: "#", cell: (info) => String(info.number), isRight: true };
const time: Column = { head: "date & time", cell: ({ snapshot }) => formatLocalTime(snapshot.start) };
const minute: Column = { ...time, cell: ({ snapshot }) => formatLocalTime(snapshot.start).replace(/:\d\d$/, "") };
const host: Column = { head: "host", cell: ({ snapshot }) => words(quoteText(snapshot.host)) };
const shortHost: Column = { ...host, cell: ({ snapshot }) => cutEnd(quoteText(snapshot.host), SHORT_HOST_WIDTH_MAX) };
const tags: Column = {
  head: "tags",
  cell: ({ snapshot }) => words(snapshot.tags.map(quoteText).join(",")),
  mayBeMissing: true,
};
const flaws: Column = { head: "flaws", cell: ({ snapshot }) => flawsOf(snapshot).join(", "), mayBeMissing: true };
const files: Column = { head: "files", cell: ({ snapshot }) => formatCount(snapshot.counts.files), isRight: true };
const size: Column = { head: "size", cell: ({ snapshot }) => formatBytes(snapshot.counts.bytes), isRight: true };
const added: Column = {
  head: "added",
  cell: ({ snapshot }) => formatBytes(snapshot.counts.storedBytesAdded),
  isRight: true,
};

/** From all columns to the fewest. */
export function columnSets(options: TableOptions & { readonly compact?: boolean }): Column[][] {
  const { pinNote = () => undefined, successor = () => undefined, timeThere, compact = false } = options;
  const pinned: Column = { head: "pinned", cell: (info) => words(pinCell(pinNote(info.number))), mayBeMissing: true };
  const letters: Column = { head: MARKS, cell: (info) => lettersOf(info, pinNote), mayBeMissing: true };
  const isNow: Column = { head: "is now", cell: (info) => String(successor(info.number) ?? ""), mayBeMissing: true };
  const there: Column = {
    head: "there",
    cell: ({ snapshot }) => timeThere?.(snapshot.zone, snapshot.start) ?? "",
    mayBeMissing: true,
  };
  return [
    [number, time, there, host, tags, pinned, flaws, isNow, ...(compact ? [size] : [files, size, added])],
    [number, time, there, host, tags, pinned, flaws, isNow, size],
    [number, time, there, host, tags, letters, isNow, size],
    [number, minute, host, tags, letters, isNow, size],
    [number, minute, host, letters, isNow, size],
    [number, minute, host, letters, isNow],
    [number, minute, shortHost, letters, isNow],
    [number, minute, letters, isNow],
  ];
}
