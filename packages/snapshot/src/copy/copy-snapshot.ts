/** Copies one snapshot: a session of the target that ends with a snapshot of the same fields, and trees of its own. */
import { CorruptError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import { errorCountMax, type Repository, type Root, type Snapshot, WriteSession } from "@bcat/repository";
import { COMPRESSION_LEVELS } from "../backup/options.js";
import { ScanWriter, scanContentWriter } from "../backup/scan-writer.js";
import { REPAIRED } from "../repair/repair-snapshots.js";
import { readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { endWithout } from "../take-over/remake.js";
import { decodeLeaf, encodeLeaf } from "../tree/leaf.js";
import { withoutContinued } from "../undo-tag.js";
import { CopiedContents } from "./copied-contents.js";
import type { CopiedMemory } from "./copied-memory.js";
import { CopyRun, type CopyRunParts } from "./copy-run.js";
import type { CounterpartParts } from "./counterpart.js";
import { type KnownCopies, originalOf, type SnapshotPair } from "./known-copies.js";
import type { CopiedSnapshot, CopyOptions, IncompleteCopy } from "./options.js";
import { rootsOf } from "./root-pair.js";
import { ScanCopier } from "./scan-copier.js";
import { StoredBelow } from "./stored-below.js";
import { TreeAssembly } from "./tree-assembly.js";
import { TreeWalk } from "./tree-walk.js";

const NO_SCAN = new Uint8Array(0);

export interface SnapshotCopyParts {
  readonly source: Repository;
  readonly target: Repository;
  readonly copies: KnownCopies;
  readonly memory: CopiedMemory;
  readonly options: CopyOptions;
  readonly progress: CopyRunParts["progress"];
  readonly work: CopyRunParts["work"];
  /** The copy that this one is to take the place of. */
  readonly replaces: IncompleteCopy | undefined;
}

/**
 * Undefined when nothing was committed, because it would lack as much as the copy that it was to take the place of.
 *
 * @throws CorruptError when some of it is damaged and that was not to be passed over; StorageError; BcatError
 */
export async function copySnapshot(parts: SnapshotCopyParts, info: SnapshotInfo): Promise<CopiedSnapshot | undefined> {
  const { target, memory, options } = parts;
  const level = COMPRESSION_LEVELS[options.compression ?? "auto"];
  const session = await WriteSession.begin(target, { level, dryRun: false });
  const copy = new SnapshotCopy(parts, session);
  try {
    const copied = await copy.run(info);
    await copy.close();
    if (copied === undefined) {
      memory.clear();
      await session.giveUp("what its copy lacks is still damaged");
    }
    return copied;
  } catch (error) {
    // What it knows of this session was not committed.
    memory.clear();
    await copy.close();
    await endWithout(session, error);
    throw error;
  }
}

class SnapshotCopy {
  readonly #parts: SnapshotCopyParts;
  readonly #session: WriteSession;
  readonly #run: CopyRun;
  readonly #contents: CopiedContents;
  readonly #stored: StoredBelow;
  /** The lowest log head that what was taken over was checked against. */
  #logHead: number;
  /** The newest of the copies that something was taken over from. */
  #parent: number | undefined;
  /** What is to be replaced, as it is in the target. */
  #replaced: SnapshotInfo | undefined;

  constructor(parts: SnapshotCopyParts, session: WriteSession) {
    const { source, target, memory, options, progress, work } = parts;
    this.#parts = parts;
    this.#session = session;
    this.#run = new CopyRun({ source, session, options, progress, work });
    this.#contents = new CopiedContents({
      source,
      session,
      run: this.#run,
      threads: options.threads,
      signal: options.signal,
    });
    this.#stored = new StoredBelow(target, session);
    const { logHead } = session.session;
    forgetCondemned(memory, target);
    memory.logHead ??= logHead;
    this.#logHead = Math.min(logHead, memory.logHead);
  }

  async run(info: SnapshotInfo): Promise<CopiedSnapshot | undefined> {
    const { target, options, replaces } = this.#parts;
    if (replaces !== undefined) this.#replaced = await readSnapshot(target, replaces.number);
    const roots: Root[] = [];
    for (const root of info.snapshot.roots) {
      const copied = await this.#root(info, root);
      if (copied !== undefined) roots.push(copied);
    }
    this.#run.showProgress();
    const { errorCount } = this.#run;
    if (replaces !== undefined && !this.#isBetter(replaces)) return undefined;
    if (replaces === undefined && errorCount > 0 && options.skipDamaged !== true) throw this.#damaged(info.number);
    return await this.#commit(info, roots);
  }

  /** It lacks nothing that the other has, and has something that the other lacks. A folder that cannot be read is one error, whatever is in it. */
  #isBetter({ lacks }: IncompleteCopy): boolean {
    const { errorCount, replacing } = this.#run;
    return replacing.lost === 0 && (replacing.gained > 0 || errorCount < lacks);
  }

  async close(): Promise<void> {
    await this.#contents.close();
  }

  /** Undefined when it could not be copied at all. */
  async #root(info: SnapshotInfo, root: Root): Promise<Root | undefined> {
    const { source, target, memory, copies, options } = this.#parts;
    const session = this.#session;
    const { path } = root;
    const node = decodeLeaf(root.node, { root: true, what: `a root of snapshot ${info.number}` })[0]!;
    const replaced = this.#replaced && rootsOf({ source: info, target: this.#replaced }, path);
    const whole = replaced === undefined ? rootsOf(await copies.findBefore(info, path), path) : undefined;
    const pair = replaced ?? whole;
    const counterparts = pair === undefined ? undefined : this.#counterparts(pair.snapshots);
    const writer = new ScanWriter(scanContentWriter(session));
    const scan = new ScanCopier({ source, target, root, before: whole, memory, writer });
    const assembly = new TreeAssembly({
      path,
      run: this.#run,
      memory,
      storeTree: (bytes) => session.store(TREE, bytes),
      nameHash: session.repository.nameHash,
      onFolder: async (folder, tree) => await scan.folder(relativeTo(path, folder.path), tree),
    });
    const { waitingMax } = options;
    const walk = new TreeWalk({
      source,
      run: this.#run,
      memory,
      contents: this.#contents,
      assembly,
      counterparts,
      waitingMax,
    });
    await walk.root(path, node, pair?.nodes);
    const copied = assembly.finish();
    if (copied === undefined) return undefined;
    if (node.subtree === undefined) await scan.single();
    // What a folder lacks would be taken for unchanged.
    const isKnown = assembly.isWhole && root.scan.length > 0;
    return { path, node: encodeLeaf([copied], { root: true }), scan: isKnown ? scan.finish() : NO_SCAN };
  }

  /**
   * Takes note of the copy that something may be taken over from: rules 2 and 5 of docs/architecture.md. Where packs were
   * condemned since it was committed, all that is taken over is looked up.
   */
  #counterparts({ target: copy }: SnapshotPair): CounterpartParts {
    const { source, target } = this.#parts;
    const { logHead } = copy.snapshot;
    const mustResolve = target.history.condemnedSince(logHead);
    if (!mustResolve) this.#logHead = Math.min(this.#logHead, logHead);
    const isIncomplete = copy.number === this.#replaced?.number;
    if (!isIncomplete) this.#parent = Math.max(this.#parent ?? 0, copy.number);
    return { source, target, stored: mustResolve ? this.#stored : undefined, isIncomplete };
  }

  #damaged(number: number): CorruptError {
    const { errorCount } = this.#run;
    const what = errorCount === 1 ? "an entry of it is" : `${errorCount} entries of it are`;
    return new CorruptError(
      `Cannot copy snapshot ${number}: ${what} damaged; none of it was committed, with --skip-damaged it is copied without them`,
    );
  }

  async #commit(info: SnapshotInfo, roots: readonly Root[]): Promise<CopiedSnapshot> {
    const { source, memory, replaces } = this.#parts;
    const session = this.#session;
    const { snapshot } = info;
    const { parent: _parent, parents: _parents, seen: _seen, ...kept } = snapshot;
    await session.flush();
    const { added } = session;
    const { files, bytes } = snapshot.counts;
    const { left, errorCount } = this.#run;
    const counts = {
      ...snapshot.counts,
      files: Math.max(0, files - left.files),
      bytes: Math.max(0, bytes - left.bytes),
    };
    memory.logHead = Math.min(memory.logHead ?? this.#logHead, this.#logHead);
    await session.commit({
      ...kept,
      ...(this.#parent === undefined ? {} : { parent: this.#parent }),
      roots,
      tags: this.#tags(snapshot),
      options: withoutContinued(snapshot.options),
      counts: {
        ...counts,
        dataChunksAdded: added.dataChunks,
        treeChunksAdded: added.treeChunks,
        plainBytesAdded: added.plainBytes,
        storedBytesAdded: added.storedBytes,
      },
      errors: this.#errors(snapshot),
      original: { ...originalOf(source, info), ...this.#place() },
      logHead: this.#logHead,
    });
    return {
      from: info.number,
      number: session.number,
      files: counts.files,
      bytes: counts.bytes,
      bytesRead: this.#run.bytesRead,
      dataAdded: added.plainBytes,
      dataAddedPacked: added.storedBytes,
      errors: errorCount,
      ...(replaces === undefined ? {} : { replaced: replaces }),
    };
  }

  /** Those of the copy that it takes the place of stay, as they may have been changed. */
  #tags({ tags }: Snapshot): readonly string[] {
    const kept = this.#replaced?.snapshot.tags ?? tags;
    return kept.filter((tag) => tag !== REPAIRED || tags.includes(tag));
  }

  #place(): { readonly place?: number } {
    if (this.#replaced === undefined) return {};
    const { number, snapshot } = this.#replaced;
    return { place: snapshot.original?.place ?? number };
  }

  #errors({ errors }: Snapshot): Snapshot["errors"] {
    const first = [...this.#run.errors, ...errors.first].slice(0, errorCountMax);
    return { total: errors.total + this.#run.errorCount, first };
  }
}

/** Rule 5 of docs/architecture.md, for what was copied before in this run: nothing is known where packs were condemned since. */
function forgetCondemned(memory: CopiedMemory, { history }: Repository): void {
  if (memory.logHead !== undefined && history.condemnedSince(memory.logHead)) memory.clear();
}

/** Without a slash at either end. */
function relativeTo(root: Uint8Array, path: Uint8Array): Uint8Array {
  return root.length === 1 || root.length === path.length ? path.subarray(root.length) : path.subarray(root.length + 1);
}
