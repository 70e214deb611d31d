/**
 * Backs up the directories of one root, depth first: a directory after those below it, siblings in order of name. The
 * order is that of the scan stream, so the parent's is read beside the walk and the new one written behind it.
 *
 * A directory whose stat columns and subdirectories are as in the parent is taken over without reading its nodes; in
 * one that differs, files whose stat data are as in the parent are taken over without being opened.
 */

import { TREE } from "@bcat/pack";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import type { WriteSession } from "@bcat/repository";
import { joinPath } from "../path.js";
import { DirectoryWriter } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import { type Node, NodeType, type TreeReference } from "../tree/node.js";
import { type ScanRecord, scanDigestSize } from "../tree/scan.js";
import type { BackupRun } from "./backup-run.js";
import { boundTimes } from "./bound-times.js";
import type { FileBackup } from "./file-backup.js";
import type { OwnFolders } from "./own-folders.js";
import type { OwnerNames } from "./owners.js";
import { ParentEntries, type ParentEntry, type ParentScan } from "./parent.js";
import type { ScanWriter } from "./scan-writer.js";
import { fromSource, requireSourceFault } from "./source-fault.js";
import { StatTable } from "./stat-table.js";

/** A subdirectory that has been backed up. */
interface Done {
  readonly tree: TreeReference;
  /** Its tree is the one the parent has at this path. */
  readonly isSame: boolean;
}

export interface DirectoryBackupOptions {
  readonly run: BackupRun;
  readonly session: WriteSession;
  readonly posix: Posix;
  readonly files: FileBackup;
  readonly owners: OwnerNames;
  readonly ownFolders: OwnFolders;
  readonly scan: ScanWriter;
  readonly parentScan: ParentScan | undefined;
  /** Absolute path of the root. */
  readonly root: Uint8Array;
}

/** A directory on its way. */
interface Visit {
  readonly directory: Directory;
  /** Relative to the root. */
  readonly path: Uint8Array;
  table: StatTable;
  readonly below: Map<number, Done>;
  /** 1 for the rows that are still to be stored. */
  readonly keep: Uint8Array;
  /** A row was dropped or changed: the digest must never match. */
  isUnsettled: boolean;
}

const NO_DIGEST = new Uint8Array(scanDigestSize);
/** The types of entries that this version stores. */
const STORED_TYPES: ReadonlySet<number> = new Set([FileType.DIRECTORY, FileType.FILE, FileType.SYMLINK]);

export class DirectoryBackup {
  readonly #options: DirectoryBackupOptions;
  readonly #stat = new Stat();

  constructor(options: DirectoryBackupOptions) {
    this.#options = options;
  }

