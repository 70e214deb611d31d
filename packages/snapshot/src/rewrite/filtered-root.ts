/**
 * Writes a root of a snapshot anew without what is to be left out: its trees, leaf by leaf, and its scan stream. Trees that
 * come out as they were have the ids that they had, and are not stored again.
 */
import { CorruptError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Root, WriteSession } from "@bcat/repository";
import { ScanWriter, scanContentWriter } from "../backup/scan-writer.js";
import { joinPath } from "../path.js";
import { walkNodeContent } from "../references/walk-references.js";
import type { TakenReferences } from "../take-over/taken-references.js";
import { encodeContent } from "../tree/content.js";
import { decodeLeaf, encodeLeaf } from "../tree/leaf.js";
import { DirectoryWriter } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import { type Node, NodeType, type TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { FilteredCounts } from "./filtered-counts.js";
import { type FilteredFolder, filterRecord } from "./filtered-record.js";
import type { LeftOut } from "./left-out.js";
import { ScanRecords } from "./scan-records.js";

const NO_NAME = new Uint8Array(0);

export interface FilterParts {
  readonly session: WriteSession;
  readonly leftOut: LeftOut;
  readonly counts: FilteredCounts;
  /** What is kept is taken over; undefined where it needs not be looked at. */
  readonly references: TakenReferences | undefined;
  /** Told of each entry that is left out, by its absolute path. */
  readonly onLeftOut?: ((path: Uint8Array) => void) | undefined;
  /** Between two leaves. */
  readonly breathe: () => Promise<void>;
}

/** Undefined when the root itself is left out. @throws CorruptError, StorageError */
export async function filterRoot(parts: FilterParts, root: Root): Promise<Root | undefined> {
  const [node] = decodeLeaf(root.node, { root: true, what: "a root" });
  const isDirectory = node!.type === NodeType.directory;
  if (parts.leftOut.hasRoot(root.path, isDirectory)) {
    parts.counts.leftOut++;
    parts.onLeftOut?.(root.path);
    return undefined;
  }
  return await new RootFilter(parts, root).run(node!);
}

class RootFilter {
  readonly #parts: FilterParts;
  readonly #root: Root;
  readonly #records: ScanRecords;
  readonly #scan: ScanWriter;

  constructor(parts: FilterParts, root: Root) {
    this.#parts = parts;
    this.#root = root;
    this.#records = new ScanRecords(parts.session.repository, root);
    this.#scan = new ScanWriter(scanContentWriter(parts.session));
  }

  async run(node: Node): Promise<Root> {
    const { path } = this.#root;
    const kept = await this.#entry(node, path, NO_NAME);
    if (kept.subtree === undefined) await this.#passRecord(NO_NAME);
    return { path, node: encodeLeaf([kept], { root: true }), scan: this.#finishScan() };
  }

  /** An entry that is kept, with what is below it. */
  async #entry(node: Node, path: Uint8Array, relative: Uint8Array): Promise<Node> {
    const { references, session, counts } = this.#parts;
    references?.enter(relative.length === 0 ? path : node.name);
    if (references !== undefined) await walkNodeContent(session.repository, node, references);
    const subtree = node.subtree === undefined ? undefined : await this.#folder(node.subtree, path, relative);
    references?.leave();
    counts.add(node, subtree !== undefined && compareBytes(subtree.id, node.subtree!.id) !== 0);
    return subtree === undefined ? node : { ...node, subtree };
  }

  async #folder(tree: TreeReference, path: Uint8Array, relative: Uint8Array): Promise<TreeReference> {
    const { session, leftOut, counts, onLeftOut, breathe } = this.#parts;
    const { repository } = session;
    const writer = new DirectoryWriter((bytes) => session.store(TREE, bytes), repository.nameHash);
    const leaveOut = leftOut.in(path);
    const dropped: number[] = [];
    let entryCount = 0;
    for await (const nodes of readNodes(repository, tree)) {
      for (const node of nodes) {
        const below = joinPath(path, node.name);
        if (leaveOut(node.name, node.type === NodeType.directory)) {
          dropped.push(entryCount);
          counts.leftOut++;
          onLeftOut?.(below);
        } else writer.add(await this.#entry(node, below, joinPath(relative, node.name)));
        entryCount++;
      }
      await breathe();
    }
    const filtered = { tree: writer.finish(), entryCount, dropped };
    await this.#passRecord(relative, filtered);
    return filtered.tree;
  }

  /** A record that does not fit its folder is left out: the folder is looked at as if it were new the next time. */
  async #passRecord(path: Uint8Array, folder?: FilteredFolder): Promise<void> {
    const record = await this.#records.take(path);
    if (record === undefined || (folder !== undefined && record.entryCount !== folder.entryCount)) return;
    try {
      this.#scan.append(folder === undefined ? record : filterRecord(record, folder));
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
    }
  }

  /** None where there was none, or where it would end before the record of the root. */
  #finishScan(): Uint8Array {
    if (this.#root.scan.length === 0 || !this.#scan.isWhole) return NO_NAME;
    const { content, stream } = this.#scan.finish();
    const encoded = encodeContent(content);
    const { session } = this.#parts;
    if (stream !== undefined && content.kind !== "inline" && !session.session.isDryRun)
      session.repository.keptScans.keep(this.#root.path, encoded, stream);
    return encoded;
  }
}
