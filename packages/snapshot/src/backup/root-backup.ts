/** Stores one root after the other: where the stages of a backup are put together (docs/architecture.md). */
import { createCutter } from "@bcat/chunker";
import { DATA, TREE } from "@bcat/pack";
import { FileType, type Posix } from "@bcat/posix";
import type { Root, WriteSession } from "@bcat/repository";
import { splitPath } from "../path.js";
import { encodeContent } from "../tree/content.js";
import { encodeLeaf } from "../tree/leaf.js";
import { compareBytes } from "../tree/name.js";
import { type NodeToWrite, NodeType, type TreeReference } from "../tree/node.js";
import { noReference } from "../tree/reference.js";
import { AttributeReader } from "./attributes.js";
import type { BackupRun } from "./backup-run.js";
import { boundTarget, boundTimes } from "./bound-entry.js";
import { Comparison, DEVICE_NOTE } from "./comparison.js";
import type { ContentWriter } from "./content-writer.js";
import { Contents } from "./contents/contents.js";
import { FileReader } from "./contents/file-reader.js";
import { poolMaker } from "./contents/pool-maker.js";
import { flagsAt } from "./inode-flags.js";
import { LinkGroups } from "./link-groups.js";
import { linkNote } from "./link-note.js";
import { NodeMaker, nodeHead, setFile } from "./nodes.js";
import { OpenFolders } from "./open-folders.js";
import type { BackupOptions } from "./options.js";
import { noOwnerNames, type OwnerNames } from "./owners.js";
import type { ParentRoots } from "./parent-roots.js";
import { provisionalRecords, storeProvisional } from "./provisional-trees.js";
import type { NamedRoot, OpenRoot } from "./roots.js";
import { ScanWriter, scanContentWriter } from "./scan-writer.js";
import type { Source } from "./source.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource } from "./source-fault.js";
import { encodeDevice, specialNode } from "./special-node.js";
import { TreeBuilder } from "./tree-builder.js";
import type { Visit } from "./visit.js";
import type { WalkStep } from "./walk.js";

const NO_NAME = new Uint8Array(0);
/** Directories that stay open for the batches of all threads. */
const HELD_MAX = 64;

export interface RootBackupParts {
  readonly run: BackupRun;
  readonly source: Source;
  readonly session: WriteSession;
  readonly posix: Posix;
  readonly parents: ParentRoots;
  readonly options: BackupOptions;
}

export class RootBackup implements AsyncDisposable {
  readonly #parts: RootBackupParts;
  readonly #owners: OwnerNames;
  readonly #linkGroups: LinkGroups;
  readonly #nodes: NodeMaker;
  readonly #contents: Contents;
  readonly #comparison: Comparison;
  readonly #scanContent: ContentWriter;
  readonly #attributes: AttributeReader | undefined;
  readonly #storeTree: (bytes: Uint8Array) => Uint8Array;

