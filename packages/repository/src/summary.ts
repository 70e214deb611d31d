/**
 * What a client remembers of each snapshot, so that listing them and finding a parent reads no outcome twice: all but
 * its nodes, its scans and the list of its errors. Encoded for the manifest only; texts that many share are there once.
 *
 *     varint number ‖ u8 flags: 1 complete, 2 has a parent, 4 settled, 8 files changed, 16 has an original of this
 *     repository, 32 its time was said, 64 is a copy ‖ [varint parent] ‖ time start ‖ time end ‖ varint log head ‖
 *     ids of zone, host, user, version, client id ‖ lists of ids: paths of roots, tags, excludes, options ‖
 *     list of varint: counts ‖ varint errors ‖ [varint files that changed while they were read] ‖ [varint original]
 *     ‖ [id of the repository that it was copied from ‖ varint place there]
 *     id: varint index in the table of texts; list: varint n ‖ …
 */
import type { ByteReader, ByteWriter } from "@bcat/codec";
import { type Counts, countNames } from "./bodies/counts.js";
import type { Original, Snapshot } from "./bodies/snapshot.js";

export interface SnapshotSummary
  extends Omit<Snapshot, "roots" | "errors" | "seen" | "original" | "parents" | "counts"> {
  readonly roots: readonly { readonly path: Uint8Array }[];
  readonly counts: Omit<Counts, "later">;
  readonly errors: { readonly total: number };
  /** Number of the snapshot of this repository whose place it has: the one that it was made from. */
  readonly originalNumber?: number;
  /** Of a copy: where it stood. */
  readonly copied?: PlaceElsewhere;
}

export interface PlaceElsewhere {
  /** Id, 16 bytes. */
  readonly repository: Uint8Array;
  /** The order in which the snapshots there were made. */
  readonly number: number;
}

const COMPLETE = 1;
const HAS_PARENT = 2;
const SETTLED = 4;
const HAS_CHANGED = 8;
const HAS_ORIGINAL = 16;
const TIME_SAID = 32;
const COPIED = 64;

export function summarise(snapshot: Snapshot): SnapshotSummary {
  const { roots, errors, seen: _seen, original, parents: _parents, counts, ...rest } = snapshot;
  const { later: _later, ...named } = counts;
  return {
    ...rest,
    roots: roots.map(({ path }) => ({ path: path.slice() })),
    counts: named,
    errors: { total: errors.total },
    ...placeOf(original),
    ...placeElsewhere(original),
  };
}

function placeOf(original: Original | undefined): { readonly originalNumber?: number } {
  const number = original?.repository === undefined ? original?.number : original.place;
  return number === undefined ? {} : { originalNumber: number };
}

function placeElsewhere(original: Original | undefined): { readonly copied?: PlaceElsewhere } {
  if (original?.repository === undefined) return {};
  return { copied: { repository: original.repository.slice(), number: original.placeThere ?? original.number } };
}

/** Byte strings, each once; their indices stand for them. */
export class TextTable {
  readonly texts: Uint8Array[];
  readonly #ids = new Map<string, number>();

  constructor(texts: readonly Uint8Array[] = []) {
    this.texts = [...texts];
  }

  idOf(text: Uint8Array): number {
    const key = Buffer.from(text).toString("latin1");
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.texts.push(text) - 1;
      this.#ids.set(key, id);
    }
    return id;
  }
}

export function writeSummary(writer: ByteWriter, number: number, summary: SnapshotSummary, table: TextTable): void {
  const writeId = (text: Uint8Array | string) =>
    writer.varint(table.idOf(typeof text === "string" ? Buffer.from(text) : text));
  const writeIds = (texts: readonly (Uint8Array | string)[]) => {
    writer.varint(texts.length);
    texts.forEach(writeId);
  };
  const { parent } = summary;
  writer.varint(number);
  const changed = summary.counts.filesChangedWhileRead ?? 0;
  writer.u8(flagsOf(summary));
  if (parent !== undefined) writer.varint(parent);
  writer.time(summary.start);
  writer.time(summary.end);
  writer.varint(summary.logHead);
  for (const text of [summary.zone, summary.host, summary.user, summary.version, summary.clientId]) writeId(text);
  writeIds(summary.roots.map(({ path }) => path));
  for (const texts of [summary.tags, summary.excludes, summary.options]) writeIds(texts);
  for (const name of countNames) writer.varint(summary.counts[name]);
  writer.varint(summary.errors.total);
  if (changed !== 0) writer.varint(changed);
  const { originalNumber, copied } = summary;
  if (originalNumber !== undefined) writer.varint(originalNumber);
  if (copied === undefined) return;
  writeId(copied.repository);
  writer.varint(copied.number);
}

function flagsOf({ complete, parent, isSettled, isTimeSaid, counts, originalNumber, copied }: SnapshotSummary): number {
  return (
    (complete ? COMPLETE : 0) |
    (parent === undefined ? 0 : HAS_PARENT) |
    (isSettled === true ? SETTLED : 0) |
    ((counts.filesChangedWhileRead ?? 0) === 0 ? 0 : HAS_CHANGED) |
    (originalNumber === undefined ? 0 : HAS_ORIGINAL) |
    (isTimeSaid === true ? TIME_SAID : 0) |
    (copied === undefined ? 0 : COPIED)
  );
}

/** @throws CorruptError */
export function readSummary(reader: ByteReader, table: TextTable): [number: number, summary: SnapshotSummary] {
  const readId = (): Uint8Array => {
    const text = table.texts[reader.varint()];
    if (text === undefined) throw reader.corrupt("a summary names a text that is not in the table");
    return text;
  };
  const readText = () => Buffer.from(readId()).toString();
  const readIds = <T>(read: () => T): T[] => {
    const length = reader.varint();
    if (length > reader.remaining) throw reader.corrupt(`a list of ${length} texts`);
    return Array.from({ length }, read);
  };
  const number = reader.varint();
  const flags = reader.u8();
  const parent = (flags & HAS_PARENT) === 0 ? {} : { parent: reader.varint() };
  const summary = {
    complete: (flags & COMPLETE) !== 0,
    ...parent,
    ...((flags & SETTLED) !== 0 && { isSettled: true }),
    ...((flags & TIME_SAID) !== 0 && { isTimeSaid: true }),
    start: reader.time(),
    end: reader.time(),
    logHead: reader.varint(),
    zone: readText(),
    host: readText(),
    user: readText(),
    version: readText(),
    clientId: readId(),
    roots: readIds(() => ({ path: readId() })),
    tags: readIds(readText),
    excludes: readIds(readText),
    options: readIds(readText),
    counts: readCounts(reader),
    errors: { total: reader.varint() },
  };
  const changed = (flags & HAS_CHANGED) === 0 ? {} : { filesChangedWhileRead: reader.varint() };
  const original = (flags & HAS_ORIGINAL) === 0 ? {} : { originalNumber: reader.varint() };
  const copied = (flags & COPIED) === 0 ? {} : { copied: { repository: readId(), number: reader.varint() } };
  return [number, { ...summary, counts: { ...summary.counts, ...changed }, ...original, ...copied }];
}

function readCounts(reader: ByteReader): SnapshotSummary["counts"] {
  const entries = countNames.map((name) => [name, reader.varint()] as const);
  return Object.fromEntries(entries) as Record<(typeof countNames)[number], number>;
}