  /** Backs up an open directory and everything below it. */
  async backUp(directory: Directory, path: Uint8Array): Promise<Done> {
    // Waiting here also unwinds the stack, which would not hold some thousand levels.
    const table = await this.#readEntries(directory, path);
    const keep = new Uint8Array(table.count).fill(1);
    const visit: Visit = { directory, path, table, below: new Map(), keep, isUnsettled: false };
    await this.#descend(visit);
    const record = await this.#options.parentScan?.find(path);
    const digest = table.digest(this.#options.session.repository.nameHash);
    if (record !== undefined && this.#isSame(visit, record, digest)) {
      this.#takeOver(visit, record, digest);
      return { tree: record.tree, isSame: true };
    }
    return await this.#store(visit, record, digest);
  }

  /** Names that are not excluded, in order, with their stat data. */
  async #readEntries(directory: Directory, path: Uint8Array): Promise<StatTable> {
    const { posix, run } = this.#options;
    const names = fromSource(() => posix.readNames(directory)).sort(compareBytes);
    const table = new StatTable(names.length);
    let last: Uint8Array | undefined;
    for (const name of names) {
      if (run.look()) await run.breathe(0);
      // A folder that changes while it is listed may give a name twice, above all on SMB (restic #1866, #2454, #3937).
      if (last !== undefined && compareBytes(last, name) === 0) continue;
      last = name;
      if (run.isExcluded !== undefined && this.#isExcluded(directory, path, name)) continue;
      if (this.#canBeStored(directory, path, name)) table.add(name, this.#stat);
    }
    return table;
  }

  /** Looks at an entry, into `#stat`, and reports what cannot be stored of it. */
  #canBeStored(directory: Directory, path: Uint8Array, name: Uint8Array): boolean {
    const { posix, run } = this.#options;
    try {
      fromSource(() => posix.statAt(directory, name, this.#stat));
    } catch (error) {
      run.reportUnreadable(this.#absolute(path, name), requireSourceFault(error));
      return false;
    }
    const reason = this.#reasonToSkip();
    if (reason !== undefined) {
      run.reportSkipped(this.#absolute(path, name), reason);
      return false;
    }
    const fault = boundTimes(this.#stat);
    if (fault !== undefined) run.reportUnreadable(this.#absolute(path, name), fault);
    return true;
  }

  /** Why the entry that was looked at last is left out, if it is. */
  #reasonToSkip(): string | undefined {
    const { type } = this.#stat;
    if (!STORED_TYPES.has(type)) return `${specialName(type)} are not backed up by this version`;
    const isOwn = type === FileType.DIRECTORY && this.#options.ownFolders.has(this.#stat);
    return isOwn ? "it belongs to the repository this backup goes to" : undefined;
  }

  #isExcluded(directory: Directory, path: Uint8Array, name: Uint8Array): boolean {
    const isDirectory = () => {
      try {
        this.#options.posix.statAt(directory, name, this.#stat);
        return this.#stat.type === FileType.DIRECTORY;
      } catch {
        return false;
      }
    };
    return this.#options.run.isExcluded?.(this.#absolute(path, name), isDirectory) === true;
  }

  async #descend(visit: Visit): Promise<void> {
    const { table, directory, path } = visit;
    const { run, posix } = this.#options;
    for (let row = 0; row < table.count; row++) {
      if (table.columns.types[row] !== FileType.DIRECTORY) continue;
      const name = table.names[row]!;
      let child: Directory;
      try {
        child = fromSource(() => posix.openDirectoryAt(directory, name));
      } catch (error) {
        this.#drop(visit, row, error);
        continue;
      }
      try {
        visit.below.set(row, await this.backUp(child, joinPath(path, name)));
      } catch (error) {
        this.#drop(visit, row, error);
      } finally {
        posix.closeDirectory(child);
      }
      await run.breathe(0);
    }
  }

  #drop(visit: Visit, row: number, error: unknown): void {
    const fault = requireSourceFault(error);
    this.#options.run.reportUnreadable(this.#absolute(visit.path, visit.table.names[row]!), fault);
    visit.keep[row] = 0;
    visit.isUnsettled = true;
  }

  #isSame(visit: Visit, record: ScanRecord, digest: Uint8Array): boolean {
    const { run } = this.#options;
    if (visit.isUnsettled || run.mustResolve || compareBytes(digest, record.digest) !== 0) return false;
    for (const done of visit.below.values()) if (!done.isSame) return false;
    return !visit.table.hasRacyFile(run.racyTime);
  }

  /** Counts what is taken over without looking at it. */
  #takeOver(visit: Visit, record: ScanRecord, digest: Uint8Array): void {
    const { run, scan } = this.#options;
    const { types, sizes } = visit.table.columns;
    for (let row = 0; row < visit.table.count; row++) {
      if (types[row] === FileType.FILE) run.countFile("unmodified", sizes[row]!);
      else if (types[row] === FileType.SYMLINK) run.counts.symlinks++;
    }
    run.countDirectory("unmodified");
    scan.append({ path: visit.path, digest, tree: record.tree, table: visit.table });
  }

  async #store(visit: Visit, record: ScanRecord | undefined, digest: Uint8Array): Promise<Done> {
    const { session, run, scan } = this.#options;
    const writer = new DirectoryWriter((bytes) => session.store(TREE, bytes), session.repository.nameHash);
    const parents = record === undefined ? undefined : new ParentEntries(session.repository, record);
    for (let row = 0; row < visit.table.count; row++) {
      if (run.look()) await run.breathe(0);
      if (visit.keep[row] !== 1) continue;
      const name = visit.table.names[row]!;
      while (parents !== undefined && !parents.covers(name)) await parents.nextLeaf();
      const node = await this.#node(visit, row, parents?.find(name));
      if (node !== undefined) writer.add(node);
    }
    const tree = writer.finish();
    const isSame = record !== undefined && compareBytes(tree.id, record.tree.id) === 0;
    run.countDirectory(record === undefined ? "new" : isSame ? "unmodified" : "changed");
    const table = visit.table.filtered(visit.keep);
    scan.append({ path: visit.path, digest: visit.isUnsettled ? NO_DIGEST : digest, tree, table });
    await run.breathe(0);
    return { tree, isSame };
  }

  /** The node of one entry, or undefined when it cannot be read or is gone, and was dropped. */
  async #node(visit: Visit, row: number, parent: ParentEntry | undefined): Promise<Node | undefined> {
    const { table, directory, path } = visit;
    const { posix, files, run } = this.#options;
    const type = table.columns.types[row];
    const name = table.names[row]!;
    try {
      if (type === FileType.DIRECTORY) {
        const { tree } = visit.below.get(row)!;
        return { ...this.nodeHead(table, row), type: NodeType.directory, subtree: tree };
      }
      if (type === FileType.SYMLINK) {
        const target = fromSource(() => posix.readLinkAt(directory, name));
        run.counts.symlinks++;
        return { ...this.nodeHead(table, row), type: NodeType.symlink, target };
      }
      const file = await files.backUp(
        { directory, name, path: () => this.#absolute(path, name) },
        { table, row },
        parent,
      );
      if (file.isUnsettled) visit.isUnsettled = true;
      return { ...this.nodeHead(table, row), type: NodeType.file, content: file.content };
    } catch (error) {
      this.#drop(visit, row, error);
      return undefined;
    }
  }

  /** The fields of a node that every type has. */
  nodeHead(table: StatTable, row: number): Omit<Node, "type"> {
    const { modes, uids, gids, mtimeSeconds, mtimeNanoseconds } = table.columns;
    const uid = uids[row]!;
    const gid = gids[row]!;
    const { owners } = this.#options;
    return {
      name: table.names[row]!,
      mode: modes[row]!,
      uid,
      gid,
      user: owners.user(uid),
      group: owners.group(gid),
      mtimeSeconds: mtimeSeconds[row]!,
      mtimeNanoseconds: mtimeNanoseconds[row]!,
    };
  }

  #absolute(path: Uint8Array, name: Uint8Array): Uint8Array {
    return joinPath(joinPath(this.#options.root, path), name);
  }
}

function specialName(type: number): string {
  if (type === FileType.FIFO) return "fifos";
  if (type === FileType.SOCKET) return "sockets";
  if (type === FileType.CHARACTER || type === FileType.BLOCK) return "device nodes";
  return "entries of unknown type";
}
