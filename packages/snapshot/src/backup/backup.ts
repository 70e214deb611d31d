/** Backs up roots into a new snapshot. */
import { createCutter } from "@bcat/chunker";
import { SourceError } from "@bcat/errors";
import { DATA, TREE } from "@bcat/pack";
import { type Directory, FileType, type Posix } from "@bcat/posix";
import { type Repository, type Root, WriteSession } from "@bcat/repository";
import { compileExcludes } from "../exclude.js";
import { findParent } from "../snapshots.js";
import { encodeContent } from "../tree/content.js";
import { decodeLeaf, encodeLeaf } from "../tree/leaf.js";
import { type Node, NodeType } from "../tree/node.js";
import { noReference } from "../tree/reference.js";
import { decodeScanStats } from "../tree/scan-stats.js";
import { BackupRun } from "./backup-run.js";
import { ContentWriter } from "./content-writer.js";
import { DirectoryBackup } from "./directory-backup.js";
import { FileBackup } from "./file-backup.js";
import { type BackupOptions, type BackupSummary, COMPRESSION_LEVELS, type Warning } from "./options.js";
import { OwnFolders } from "./own-folders.js";
import { OwnerNames } from "./owners.js";
import { type Parent, type ParentEntry, ParentScan } from "./parent.js";
import { normaliseRoots, type OpenRoot, openRoots } from "./roots.js";
import { ScanWriter } from "./scan-writer.js";
import { fromSource, requireSourceFault } from "./source-fault.js";
import { StatTable } from "./stat-table.js";

/** Files this close to the parent's start (ms) may have changed in the same tick of their clock: they are read again. */
const RACY_MS = 2_000;
/** Scan streams are cut finer than files: a renamed directory changes a few of their bytes. */
const SCAN_CHUNKER = { kind: "cdc", minimum: 32 * 1024, average: 64 * 1024, maximum: 256 * 1024 } as const;

/** The parts one backup is made of. */
interface Parts {
  readonly run: BackupRun;
  readonly session: WriteSession;
  readonly posix: Posix;
  readonly files: FileBackup;
  readonly scanContent: ContentWriter;
  readonly owners: OwnerNames;
  readonly ownFolders: OwnFolders;
  readonly parent: Parent | undefined;
}

/**
 * Backs up `paths` (absolute, normalised, as bytes) and commits a snapshot of them.
 *
 * Roots that are missing are reported like any unreadable entry, as long as one is there. A dry run reads what a backup
 * would read, reserves and stores nothing.
 *
 * @throws BcatError usage for roots inside one another or bad patterns; source-failed when no root is there;
 * interrupted; StorageError; CorruptError when the repository is damaged in a way that makes writing unsafe
 */
export async function backup(
  repository: Repository,
  posix: Posix,
  paths: readonly Uint8Array[],
  options: BackupOptions,
): Promise<BackupSummary> {
  const start = repository.environment.now();
  const isExcluded = compileExcludes(options.excludes ?? []);
  const faults: Warning[] = [];
  const roots = openRoots(posix, normaliseRoots(paths), (path, message) =>
    faults.push({ path, message, kind: "error" }),
  );
  let session: WriteSession | undefined;
  try {
    const level = COMPRESSION_LEVELS[options.compression ?? "auto"];
    const host = options.host === undefined ? {} : { host: options.host };
    session = await WriteSession.begin(repository, { level, dryRun: options.dryRun === true, ...host });
    const parent = await findParent(
      repository,
      options.host ?? repository.environment.host,
      roots.map((root) => root.path),
    );
    const run = createRun({ session, options, parent, isExcluded });
    for (const { path, message } of faults) run.reportUnreadable(path, new SourceError(message));
    const stored = await storeRoots(createParts({ run, session, posix, parent, options }), roots);
    if (stored.length === 0)
      throw new SourceError("Cannot back up: none of the sources could be read; nothing was committed");
    return await finish({ run, session, options, parent, start }, stored);
  } catch (error) {
    await session?.abandon();
    throw error;
  } finally {
    for (const root of roots) posix.closeDirectory(root.parent);
  }
}

function createRun(parts: {
  session: WriteSession;
  options: BackupOptions;
  parent: Parent | undefined;
  isExcluded: BackupRun["isExcluded"];
}): BackupRun {
  const { session, options, parent, isExcluded } = parts;
  const counts = parent?.snapshot.counts;
  const totals = counts === undefined ? undefined : { files: counts.files, bytes: counts.bytes };
  const run = new BackupRun({ session, options, totals, isExcluded });
  if (parent !== undefined) {
    run.racyTime = parent.snapshot.start - RACY_MS;
    run.mustResolve = session.repository.state.condemnedSince(parent.snapshot.logHead);
  }
  return run;
}

function createParts(parts: {
  run: BackupRun;
  session: WriteSession;
  posix: Posix;
  parent: Parent | undefined;
  options: BackupOptions;
}): Parts {
  const { run, session, posix, parent, options } = parts;
  const { repository } = session;
  const { chunker } = repository;
  const gear = repository.gear();
  const writer = new ContentWriter({
    session,
    kind: DATA,
    cutter: createCutter(chunker, gear),
    minimum: chunker.minimum,
  });
  const scanCutter = createCutter(SCAN_CHUNKER, gear);
  const scanContent = new ContentWriter({ session, kind: TREE, cutter: scanCutter, minimum: SCAN_CHUNKER.minimum });
  const files = new FileBackup({ run, session, posix, writer });
  const ownFolders = new OwnFolders(posix, options.ownFolders ?? []);
  return { run, session, posix, parent, files, scanContent, owners: new OwnerNames(), ownFolders };
}

