/**
 * Trees of folders that a backup has not finished: what a checkpoint has of them. They list only what is stored, and
 * their records in the scan have no digest, so that the next backup compares them file by file (rule 3 of
 * docs/architecture.md). Nothing of the backup itself is changed: what is left to be found out stays so.
 */
import { CorruptError } from "@bcat/errors";
import { FileType } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { DirectoryWriter, type StoreTree } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import { NodeType, type TreeReference } from "../tree/node.js";
import { type ScanRecord, scanDigestSize } from "../tree/scan.js";
import { readNodes } from "../tree/tree-reader.js";
import type { BackupRun } from "./backup-run.js";
import type { NodeMaker } from "./nodes.js";
import type { KnownDirectory, Visit } from "./visit.js";

/** A folder that is compared file by file. */
const NO_DIGEST = new Uint8Array(scanDigestSize);

export interface ProvisionalTreesParts {
  readonly repository: Repository;
  readonly run: BackupRun;
  readonly nodes: NodeMaker;
  readonly storeTree: StoreTree;
}

/** A folder as it is stored until it is finished. */
export interface ProvisionalFolder {
  readonly visit: Visit;
  readonly tree: TreeReference;
  readonly digest: Uint8Array;
  /** 1 for the rows that the tree has. */
  readonly listed: Uint8Array;
}

/** The trees that folders have until they are finished, by the row in the folder above. */
type Subtrees = ReadonlyMap<number, TreeReference>;

/**
 * Stores trees of folders that are open. Memory: a byte an entry of them, and one open leaf.
 *
 * @param open in post-order, each with all that it lies in: the last is the root
 * @throws CorruptError when what a parent has of one cannot be read; what storing throws
 */
export async function storeProvisional(
  parts: ProvisionalTreesParts,
  open: readonly Visit[],
): Promise<ProvisionalFolder[]> {
  const below = new Map<Visit, Map<number, TreeReference>>();
  const folders: ProvisionalFolder[] = [];
  for (const visit of open) {
    const folder = await storeFolder(parts, visit, below.get(visit) ?? new Map());
    below.delete(visit);
    folders.push(folder);
    if (visit.above === undefined) continue;
    const { visit: above, row } = visit.above;
    const siblings = below.get(above) ?? new Map<number, TreeReference>();
    below.set(above, siblings.set(row, folder.tree));
  }
  return folders;
}

/** Their records in a scan, one at a time. */
export function* provisionalRecords(folders: readonly ProvisionalFolder[]): Generator<ScanRecord> {
  for (const { visit, tree, digest, listed } of folders) {
    const entryCount = listed.reduce((sum, is) => sum + is, 0);
    const columns = visit.table.scanColumnsOf(listed);
    yield { path: visit.directory.path, digest, tree, columns, entryCount };
  }
}

async function storeFolder(parts: ProvisionalTreesParts, visit: Visit, subtrees: Subtrees): Promise<ProvisionalFolder> {
  const writer = new DirectoryWriter(parts.storeTree, parts.repository.nameHash);
  const listed = new Uint8Array(visit.table.count);
  if (visit.isFilled) await listFound({ parts, visit, subtrees, writer, listed });
  else if (visit.known !== undefined) await listKnown({ parts, visit, subtrees, writer, listed }, visit.known);
  // Rule 3 of docs/architecture.md: nobody takes over what is not finished.
  const digest = NO_DIGEST;
  return { visit, tree: writer.finish(), digest, listed };
}

interface Listing {
  readonly parts: ProvisionalTreesParts;
  readonly visit: Visit;
  readonly subtrees: Subtrees;
  readonly writer: DirectoryWriter;
  /** Set for each row that is written. */
  readonly listed: Uint8Array;
}

/** The rows that all is known of. */
async function listFound({ parts, visit, subtrees, writer, listed }: Listing): Promise<void> {
  const { run, nodes } = parts;
  const { table } = visit;
  for (let row = 0; row < table.count; row++) {
    if (run.look()) await run.breathe(0);
    if (!isStored(visit, row)) continue;
    const subtree = visit.subtrees.get(row)?.tree ?? subtrees.get(row);
    if (subtree === undefined && table.columns.types[row] === FileType.DIRECTORY) continue;
    writer.add(nodes.node(visit, row, subtree));
    listed[row] = 1;
  }
}

/** What is there of a row is stored, and there are no attributes of it that have not been read. */
function isStored(visit: Visit, row: number): boolean {
  const { done, attributes } = visit.table.columns;
  return done[row] === 1 && attributes[row] === 0 && visit.keeps(row);
}

/** The entries of a folder that is as its parent has it, and whose rows nobody has looked at: as they are there. */
async function listKnown(
  { parts, visit, subtrees, writer, listed }: Listing,
  { record }: KnownDirectory,
): Promise<void> {
  const { repository, run } = parts;
  const { table } = visit;
  let row = 0;
  for await (const nodes of readNodes(repository, record.tree)) {
    for (const node of nodes) {
      if (run.look()) await run.breathe(0);
      if (row === table.count || compareBytes(node.name, table.name(row)) !== 0)
        throw new CorruptError("Cannot use a scan: a folder is not what its digest says");
      const subtree =
        node.type === NodeType.directory ? (visit.subtrees.get(row)?.tree ?? subtrees.get(row)) : undefined;
      const isThere = visit.keeps(row) && (node.type !== NodeType.directory || subtree !== undefined);
      if (isThere) writer.add(subtree === undefined ? node : { ...node, subtree });
      listed[row++] = isThere ? 1 : 0;
    }
  }
}
