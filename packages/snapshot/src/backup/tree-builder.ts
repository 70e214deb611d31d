/**
 * Builds the trees of directories that the walk has left, in the order in which it left them: a directory after those
 * below it, when the last of its files has been read. The scan stream is written in the same order.
 */
import { FileType, type Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { DirectoryWriter, type StoreTree } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import type { AttributeReader } from "./attributes.js";
import type { BackupRun } from "./backup-run.js";
import type { Comparison } from "./comparison.js";
import type { Change } from "./linked-files.js";
import type { NodeMaker } from "./nodes.js";
import type { ScanWriter } from "./scan-writer.js";
import type { SourceDirectories } from "./source-directory.js";
import { fromSource, isMissing, requireSourceFault } from "./source-fault.js";
import type { BuiltTree, Visit, VisitPool } from "./visit.js";

export interface TreeBuilderOptions {
  readonly repository: Repository;
  readonly run: BackupRun;
  readonly posix: Posix;
  readonly comparison: Comparison;
  readonly directories: SourceDirectories;
  readonly visits: VisitPool;
  readonly nodes: NodeMaker;
  readonly scan: ScanWriter;
  readonly storeTree: StoreTree;
  /** Undefined where they cannot be read. */
  readonly attributes: AttributeReader | undefined;
  /** Waits until one of the files that are being read is done; false when there is none. */
  readonly settle: () => Promise<boolean>;
}

/** Directories, and entries in them, that may wait for files: beyond, the walk waits. */
const WAITING_MAX = 256;
const WAITING_ENTRIES_MAX = 65_536;

export class TreeBuilder {
  readonly #options: TreeBuilderOptions;
  #waiting: Visit[] = [];
  #waitingEntries = 0;
  #root: BuiltTree | undefined;

  constructor(options: TreeBuilderOptions) {
    this.#options = options;
  }

  /** Directories that the walk has left and that are not built yet, in that order. */
  get waiting(): readonly Visit[] {
    const isBuilt = ({ above }: Visit) => (above === undefined ? this.#root : above.visit.subtrees.get(above.row));
    return this.#waiting.filter((visit) => isBuilt(visit) === undefined);
  }

  /** The tree of the root, when it is built. */
  get root(): BuiltTree | undefined {
    return this.#root;
  }

  /** Takes a directory that the walk has left, and builds what can be built. */
  async add(visit: Visit): Promise<void> {
    this.#waiting.push(visit);
    this.#waitingEntries += visit.table.count;
    await this.#buildSettled();
    while (this.#waiting.length > WAITING_MAX || this.#waitingEntries > WAITING_ENTRIES_MAX) await this.#settle();
  }

  /** Builds all that is left; the tree of the root, which came last. */
  async finish(): Promise<BuiltTree> {
    while (this.#waiting.length > 0) await this.#settle();
    return this.#root!;
  }

  /** Waits for files, and builds what they were waited for. */
  async #settle(): Promise<void> {
    const first = this.#waiting[0]!;
    if (!(await this.#options.settle()) && first.pending > 0)
      throw new Error(`Cannot build a tree: ${first.pending} files of it are under way nowhere`);
    await this.#buildSettled();
  }

  async #buildSettled(): Promise<void> {
    let done = 0;
    for (; done < this.#waiting.length; done++) {
      const visit = this.#waiting[done]!;
      if (visit.pending > 0) break;
      if (!this.#isSame(visit) && !visit.isFilled) await this.#options.comparison.fill(visit);
      if (visit.pending > 0) break;
      const entries = visit.table.count;
      await this.#build(visit);
      this.#waitingEntries -= entries;
      this.#options.visits.giveBack(visit);
    }
    this.#waiting.splice(0, done);
  }

  /**
   * Nothing in the directory or below it differs from what its parent has. What lies below may have another parent: the
   * tree that this one has there is then older, and must not be taken over.
   */
  #isSame(visit: Visit): boolean {
    if (!visit.isAsKnown) return false;
    for (const { sameAs } of visit.subtrees.values()) if (sameAs !== visit.known?.root) return false;
    return true;
  }

  async #build(visit: Visit): Promise<void> {
    if (visit.missing.length > 0) await this.#reportListed(visit);
    const built = this.#isSame(visit) ? this.#takeOver(visit) : await this.#store(visit);
    const { above } = visit;
    if (above === undefined) this.#root = built;
    else above.visit.subtrees.set(above.row, built);
    await this.#options.run.breathe(0);
  }

  /** Names that were listed and not found are no fault of anybody's when they are gone; those listed still are one. */
  async #reportListed(visit: Visit): Promise<void> {
    const { run, posix, directories } = this.#options;
    let names: Set<string>;
    try {
      const handle = await directories.handle(visit.directory);
      names = new Set(fromSource(() => posix.readNames(handle)).map((name) => Buffer.from(name).toString("latin1")));
    } catch (error) {
      if (isMissing(requireSourceFault(error))) return;
      names = new Set(visit.missing.map((name) => Buffer.from(name).toString("latin1")));
    } finally {
      directories.leave(visit.directory);
    }
    for (const name of visit.missing) {
      if (names.has(Buffer.from(name).toString("latin1"))) run.reportMissing(visit.pathOf(name));
    }
  }

  /** Counts what is taken over without looking at it. */
  #takeOver(visit: Visit): BuiltTree {
    const { run, scan } = this.#options;
    const { table, known } = visit;
    const { types } = table.columns;
    for (let row = 0; row < table.count; row++) {
      if (types[row] === FileType.FILE) run.countFile("unmodified", { visit, row });
      else if (types[row] === FileType.SYMLINK) run.counts.symlinks++;
      else if (types[row] !== FileType.DIRECTORY) run.counts.others++;
    }
    run.countDirectory(changeOf(visit, true));
    const { tree, digest, columns, entryCount } = known!.record;
    scan.append({ path: visit.directory.path, digest, tree, columns, entryCount });
    return { tree, sameAs: known!.root };
  }

  async #store(visit: Visit): Promise<BuiltTree> {
    const { run, scan, repository, storeTree, attributes, directories, nodes } = this.#options;
    const { table, known } = visit;
    if ((await attributes?.readMarked(visit, directories)) === true) directories.leave(visit.directory);
    const writer = new DirectoryWriter(storeTree, repository.nameHash);
    for (let row = 0; row < table.count; row++) {
      if (run.look()) await run.breathe(0);
      if (visit.keeps(row)) writer.add(nodes.node(visit, row, visit.subtrees.get(row)?.tree));
    }
    const tree = writer.finish();
    const before = known === undefined ? [] : [known, ...visit.alsoKnown];
    const same = before.find(({ record }) => compareBytes(tree.id, record.tree.id) === 0);
    run.countDirectory(changeOf(visit, same !== undefined));
    if (visit.keep !== undefined) table.filter(visit.keep);
    const digest = table.digest(repository.nameHash);
    const entryCount = table.count;
    scan.append({ path: visit.directory.path, digest, tree, columns: table.scanColumns(), entryCount });
    return { tree, sameAs: same?.root };
  }
}

/** @param isSame a parent has the same tree */
function changeOf({ known, above }: Visit, isSame: boolean): Change {
  if (known === undefined) return "new";
  return isSame && above?.visit.changeOf(above.row) !== "changed" ? "unmodified" : "changed";
}
