/** A directory on its way from the walk to the tree: what each stage finds out about it. */
import type { FolderChoice } from "../choosing/choice.js";
import { joinPath } from "../path.js";
import type { Attribute, TreeReference } from "../tree/node.js";
import type { FoundRecord } from "../tree/scan.js";
import { EntryTable } from "./entry-table.js";
import type { Change } from "./linked-files.js";
import type { ParentRoot } from "./parent-root.js";
import { Payloads } from "./payloads.js";
import type { SourceDirectory } from "./source-directory.js";

/** A subdirectory whose tree is built. */
export interface BuiltTree {
  readonly tree: TreeReference;
  /** The parent that has this very tree at this path. */
  readonly sameAs: ParentRoot | undefined;
}

/** What the parent snapshot has of a directory. */
export interface KnownDirectory {
  readonly root: ParentRoot;
  readonly record: FoundRecord;
}

const CHANGES: readonly Change[] = ["unmodified", "new", "changed"];

export class Visit {
  readonly directory: SourceDirectory;
  /** Set by the walk. */
  readonly table: EntryTable;
  readonly payloads: Payloads;
  /** Of the directory itself. */
  deviceMajor = 0;
  deviceMinor = 0;
  /** What is said of which of its entries to keep; undefined when nothing is. */
  choice: FolderChoice | undefined;
  /** Rows of folders that other file systems are mounted at, and that are kept empty; absent while there are none. */
  closed: Set<number> | undefined;
  /** Where this directory stands in the one above; undefined for a root. */
  readonly above: { readonly visit: Visit; readonly row: number } | undefined;
  /** Set by the comparison: what the parent has, and whether the directory's own entries are as there. */
  known: KnownDirectory | undefined;
  /** What other parents have of it, where the first one had not finished it: they tell of what that one lacks. */
  alsoKnown: readonly KnownDirectory[] = [];
  isAsKnown = false;
  /** Its files and links have been dealt with one by one. */
  isFilled = false;
  /** Of `table`, once that is known to stay as it is. */
  digest: Uint8Array | undefined;
  /** Extended attributes by row, of those that have some. */
  readonly attributes = new Map<number, Attribute[]>();
  /** Rows of files that changed whenever they were read; absent while there are none. */
  changed: Set<number> | undefined;
  /** Inode flags by row, where there are any; where attributes are to be read yet, they are unless they are here. */
  readonly flags = new Map<number, number>();
  /** Trees of subdirectories by row. */
  readonly subtrees = new Map<number, BuiltTree>();
  /** 0 for the rows that are left out after all; absent while there are none. */
  keep: Uint8Array | undefined;
  /** Names that could not be found: gone, or on a file system that lists what it cannot look up. */
  readonly missing: Uint8Array[] = [];
  /** Its table and payloads are another's now. */
  isGivenBack = false;
  /** Files that are being read. */
  pending = 0;

  /** By row, an index of {@link CHANGES}; undefined while all are as in the parent. */
  #changes: Uint8Array | undefined;

  constructor(directory: SourceDirectory, parts: { table: EntryTable; payloads: Payloads }, above: Visit["above"]) {
    this.directory = directory;
    this.table = parts.table;
    this.payloads = parts.payloads;
    this.above = above;
  }

  /** A file changed whenever it was read. */
  mark(row: number): void {
    this.changed ??= new Set();
    this.changed.add(row);
  }

  /** Takes the inode flags of a file that was read; undefined when they are to be read yet. */
  setFlags(row: number, flags: number | undefined): void {
    const isAsked = this.table.columns.attributes[row] === 1;
    if (flags !== undefined && (flags !== 0 || isAsked)) this.flags.set(row, flags);
  }

  /** An entry is not in the parent, or by its stat not as it is there. */
  noteChange(row: number, change: "new" | "changed"): void {
    this.#changes ??= new Uint8Array(this.table.count);
    this.#changes[row] = CHANGES.indexOf(change);
  }

  /** What the stat of an entry says; its content may have changed all the same. */
  changeOf(row: number): Change {
    return CHANGES[this.#changes?.[row] ?? 0]!;
  }

  /** Leaves out a row. */
  drop(row: number): void {
    this.keep ??= new Uint8Array(this.table.count).fill(1);
    this.keep[row] = 0;
    this.isAsKnown = false;
  }

  /** Absolute path of an entry. */
  pathOf(name: Uint8Array): Uint8Array {
    return joinPath(this.directory.absolutePath, name);
  }

  keeps(row: number): boolean {
    return this.keep === undefined || this.keep[row] === 1;
  }
}

/** Memory kept of what a visit has given back, bytes: the next ones take it. */
const KEPT_MAX = 2 * 2 ** 20;
const SPARES_MAX = 64;

/** Gives visits their tables, and takes them back. */
export class VisitPool {
  readonly #spares: { table: EntryTable; payloads: Payloads }[] = [];

  take(directory: SourceDirectory, above: Visit["above"]): Visit {
    const parts = this.#spares.pop() ?? { table: new EntryTable(), payloads: new Payloads() };
    parts.table.clear();
    return new Visit(directory, parts, above);
  }

  giveBack(visit: Visit): void {
    const { table, payloads } = visit;
    visit.isGivenBack = true;
    if (this.#spares.length < SPARES_MAX && table.size + payloads.size <= KEPT_MAX)
      this.#spares.push({ table, payloads });
  }
}
