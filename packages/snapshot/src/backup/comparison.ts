/**
 * Compares a directory with what its parent snapshot has: what is the same is taken over, files that may have changed
 * go on to be read.
 *
 * A directory whose stat columns are as in the parent needs nothing of the parent's nodes. In one that differs, a file is
 * as it was when its size, mtime, ctime and inode are.
 */
import { isBcatError, SourceError } from "@bcat/errors";
import { FileType, type Posix, Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { encodeContent } from "../tree/content.js";
import { ChunkListWriter, type StoreTree } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import { type Content, contentSize, NodeType } from "../tree/node.js";
import { isFinished } from "../tree/scan.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { AttributeReader } from "./attributes.js";
import type { BackupRun } from "./backup-run.js";
import { boundTarget, boundTimes } from "./bound-entry.js";
import { settleUnchanged, takeFound } from "./contents/settle-file.js";
import type { EntryTable } from "./entry-table.js";
import { KnownEntries } from "./known-entries.js";
import { hasCtime, hasInode, type ParentEntry } from "./parent-entries.js";
import type { ParentRoot } from "./parent-root.js";
import type { ParentRoots } from "./parent-roots.js";
import { RACY_MS } from "./racy.js";
import type { SourceDirectories } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";
import { encodeDevice } from "./special-node.js";
import type { KnownDirectory, Visit } from "./visit.js";

export interface ComparisonOptions {
  readonly repository: Repository;
  readonly run: BackupRun;
  readonly posix: Posix;
  readonly parents: ParentRoots;
  readonly directories: SourceDirectories;
  readonly storeTree: StoreTree;
  /** Undefined where there are none to be read. */
  readonly attributes: AttributeReader | undefined;
  /** True when a chunk of data lies in a pack that is not condemned. */
  readonly isStored: (id: Uint8Array) => boolean;
  /** Has the file of a row read. */
  readonly read: (visit: Visit, row: number) => Promise<void> | undefined;
  /** What is on block devices is stored. */
  readonly readSpecial: boolean;
  /** Change times, or inode numbers, of the source say nothing. */
  readonly ignoreCtime: boolean;
  readonly ignoreInode: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Of a block device that is read. */
export const DEVICE_NOTE = "it is a block device, and what is on it is stored as a file";

export class Comparison {
  readonly #options: ComparisonOptions;
  readonly #stat = new Stat();

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  /** Compares a directory that has just been listed, and has its files dealt with. */
  async compare(visit: Visit): Promise<void> {
    [visit.known, ...visit.alsoKnown] = await this.#find(visit.directory.absolutePath);
    if (visit.known !== undefined && this.#isAsKnown(visit, visit.known)) {
      visit.isAsKnown = true;
      return;
    }
    await this.fill(visit);
  }

  /** Has the files of a directory dealt with one by one, and the targets of its links read. */
  async fill(visit: Visit): Promise<void> {
    const { run, repository } = this.#options;
    const { table, known } = visit;
    visit.isAsKnown = false;
    visit.isFilled = true;
    const parents = known === undefined ? undefined : new KnownEntries(repository, [known, ...visit.alsoKnown]);
    const hasSingles = known === undefined && this.#options.parents.hasInside(visit.directory.absolutePath);
    for (let row = 0; row < table.count; row++) {
      if (run.look()) await run.breathe(0);
      const type = table.columns.types[row];
      if (!visit.keeps(row)) continue;
      const name = table.name(row);
      while (parents !== undefined && !parents.covers(name)) await parents.nextLeaf(name);
      const parent = parents?.find(name);
      const root = parents?.root;
      if (!hasSingles) this.noteChange(visit, row, parent);
      const isLink = type === FileType.SYMLINK;
      const isKnown = (isLink || type === FileType.DIRECTORY) && this.#keepAttributes(visit, row, parent, root);
      if (type === FileType.DIRECTORY) {
        table.columns.done[row] = 1;
        continue;
      }
      // Most files leave nothing to wait for, and waiting has its price.
      let done: Promise<void> | undefined;
      if (isLink) done = this.#linkTarget(visit, row, isKnown ? parent?.node.target : undefined);
      else if (type === FileType.BLOCK && this.#options.readSpecial) done = this.#readDevice(visit, row, parent);
      else if (type !== FileType.FILE) done = this.#lookAtSpecial(visit, row, parent, root);
      else if (this.#follows(visit, row)) continue;
      else if (root !== undefined) done = this.#compareFile(visit, row, parent, root);
      else done = this.#compareSingle(visit, row, hasSingles);
      if (done !== undefined) await done;
    }
    // While the folder is open; files that are being read have their turn later.
    await this.#options.attributes?.readMarked(visit, this.#options.directories);
  }

  /** Notes what the stat of an entry says beside the parent's: restic's sense of "changed", so also of its mode alone. */
  noteChange(visit: Visit, row: number, parent: ParentEntry | undefined): void {
    if (parent === undefined) visit.noteChange(row, "new");
    else if (!this.#hasStat(visit.table, row, parent)) visit.noteChange(row, "changed");
  }

  /** Whether the parent's entry is of this stat; what it has forgotten, for it was not settled, it is taken to have. */
  #hasStat(table: EntryTable, row: number, parent: ParentEntry): boolean {
    const { node, stats, row: from } = parent;
    const { columns } = table;
    const { ignoreCtime, ignoreInode } = this.#options;
    const isFile = columns.types[row] === FileType.FILE;
    if (isFile && (node.content === undefined || contentSize(node.content) !== columns.sizes[row])) return false;
    if (node.mtimeSeconds !== columns.mtimeSeconds[row]) return false;
    if (node.mtimeNanoseconds !== columns.mtimeNanoseconds[row]) return false;
    if (node.mode !== columns.modes[row] || node.uid !== columns.uids[row] || node.gid !== columns.gids[row])
      return false;
    if (stats.inodes[2 * from] === 0 && stats.inodes[2 * from + 1] === 0) return true;
    return (ignoreCtime || hasCtime(parent, table, row)) && (ignoreInode || hasInode(parent, table, row));
  }

  /** The parent's content as it is taken over, when nothing says that the file was written since. */
  unchangedContent(
    table: EntryTable,
    row: number,
    parent: ParentEntry,
    root: ParentRoot,
  ): Content | undefined | Promise<Content | undefined> {
    const { node, stats, row: from } = parent;
    const { columns } = table;
    if (node.type !== NodeType.file || node.content === undefined || node.hasChanged === true) return undefined;
    const { ignoreCtime, ignoreInode } = this.#options;
    if (table.isRacy(row, root.racyTime, ignoreCtime)) return undefined;
    const isUnchanged =
      contentSize(node.content) === columns.sizes[row] &&
      node.mtimeSeconds === columns.mtimeSeconds[row] &&
      node.mtimeNanoseconds === columns.mtimeNanoseconds[row] &&
      (ignoreCtime || hasCtime(parent, table, row)) &&
      (stats.inodes[2 * from] !== 0 || stats.inodes[2 * from + 1] !== 0) &&
      (ignoreInode || hasInode(parent, table, row));
    if (!isUnchanged) return undefined;
    return root.mustResolve ? this.#resolve(node.content) : node.content;
  }

  /** The first parent that has the directory; and those behind it, until one has finished it. */
  async #find(path: Uint8Array): Promise<KnownDirectory[]> {
    const found: KnownDirectory[] = [];
    for (const root of this.#options.parents.of(path)) {
      const record = await root.record(path);
      if (record === undefined) continue;
      found.push({ root, record });
      if (isFinished(record)) break;
    }
    return found;
  }

  #isAsKnown(visit: Visit, { root, record }: NonNullable<Visit["known"]>): boolean {
    const { ignoreCtime, ignoreInode, repository } = this.#options;
    // Rule 3 of docs/architecture.md: a folder that was not finished is compared file by file.
    if (!isFinished(record)) return false;
    if (!root.recordsAll || root.mustResolve || ignoreCtime || ignoreInode || visit.table.count !== record.entryCount)
      return false;
    // What could not be read is left out of the table: of a directory that was walked ahead that is known before.
    if (visit.missing.length > 0 || visit.keep !== undefined) return false;
    visit.digest = visit.table.digest(repository.nameHash);
    return compareBytes(visit.digest, record.digest) === 0 && !visit.table.hasRacyFile(root.racyTime);
  }

  /** Nothing says whether what is on a device has changed: it is read always. */
  #readDevice(visit: Visit, row: number, parent: ParentEntry | undefined): Promise<void> | undefined {
    if (this.#follows(visit, row)) return undefined;
    const { run, read } = this.#options;
    run.note(visit.pathOf(visit.table.name(row)), DEVICE_NOTE, "device-read");
    if (parent?.node.content !== undefined) visit.payloads.set(row, encodeContent(parent.node.content));
    return read(visit, row);
  }

  /** What is known is not read again, which would change when it was read last. */
  #linkTarget(visit: Visit, row: number, known: Uint8Array | undefined): Promise<void> | undefined {
    if (known === undefined) return this.#readLink(visit, row);
    visit.payloads.set(row, known);
    visit.table.columns.done[row] = 1;
    this.#options.run.counts.symlinks++;
    return undefined;
  }

  async #readLink(visit: Visit, row: number): Promise<void> {
    const { posix, directories, run } = this.#options;
    try {
      const handle = await directories.handle(visit.directory);
      const target = fromSource(() => posix.readLinkAt(handle, visit.table.name(row)));
      boundTarget(target);
      visit.payloads.set(row, target);
      visit.table.columns.done[row] = 1;
      run.counts.symlinks++;
    } catch (error) {
      run.dropRow(visit, row, requireSourceFault(error));
    }
  }

  /** Takes over what the parent has, flags too, when nothing says that it changed; otherwise marks them to be read: false. */
  #keepAttributes(visit: Visit, row: number, parent: ParentEntry | undefined, root: ParentRoot | undefined): boolean {
    const { table, attributes, flags } = visit;
    const isKnown =
      parent !== undefined &&
      root?.recordsAll === true &&
      !root.mustResolve &&
      !this.#options.ignoreCtime &&
      hasCtime(parent, table, row) &&
      hasInode(parent, table, row);
    if (!isKnown) {
      this.#markAttributes(table, row);
      return false;
    }
    if (parent.node.attributes !== undefined) attributes.set(row, parent.node.attributes);
    if (parent.node.flags !== undefined) flags.set(row, parent.node.flags);
    return true;
  }

  /** What is set in the very tick of the change time that is known leaves no trace: it is looked at again the next time. */
  #markAttributes(table: EntryTable, row: number): void {
    table.columns.attributes[row] = 1;
    const { attributes, now, ignoreCtime } = this.#options;
    if (attributes !== undefined && !ignoreCtime && table.isRacy(row, now() - RACY_MS)) table.forget(row);
  }

  /** True for a file that is dealt with under another name. */
  #follows(visit: Visit, row: number): boolean {
    const { run, ignoreInode } = this.#options;
    // Where inodes say nothing, nothing says that two names are of one file.
    if (ignoreInode || visit.table.columns.links[row]! < 2) return false;
    return run.linked.follows({ visit, row }, (found) => takeFound({ visit, row }, found, run));
  }

  /** A fifo, a socket, or a device, of which it is to be known which: the row is as it is found now. */
  async #lookAtSpecial(
    visit: Visit,
    row: number,
    parent: ParentEntry | undefined,
    root: ParentRoot | undefined,
  ): Promise<void> {
    const { posix, directories, run } = this.#options;
    const { table, payloads } = visit;
    try {
      const handle = await directories.handle(visit.directory);
      fromSource(() => posix.statAt(handle, table.name(row), this.#stat));
      if (this.#stat.type !== table.columns.types[row])
        throw new SourceError("another entry has taken its name", { messageCode: "replaced" });
      boundTimes(this.#stat);
      table.set(row, this.#stat);
      this.#keepAttributes(visit, row, parent, root);
      payloads.set(row, encodeDevice(this.#stat));
      table.columns.done[row] = 1;
      run.counts.others++;
    } catch (error) {
      run.dropRow(visit, row, requireSourceFault(error));
    }
  }

  #compareFile(
    visit: Visit,
    row: number,
    parent: ParentEntry | undefined,
    root: ParentRoot,
  ): Promise<void> | undefined {
    if (parent === undefined) return this.#options.read(visit, row);
    const content = this.unchangedContent(visit.table, row, parent, root);
    if (content instanceof Promise) return content.then((found) => this.#takeOver(visit, row, { parent, root }, found));
    return this.#takeOver(visit, row, { parent, root }, content);
  }

  /** Takes over a file whose content is known, or has it read. */
  #takeOver(
    visit: Visit,
    row: number,
    { parent, root }: { parent: ParentEntry; root: ParentRoot },
    content: Content | undefined,
  ): Promise<void> | undefined {
    const { run, read } = this.#options;
    const { payloads } = visit;
    if (content !== undefined) {
      payloads.set(row, encodeContent(content));
      this.#keepAttributes(visit, row, parent, root);
      root.keepHoles(visit.table, row, parent.node);
      settleUnchanged({ visit, row }, run);
      return undefined;
    }
    // What it had: only to tell, when it has been read, whether it has changed.
    if (parent.node.content !== undefined) payloads.set(row, encodeContent(parent.node.content));
    return read(visit, row);
  }

  /** Compares a file in a folder that no parent knows, but one may know the file: as a root of its own. */
  #compareSingle(visit: Visit, row: number, hasSingles: boolean): Promise<void> | undefined {
    const root = hasSingles ? this.#options.parents.at(visit.pathOf(visit.table.name(row))) : undefined;
    if (root === undefined) {
      visit.noteChange(row, "new");
      return this.#options.read(visit, row);
    }
    return root.entry(root.root.path).then((entry) => {
      this.noteChange(visit, row, entry);
      return this.#compareFile(visit, row, entry, root);
    });
  }

  /**
   * The reference rule: a reference taken over must have a location that no log record condemns. When packs were
   * condemned since the parent was committed, each is looked up; undefined when one has none, and the file is read.
   */
  async #resolve(content: Content): Promise<Content | undefined> {
    if (content.kind === "inline") return content;
    const { repository, isStored, storeTree } = this.#options;
    const list = new ChunkListWriter(storeTree);
    try {
      for await (const chunks of readChunkReferences(repository, content)) {
        for (const chunk of chunks) {
          if (!isStored(chunk.id)) return undefined;
          list.add(chunk);
        }
      }
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return undefined;
    }
    return list.finish();
  }
}