  constructor(parts: RootBackupParts) {
    const { run, source, session, posix, parents, options } = parts;
    const { directories } = source;
    const { repository } = session;
    const { chunker } = repository;
    const gear = repository.gear();
    const ignoreCtime = options.ignoreCtime === true;
    this.#parts = parts;
    this.#owners = options.owners ?? noOwnerNames;
    this.#linkGroups = new LinkGroups(posix, repository.nameHash);
    this.#nodes = new NodeMaker({ owners: this.#owners, linkGroups: this.#linkGroups });
    this.#storeTree = (bytes) => session.store(TREE, bytes);
    const storeTree = this.#storeTree;
    const storeData = (bytes: Uint8Array) => session.store(DATA, bytes);
    if (posix.attributes !== undefined) this.#attributes = new AttributeReader({ posix, run, storeData });
    source.relieve = () => this.#contents.settle();
    this.#contents = new Contents({
      run,
      directories: () => directories,
      chunks: session.chunks,
      storeTree,
      chunkSizeMax: chunker.maximum,
      directoriesMax: Math.max(2, Math.min(16, Math.floor(HELD_MAX / (2 * (options.threads ?? 1))))),
      startFiles: repository.environment.sizes?.filesBeforeThreads,
      // A thread is given descriptors of directories, not their paths.
      createPool: options.dryRun === true || !posix.reachesByDescriptor ? undefined : poolMaker(session, options),
      reader: new FileReader({ ...chunker, posix, cutter: createCutter(chunker, gear), ignoreCtime }),
      storeData,
      now: repository.environment.now,
      wait: repository.environment.wait,
    });
    this.#comparison = new Comparison({
      repository,
      run,
      posix,
      parents,
      directories,
      storeTree,
      attributes: this.#attributes,
      isStored: (id) => session.has(DATA, id),
      read: (visit, row) => this.#contents.read(visit, row),
      readSpecial: options.readSpecial === true,
      ignoreCtime,
      ignoreInode: options.ignoreInode === true,
      now: repository.environment.now,
    });
    this.#scanContent = scanContentWriter(session);
  }

  /** @throws SourceError when the root cannot be read */
  async store(named: NamedRoot): Promise<Root> {
    const { run, source, posix } = this.#parts;
    this.#scanContent.reset();
    const { root, opened, steps } = await source.open(named);
    try {
      const fault = boundTimes(root.stat);
      if (fault !== undefined) run.reportUnreadable(root.path, fault);
      return opened === undefined ? await this.#storeSingle(root) : await this.#storeDirectory(root, steps);
    } finally {
      source.directories.closeAll();
      if (opened !== undefined) closeDirectory(posix, opened);
      closeDirectory(posix, root.parent);
    }
  }

  /** Ends all that goes on beside this thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#contents.close();
  }

  async #storeDirectory(root: OpenRoot, steps: AsyncIterable<WalkStep>): Promise<Root> {
    const { run, source, session, posix } = this.#parts;
    const scan = new ScanWriter(this.#scanContent);
    const builder = new TreeBuilder({
      repository: session.repository,
      run,
      posix,
      comparison: this.#comparison,
      directories: source.directories,
      visits: source.visits,
      nodes: this.#nodes,
      scan,
      storeTree: this.#storeTree,
      attributes: this.#attributes,
      settle: () => this.#contents.settle(),
    });
    const open = new OpenFolders(builder);
    run.checkpoints?.begin({
      provisional: () => this.#provisional(root, open, scan),
      stop: () => this.#contents.stop(),
    });
    try {
      for await (const { kind, visit } of steps) {
        if (kind === "enter") {
          open.enter(visit);
          run.currentFolder = visit.directory;
          await this.#comparison.compare(visit);
        } else {
          open.leave();
          await builder.add(visit);
        }
      }
      const { tree, sameAs } = await builder.finish();
      const node = await this.#directoryNode(root, tree);
      if (sameAs !== undefined && isOtherNode(sameAs.root, { path: root.path, node })) run.recountRoot();
      return { path: root.path, node, scan: this.#finishScan(root, scan) };
    } catch (error) {
      // While its folders are open.
      await run.checkpoints?.takeLast(error);
      throw error;
    }
  }

  async #directoryNode(root: OpenRoot, tree: TreeReference): Promise<Uint8Array> {
    const head = this.#head(this.#rootVisit(root));
    const node = { ...head, ...(await this.#attributesOf(root)), type: NodeType.directory, subtree: tree };
    return encodeLeaf([node], { root: true });
  }

  /** What is stored of a root that is not finished; undefined while nothing of it has been listed. */
  async #provisional(root: OpenRoot, open: OpenFolders, scan: ScanWriter): Promise<Root | undefined> {
    const { run, session, source } = this.#parts;
    const { repository } = session;
    const visits = open.visits();
    if (visits.length === 0) return undefined;
    await source.withoutRelief(() => this.#readAttributes(visits));
    const parts = { repository, run, nodes: this.#nodes, storeTree: this.#storeTree };
    const folders = await storeProvisional(parts, visits);
    const node = await this.#directoryNode(root, folders.at(-1)!.tree);
    const content = encodeContent(scan.preview(provisionalRecords(folders)));
    return { path: root.path, node, scan: content };
  }

  /** Of what was found meanwhile; rows whose attributes cannot be read now are not listed. */
  async #readAttributes(visits: readonly Visit[]): Promise<void> {
    for (const visit of visits) {
      if (visit.isFilled) await this.#attributes?.readMarked(visit, this.#parts.source.directories);
    }
  }

  /** A root that is no directory. */
  async #storeSingle(root: OpenRoot): Promise<Root> {
    const visit = this.#rootVisit(root);
    const single = await this.#single(root, visit);
    const node = { ...single, ...(await this.#attributesOf(root, visit.flags.get(0))) };
    const { table } = visit;
    const scan = new ScanWriter(this.#scanContent);
    const columns = table.scanColumns();
    scan.append({ path: NO_NAME, digest: new Uint8Array(16), tree: noReference, columns, entryCount: 1 });
    return { path: root.path, node: encodeLeaf([node], { root: true }), scan: this.#finishScan(root, scan) };
  }

  /** The content of a scan; its stream is kept for the next backup, which will want it. */
  #finishScan(root: OpenRoot, scan: ScanWriter): Uint8Array {
    const { session, options } = this.#parts;
    const { content, stream } = scan.finish();
    const encoded = encodeContent(content);
    const isKept = stream !== undefined && content.kind !== "inline" && options.dryRun !== true;
    if (isKept) session.repository.keptScans.keep(root.path, encoded, stream);
    return encoded;
  }

  async #single(root: OpenRoot, visit: Visit): Promise<NodeToWrite> {
    const { type } = root.stat;
    if (type === FileType.FILE) return await this.#file(root, visit);
    if (type === FileType.SYMLINK) return this.#link(root, visit);
    if (type === FileType.BLOCK && this.#parts.options.readSpecial === true) return await this.#device(root, visit);
    this.#parts.run.counts.others++;
    return { ...this.#head(visit), ...specialNode(type, encodeDevice(root.stat)) };
  }

  #link(root: OpenRoot, visit: Visit): NodeToWrite {
    const { run, posix } = this.#parts;
    const target = fromSource(() => posix.readLinkAt(root.parent, root.name));
    boundTarget(target);
    run.counts.symlinks++;
    run.note(root.path, linkNote(posix, root.path, target), "source-link");
    return { ...this.#head(visit), type: NodeType.symlink, target };
  }

  async #device(root: OpenRoot, visit: Visit): Promise<NodeToWrite> {
    const { run, parents } = this.#parts;
    run.note(root.path, DEVICE_NOTE, "device-read");
    const { parent } = await parents.entry(root.path);
    this.#comparison.noteChange(visit, 0, parent);
    if (parent?.node.content !== undefined) visit.payloads.set(0, encodeContent(parent.node.content));
    await this.#contents.readRoot(visit, root);
    const node = this.#head(visit);
    setFile(node, visit, 0);
    return node;
  }

  async #file(root: OpenRoot, visit: Visit): Promise<NodeToWrite> {
    const { run, parents } = this.#parts;
    const { root: parentRoot, parent } = await parents.entry(root.path);
    this.#comparison.noteChange(visit, 0, parent);
    const known =
      parent === undefined || parentRoot === undefined
        ? undefined
        : await this.#comparison.unchangedContent(visit.table, 0, parent, parentRoot);
    if (known !== undefined) {
      visit.payloads.set(0, encodeContent(known));
      parentRoot!.keepHoles(visit.table, 0, parent!.node);
      run.countFile(visit.changeOf(0), { visit, row: 0 });
    } else {
      if (parent?.node.content !== undefined) visit.payloads.set(0, encodeContent(parent.node.content));
      await this.#contents.readRoot(visit, root);
    }
    const node = this.#head(visit);
    setFile(node, visit, 0);
    return node;
  }

  /** The flags are known of a file that was read. */
  async #attributesOf(
    { parent, name, path, stat }: OpenRoot,
    known?: number,
  ): Promise<Pick<NodeToWrite, "attributes" | "flags">> {
    const { posix, source } = this.#parts;
    const attributes = this.#attributes?.read(parent, name, () => path);
    const read = () => flagsAt(posix, parent, { name, type: stat.type });
    const flags = known ?? (await source.directories.patiently(read));
    return { ...(attributes !== undefined && { attributes }), ...(flags !== 0 && { flags }) };
  }

  #head(visit: Visit): NodeToWrite {
    const linkGroup = this.#linkGroups.of(visit.table, 0, () => splitPath(visit.directory.absolutePath).folder);
    return { ...nodeHead(visit.table, 0, this.#owners), ...(linkGroup !== undefined && { linkGroup }) };
  }

  /** A table of one row, under the empty name that a root's node has. */
  #rootVisit(root: OpenRoot): Visit {
    const { visits, directories } = this.#parts.source;
    const visit = visits.take(directories.root(root.path, root.parent), undefined);
    visit.table.add(NO_NAME, root.stat);
    visit.payloads.reset(1);
    return visit;
  }
}

/** The root itself differs, such as in its mode, though nothing in it does. */
function isOtherNode(before: Root, { path, node }: Pick<Root, "path" | "node">): boolean {
  return compareBytes(before.path, path) === 0 && compareBytes(before.node, node) !== 0;
}
