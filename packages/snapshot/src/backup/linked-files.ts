/**
 * Files with several names (hard links): read under the first name that comes, and counted there; the others wait for it
 * and get what it got. A file is forgotten when all its names have come, so that what is kept are those with names
 * elsewhere.
 */
import type { Stat } from "@bcat/posix";
import type { Attribute } from "../tree/node.js";
import type { BatchedFile } from "./contents/file-batch.js";
import type { EntryTable } from "./entry-table.js";

/** Files kept at once, up to 1 KB each. Names of more are read and counted one by one. */
const FILES_MAX = 2 ** 16;

interface LinkedFile {
  namesLeft: number;
  isCounted: boolean;
  isReading: boolean;
  /** Names that wait for the one that is being read. */
  waiting: BatchedFile[];
  found: FoundFile | undefined;
}

/** What a name got. */
export interface FoundFile {
  readonly stat: Stat;
  /** Encoded. */
  readonly content: Uint8Array;
  readonly change: Change;
  /** It changes still: the next backup is to read it again. */
  readonly isUnsettled: boolean;
  /** It changed whenever it was read. */
  readonly hasChanged: boolean;
  /** It has extended attributes: these, or they are to be read yet. */
  readonly hasAttributes: boolean;
  readonly hasHoles: boolean;
  /** Undefined when they are to be read yet. */
  readonly inodeFlags: number | undefined;
  readonly attributes: Attribute[] | undefined;
}

export type Change = "new" | "changed" | "unmodified";

export class LinkedFiles {
  readonly #files = new Map<string, LinkedFile>();
  /** Has a name read by itself after all: the one that it waited for could not be. Set by whoever reads. */
  readAgain: (file: BatchedFile) => void = () => {
    throw new Error("Cannot read a file again: nobody reads");
  };

  /** True when the name of a row is the first of its file that is counted. */
  counts(table: EntryTable, row: number): boolean {
    const key = keyOf(table, row);
    const file = key === undefined ? undefined : this.#take(key, table.columns.links[row]!);
    if (key === undefined || file === undefined) return true;
    const isFirst = !file.isCounted;
    file.isCounted = true;
    file.namesLeft--;
    if (file.namesLeft <= 0 && file.waiting.length === 0) this.#files.delete(key);
    return isFirst;
  }

  /**
   * True when another name of the file is being read, and this one waits for it: its visit has one more pending. What
   * another name has got already is given to `found`. Otherwise this name is the one to be read.
   */
  follows({ visit, row }: BatchedFile, found: (file: FoundFile) => void): boolean {
    const { table } = visit;
    const key = keyOf(table, row);
    const file = key === undefined ? undefined : this.#take(key, table.columns.links[row]!);
    if (file === undefined) return false;
    if (file.found !== undefined && isLike(file.found.stat, table, row)) {
      found(file.found);
      return true;
    }
    if (!file.isReading) {
      file.isReading = true;
      return false;
    }
    visit.pending++;
    file.waiting.push({ visit, row });
    return true;
  }

  /** What a name's file is known by here, for {@link settle}: to be asked for before what was found is in the row. */
  keyOf(table: EntryTable, row: number): string | undefined {
    return keyOf(table, row);
  }

  /** A name has got its content: those that wait for it are given it too, by `give`. */
  settle(
    key: string,
    name: BatchedFile,
    got: Pick<FoundFile, "change" | "isUnsettled" | "hasChanged">,
    give: (name: BatchedFile, file: FoundFile) => void,
  ): void {
    const file = this.#files.get(key);
    if (file === undefined) return;
    const { table, payloads, attributes, flags } = name.visit;
    // Meanwhile another file may have taken the name.
    if (keyOf(table, name.row) !== key) {
      this.#giveUp(file);
      return;
    }
    file.isReading = false;
    file.found = {
      ...got,
      stat: table.stat(name.row),
      content: payloads.get(name.row).slice(),
      hasAttributes: table.columns.attributes[name.row] === 1,
      hasHoles: table.columns.holes[name.row] === 1,
      inodeFlags: flags.get(name.row) ?? (table.columns.attributes[name.row] === 1 ? undefined : 0),
      attributes: attributes.get(name.row),
    };
    const { waiting, found } = file;
    file.waiting = [];
    for (const other of waiting) {
      if (isLike(found.stat, other.visit.table, other.row)) {
        give(other, found);
        other.visit.pending--;
      } else this.readAgain(other);
    }
  }

  /** A name could not be read: each of those that wait for it is read by itself. */
  fail(name: BatchedFile): void {
    const file = this.#files.get(keyOf(name.visit.table, name.row) ?? "");
    if (file?.isReading === true) this.#giveUp(file);
  }

  #giveUp(file: LinkedFile): void {
    const { waiting } = file;
    file.isReading = false;
    file.waiting = [];
    for (const other of waiting) this.readAgain(other);
  }

  #take(key: string, links: number): LinkedFile | undefined {
    const known = this.#files.get(key);
    if (known !== undefined || this.#files.size >= FILES_MAX) return known;
    const file = { namesLeft: links, isCounted: false, isReading: false, waiting: [], found: undefined };
    this.#files.set(key, file);
    return file;
  }
}

/** Device and inode; undefined for a file with one name. */
function keyOf({ columns }: EntryTable, row: number): string | undefined {
  if (columns.links[row]! < 2) return undefined;
  const { inodes, deviceMajor, deviceMinor } = columns;
  return `${deviceMajor[row]}:${deviceMinor[row]}:${inodes[2 * row + 1]}:${inodes[2 * row]}`;
}

/** False when the file has changed between the looks at its names, or another has taken its number. */
function isLike(stat: Stat, { columns }: EntryTable, row: number): boolean {
  return (
    stat.size === columns.sizes[row] &&
    stat.mtimeSeconds === columns.mtimeSeconds[row] &&
    stat.mtimeNanoseconds === columns.mtimeNanoseconds[row] &&
    stat.ctimeSeconds === columns.ctimeSeconds[row] &&
    stat.ctimeNanoseconds === columns.ctimeNanoseconds[row]
  );
}
