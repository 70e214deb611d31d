/** Snapshots in a listing, for people and with restic's names. */
import type { ListedSnapshot } from "@bcat/snapshot";
import { formatBytes, formatCount, formatList, formatLocalTime, formatTable, formatTimeMs } from "./format.js";
import { pathsField } from "./json.js";
import { quoteName, quoteText } from "./quote.js";
import { flawsOf } from "./snapshot-flaws.js";
import { type PinNote, pinCell } from "./snapshot-marks.js";
import type { TimeThere } from "./time-there.js";

const heads = ["#", "date & time", "host", "paths", "files", "size", "added"];
/** Columns of numbers. */
const right = new Set([0, 4, 5, 6]);

/** Characters of a list of paths: what is longer would make a line of every snapshot that no screen holds. */
const PATHS_WIDTH_MAX = 60;

export interface TableOptions {
  /** Shows all paths, one a line. */
  readonly allPaths?: boolean;
  readonly pinNote?: PinNote;
  /** The snapshot that stands in the place of one. */
  readonly successor?: (number: number) => number | undefined;
  readonly timeThere?: TimeThere;
}

/** For what is no terminal: a line each, with columns of tags, of what is pinned and of what they lack, when there are any. */
export function snapshotTable(infos: readonly ListedSnapshot[], options: TableOptions = {}): string[] {
  const {
    allPaths = false,
    pinNote = () => undefined,
    successor = () => undefined,
    timeThere = () => undefined,
  } = options;
  const there = ({ snapshot }: ListedSnapshot) => timeThere(snapshot.zone, snapshot.start);
  const abroad = infos.some((info) => there(info) !== undefined);
  const replaced = infos.some(({ number }) => successor(number) !== undefined);
  const pinned = infos.some(({ number }) => pinNote(number) !== undefined);
  const tagged = infos.some(({ snapshot }) => snapshot.tags.length > 0);
  const faulty = infos.some(({ snapshot }) => flawsOf(snapshot).length > 0);
  const rows = infos.flatMap((info) => {
    const paths = info.snapshot.roots.map(({ path }) => quoteName(path));
    const [first = "", ...others] = allPaths ? paths : [formatList(paths, PATHS_WIDTH_MAX)];
    const cells = [
      ...row(info, first),
      ...(tagged ? [info.snapshot.tags.map(quoteText).join(",")] : []),
      ...(pinned ? [pinCell(pinNote(info.number))] : []),
      ...(faulty ? [flawsOf(info.snapshot).join(", ")] : []),
      ...(replaced ? [successor(info.number)?.toString() ?? ""] : []),
      ...(abroad ? [there(info) ?? ""] : []),
    ];
    return [cells, ...others.map((path) => ["", "", "", path])];
  });
  const columns = [
    ...heads,
    ...(tagged ? ["tags"] : []),
    ...(pinned ? ["pinned"] : []),
    ...(faulty ? ["flaws"] : []),
    ...(replaced ? ["is now"] : []),
    ...(abroad ? ["there"] : []),
  ];
  return formatTable(columns, rows, right, PATHS_WIDTH_MAX);
}

function row({ number, snapshot }: ListedSnapshot, paths: string): string[] {
  return [
    String(number),
    formatLocalTime(snapshot.start),
    quoteText(snapshot.host),
    paths,
    formatCount(snapshot.counts.files),
    formatBytes(snapshot.counts.bytes),
    formatBytes(snapshot.counts.storedBytesAdded),
  ];
}

/** An element of the array of `--json`. */
export function snapshotFields({ number, snapshot }: ListedSnapshot, pinNote?: PinNote): object {
  const note = pinNote?.(number);
  const { parent, originalNumber, tags, excludes, options } = snapshot;
  return {
    time: formatTimeMs(snapshot.start),
    ...(parent === undefined ? {} : { parent: String(parent) }),
    ...pathsField(snapshot.roots.map(({ path }) => path)),
    hostname: snapshot.host,
    username: snapshot.user,
    ...(excludes.length === 0 ? {} : { excludes }),
    ...(options.length === 0 ? {} : { options }),
    ...(tags.length === 0 ? {} : { tags }),
    program_version: snapshot.version,
    summary: summaryFields(snapshot),
    id: String(number),
    short_id: String(number),
    number,
    complete: snapshot.complete,
    has_flaws: flawsOf(snapshot).length > 0,
    ...(originalNumber === undefined ? {} : { original: String(originalNumber) }),
    ...(note === undefined ? {} : { pinned: true, ...(note === "" ? {} : { pin_note: note }) }),
  };
}

function summaryFields({ counts, start, end, errors }: ListedSnapshot["snapshot"]): object {
  return {
    backup_start: formatTimeMs(start),
    backup_end: formatTimeMs(end),
    files_new: counts.filesNew,
    files_changed: counts.filesChanged,
    files_unmodified: counts.filesUnmodified,
    dirs_new: counts.directoriesNew,
    dirs_changed: counts.directoriesChanged,
    dirs_unmodified: counts.directoriesUnmodified,
    data_blobs: counts.dataChunksAdded,
    tree_blobs: counts.treeChunksAdded,
    data_added: counts.plainBytesAdded,
    data_added_packed: counts.storedBytesAdded,
    total_files_processed: counts.files,
    total_bytes_processed: counts.bytes,
    error_count: errors.total,
    files_changed_while_read: counts.filesChangedWhileRead ?? 0,
  };
}