async function storeRoots(parts: Parts, roots: readonly OpenRoot[]): Promise<Root[]> {
  const stored: Root[] = [];
  for (const root of roots) {
    const known = parts.parent?.snapshot.roots.find((other) => Buffer.compare(other.path, root.path) === 0);
    const store = root.stat.type === FileType.DIRECTORY ? storeDirectory : storeSingle;
    try {
      stored.push(await store(parts, root, known));
    } catch (error) {
      // Without the cause: a root that has vanished was named, and is missed.
      parts.run.reportUnreadable(root.path, new SourceError(requireSourceFault(error).message));
    }
  }
  return stored;
}

async function storeDirectory(parts: Parts, root: OpenRoot, known: Root | undefined): Promise<Root> {
  const { session, posix } = parts;
  const scan = new ScanWriter(parts.scanContent);
  const parentScan = known === undefined ? undefined : new ParentScan(session.repository, known);
  const directories = new DirectoryBackup({ ...parts, scan, parentScan, root: root.path });
  const directory = fromSource(() => openRootDirectory(posix, root));
  try {
    const { tree } = await directories.backUp(directory, new Uint8Array(0));
    const table = tableOf(root);
    const node: Node = { ...directories.nodeHead(table, 0), type: NodeType.directory, subtree: tree };
    return { path: root.path, node: encodeLeaf([node], { root: true }), scan: encodeContent(scan.finish()) };
  } finally {
    posix.closeDirectory(directory);
  }
}

function openRootDirectory(posix: Posix, root: OpenRoot): Directory {
  return root.name.length === 0 ? posix.openDirectory(root.path) : posix.openDirectoryAt(root.parent, root.name);
}

/** A root that is a file or a symbolic link. */
async function storeSingle(parts: Parts, root: OpenRoot, known: Root | undefined): Promise<Root> {
  const { run, session, posix, files } = parts;
  const scan = new ScanWriter(parts.scanContent);
  const directories = new DirectoryBackup({ ...parts, scan, parentScan: undefined, root: root.path });
  const table = tableOf(root);
  let node: Node;
  if (root.stat.type === FileType.SYMLINK) {
    const target = fromSource(() => posix.readLinkAt(root.parent, root.name));
    run.counts.symlinks++;
    node = { ...directories.nodeHead(table, 0), type: NodeType.symlink, target };
  } else {
    const entry = { directory: root.parent, name: root.name, path: () => root.path };
    const parent = known === undefined ? undefined : await singleParent(session.repository, known);
    const file = await files.backUp(entry, { table, row: 0 }, parent);
    node = { ...directories.nodeHead(table, 0), type: NodeType.file, content: file.content };
  }
  scan.append({ path: new Uint8Array(0), digest: new Uint8Array(16), tree: noReference, table });
  return { path: root.path, node: encodeLeaf([node], { root: true }), scan: encodeContent(scan.finish()) };
}

async function singleParent(repository: Repository, known: Root): Promise<ParentEntry | undefined> {
  const node = decodeLeaf(known.node, { root: true })[0];
  const record = await new ParentScan(repository, known).find(new Uint8Array(0));
  if (node === undefined || record === undefined || record.entryCount !== 1) return undefined;
  return { node, stats: decodeScanStats(record, { what: "a scan record" }), row: 0 };
}

/** A table of one row, under the empty name that a root's node has. */
function tableOf(root: OpenRoot): StatTable {
  const table = new StatTable(1);
  table.add(new Uint8Array(0), root.stat);
  return table;
}

async function finish(
  parts: { run: BackupRun; session: WriteSession; options: BackupOptions; parent: Parent | undefined; start: number },
  roots: readonly Root[],
): Promise<BackupSummary> {
  const { run, session, options, parent, start } = parts;
  const { environment } = session.repository;
  const { added } = session;
  await session.flush();
  const end = environment.now();
  if (options.dryRun !== true) {
    await session.commit({
      ...(parent === undefined ? {} : { parent: parent.number }),
      roots,
      start,
      end,
      zone: environment.zone,
      host: options.host ?? environment.host,
      user: environment.user,
      clientId: environment.clientId,
      version: environment.programVersion,
      tags: options.tags ?? [],
      excludes: options.excludes ?? [],
      options: options.compression === undefined ? [] : [`compression=${options.compression}`],
      counts: {
        ...run.counts,
        others: 0,
        dataChunksAdded: added.dataChunks,
        treeChunksAdded: added.treeChunks,
        plainBytesAdded: added.plainBytes,
        storedBytesAdded: added.storedBytes,
      },
      errors: run.errors,
    });
  }
  const { counts } = run;
  return {
    snapshotNumber: options.dryRun === true ? undefined : session.number,
    parent: parent?.number,
    start,
    end: environment.now(),
    errors: run.errors.total,
    skipped: run.skipped,
    filesNew: counts.filesNew,
    filesChanged: counts.filesChanged,
    filesUnmodified: counts.filesUnmodified,
    dirsNew: counts.directoriesNew,
    dirsChanged: counts.directoriesChanged,
    dirsUnmodified: counts.directoriesUnmodified,
    dataChunks: added.dataChunks,
    treeChunks: added.treeChunks,
    dataAdded: added.plainBytes,
    dataAddedPacked: added.storedBytes,
    totalFiles: counts.files,
    totalBytes: counts.bytes,
  };
}
