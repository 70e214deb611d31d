/**
 * What a restore would do, found out without writing anything: entries and bytes, what is there already, what would be
 * deleted, and what would be asked of the storage. Trees are read for it, and with `overwrite` the target.
 */

import { FileType, type Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { flagsAt, flagsOf } from "../backup/inode-flags.js";
import type { OwnFolders } from "../backup/own-folders.js";
import { splitPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import { AttributeSetter } from "./attributes.js";
import { NotRestored } from "./bare-entries.js";
import { choose, wantedEntries } from "./choice.js";
import { type CountedEntries, EntryCounter } from "./counted-entries.js";
import { EntryFaults } from "./entry-faults.js";
import { EntryInFolder } from "./entry-in-folder.js";
import { ExistingEntries, type Verdict } from "./existing-entries.js";
import { type Fetches, FetchForecast } from "./fetch-forecast.js";
import { FolderChanges } from "./folder-changes.js";
import { keepOthersOut } from "./folders-left.js";
import { localFileParts } from "./in-place.js";
import { MetadataSetter } from "./metadata.js";
import { OldFlags } from "./old-flags.js";
import type { DeletionPlan, RestoreOptions, RestoreSummary } from "./options.js";
import { type PlannedEntry, refuseExisting, type Wanted } from "./plan.js";
import { prepareTarget } from "./prepare-target.js";
import { groupOf, RestoreRun } from "./restore-run.js";
import { findTarget, type PlacedTarget, placeTarget, requireForeign } from "./target.js";
import { closeQuietly, TargetDirectories, TargetDirectory } from "./target-directory.js";
import { WantedNodes } from "./wanted-nodes.js";
import { requireWritable } from "./writable.js";

/** Groups of names of one file that are remembered, about 45 bytes each; beyond, the file counts for each name. */
const GROUPS_MAX = 2 ** 20;

export interface RestoreForecast {
  /** As of the restore itself. */
  readonly summary: RestoreSummary;
  /** At most: of a file that differs from one that is there, chunks may be taken from that. */
  readonly fetches: Fetches;
  readonly deletion: DeletionPlan | undefined;
  readonly changes: ForecastChanges | undefined;
}

/** With `overwrite`. */
export interface ForecastChanges {
  /** Entries that would take the place of others. */
  readonly overwritten: CountedEntries;
  /** Folders that are there and would get another owner or mode, other inode flags or attributes. */
  readonly changed: CountedEntries;
  /** Entries whose name nothing has. */
  readonly added: CountedEntries;
}

export interface ForecastOptions extends RestoreOptions {
  /** False for who cannot set owners: they say of no entry that it differs. */
  readonly isPrivileged?: boolean;
}

/** As {@link restore} of the same, but that nothing is changed. @throws as that does */
export async function forecastRestore(
  given: Repository,
  posix: Posix,
  info: SnapshotInfo,
  wanted: Wanted,
  target: Uint8Array,
  options: ForecastOptions,
): Promise<RestoreForecast> {
  const repository = given.withSignal(options.signal);
  await repository.index();
  const choice = await choose(repository, info, wanted, options);
  const run = new RestoreRun(options, choice.totals, repository.environment.now);
  const nodes = new WantedNodes({ ...choice, repository, breathe: () => run.breathe(0) });
  const plan = await wantedEntries(nodes, choice.plan, wanted);
  const placed = placeTarget(posix, target, plan, wanted);
  const { recordsAttributes, recordsAllAttributes, recordsFlags } = choice;
  const own = requireForeign(posix, placed.path, options);
  const found = { info, recordsAttributes, recordsAllAttributes, recordsFlags, own };
  const parts = { repository, posix, run, nodes, threads: 1, options, ...found };
  return await forecastInto(placed, parts);
}

interface Parts {
  readonly repository: Repository;
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly info: SnapshotInfo;
  readonly nodes: WantedNodes;
  readonly threads: number;
  readonly recordsAttributes: boolean;
  readonly recordsAllAttributes: boolean;
  readonly recordsFlags: boolean;
  readonly own: OwnFolders;
  readonly options: ForecastOptions;
}

async function forecastInto(placed: PlacedTarget, parts: Parts): Promise<RestoreForecast> {
  const { posix, options, run } = parts;
  const { path, plan } = placed;
  const directory = plan.length === 0 ? undefined : findTarget(posix, placed);
  const directories = new TargetDirectories(posix);
  let deletion: DeletionPlan | undefined;
  const forecast = new Forecast(parts, directories);
  try {
    if (directory !== undefined) {
      if (options.overwrite === undefined) await refuseExisting(parts, { directory, path }, plan);
      else deletion = await forecastDeletion(plan, { ...parts, top: directory });
    }
    if (plan.length > 0 && (directory === undefined || options.overwrite === undefined))
      requireWritable(directory === undefined ? splitPath(path).folder : path, path, "any");
    const target = directory && { directory, wasMade: false };
    await keepOthersOut(plan, { ...parts, target, path });
    const isCompared = directory !== undefined && options.overwrite !== undefined;
    await forecast.walk(plan, isCompared ? directories.top(directory, true) : undefined);
    // What is in a folder that is there need not be written.
    if (isCompared && run.files + run.symlinks + run.others > 0) requireWritable(path, path, "read-only file system");
  } finally {
    directories.closeAll();
    if (directory !== undefined) closeQuietly(posix, directory);
  }
  run.noteLeftOut();
  const changes = options.overwrite === undefined ? undefined : forecast.changes;
  return { summary: run.summary(), fetches: forecast.fetches.finish(), deletion, changes };
}

const stop = Symbol("the plan is known");

type PrepareParts = Parameters<typeof prepareTarget>[1];

/** What would be deleted: preparing ends where it is told of that. */
async function forecastDeletion(
  plan: readonly PlannedEntry[],
  parts: Parts & Pick<PrepareParts, "top">,
): Promise<DeletionPlan | undefined> {
  const { overwrite, deletes } = parts.options;
  if (overwrite === undefined || deletes === undefined) return undefined;
  let found: DeletionPlan | undefined;
  const onPlan = async (deletion: DeletionPlan) => {
    found = deletion;
    throw stop;
  };
  const options = { ...parts.options, keep: undefined, deletes: { ...deletes, onPlan } };
  try {
    await prepareTarget(plan, { ...parts, overwrite, options, deletes: true });
  } catch (error) {
    if (error !== stop) throw error;
  }
  return found;
}

class Forecast {
  readonly fetches: FetchForecast;
  readonly changes = { overwritten: new EntryCounter(), changed: new EntryCounter(), added: new EntryCounter() };
  readonly #parts: Parts;
  readonly #faults: EntryFaults;
  readonly #directories: TargetDirectories;
  readonly #existing: ExistingEntries | undefined;
  readonly #folders: FolderChanges;
  readonly #flags: OldFlags;
  readonly #groups = new Set<string>();

  constructor(parts: Parts, directories: TargetDirectories) {
    const { repository, posix, run, options } = parts;
    this.#parts = parts;
    this.#faults = new EntryFaults(parts);
    this.fetches = new FetchForecast(repository, (path, error) => run.report(path, error));
    this.#directories = directories;
    const metadata = new MetadataSetter(posix);
    if (options.isPrivileged === false) metadata.ignoreOwners();
    const attributes = new AttributeSetter(parts);
    this.#flags = new OldFlags({ ...parts, directories });
    const mayProtect = options.isPrivileged !== false;
    this.#folders = new FolderChanges({ ...parts, metadata, attributes, flags: this.#flags, mayProtect });
    if (options.overwrite === undefined) return;
    this.#existing = new ExistingEntries({
      ...parts,
      directories,
      metadata,
      attributes,
      local: localFileParts({ posix, repository }),
      overwrite: options.overwrite,
      mayProtect,
      finish: () => {},
      deletes: options.deletes !== undefined,
      isDry: true,
      tells: true,
    });
  }

  /** @param top the target, where it is there and compared */
  async walk(plan: readonly PlannedEntry[], top: TargetDirectory | undefined): Promise<void> {
    for (const { entry, folders, isTargetItself } of plan) {
      let directory = top;
      for (const { name } of folders) directory = directory && new TargetDirectory(directory, name, true);
      if (isTargetItself) await this.#itself(entry, top);
      else await this.#entry(entry, directory);
    }
  }

  async #itself(entry: Entry, top: TargetDirectory | undefined): Promise<void> {
    if (top !== undefined) {
      const handle = this.#directories.handle(top);
      const oldFlags = flagsOf(this.#parts.posix, handle.fd);
      const changes = await this.#folders.changes({ handle, directory: undefined, oldFlags }, entry.node);
      if (changes !== undefined) top.flags = this.#flags.final(oldFlags, entry);
      if (changes === true) this.changes.changed.add(entry.path);
    }
    await this.#children(entry, top);
  }

  /** @param directory the folder that it goes into, where that is there and compared */
  async #entry(entry: Entry, directory: TargetDirectory | undefined): Promise<void> {
    const { run } = this.#parts;
    const { node } = entry;
    try {
      const verdict = await this.#decide(entry, directory);
      if (verdict === "same") run.countUnchanged(entry, node.content === undefined ? 0 : contentSize(node.content));
      else if (verdict === "left") return;
      else if (node.type === NodeType.socket) run.leaveOut(entry.path, NotRestored.socket);
      else if (node.type === NodeType.directory) {
        this.#change(entry, verdict);
        run.directories++;
        await this.#children(entry, verdict === "merge" ? await this.#merge(entry, directory!) : undefined);
      } else {
        this.#change(entry, verdict);
        run.countBare(node, entry.path, node.content === undefined ? 0 : contentSize(node.content));
        if (node.content !== undefined && this.#isFirstName(node)) await this.#content(entry);
      }
    } catch (error) {
      await this.#faults.tolerate(entry.path, error);
    }
  }

  /** The folder of that name in the directory, which is there. */
  async #merge(entry: Entry, directory: TargetDirectory): Promise<TargetDirectory> {
    const { node } = entry;
    const handle = this.#directories.handle(directory);
    const oldFlags = flagsAt(this.#parts.posix, handle, { name: node.name, type: FileType.DIRECTORY });
    if (await this.#folders.changesIn({ handle, directory, oldFlags }, node)) this.changes.changed.add(entry.path);
    const below = new TargetDirectory(directory, node.name, true);
    below.flags = this.#flags.final(oldFlags, { directory, node });
    return below;
  }

  #change(entry: Entry, verdict: Verdict): void {
    if (verdict === "replace") this.changes.overwritten.add(entry.path);
    else if (verdict === "free") this.changes.added.add(entry.path);
  }

  async #decide(entry: Entry, directory: TargetDirectory | undefined): Promise<Verdict> {
    if (directory === undefined || this.#existing === undefined) return "free";
    const { node } = entry;
    try {
      return await this.#existing.decide({
        directory,
        node,
        get path() {
          return entry.path;
        },
      });
    } catch (error) {
      // A folder above it is not there yet.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "free";
      throw error;
    }
  }

  async #children(folder: Entry, directory: TargetDirectory | undefined): Promise<void> {
    const { nodes, run } = this.#parts;
    for await (const leaf of nodes.in(folder)) {
      for (const node of leaf) {
        await this.#entry(new EntryInFolder(folder, node, directory), directory);
        const turn = run.breathe(0);
        if (turn !== undefined) await turn;
      }
    }
  }

  /** Several names of one file are one content. */
  #isFirstName({ linkGroup }: Node): boolean {
    if (linkGroup === undefined) return true;
    const key = groupOf(linkGroup);
    if (this.#groups.has(key)) return false;
    if (this.#groups.size < GROUPS_MAX) this.#groups.add(key);
    return true;
  }

  async #content({ path, node }: Entry): Promise<void> {
    const { run, repository } = this.#parts;
    run.bytes += contentSize(node.content!);
    for await (const chunks of readChunkReferences(repository, node.content!)) {
      for (const { id } of chunks) this.fetches.add(path, id);
      const turn = run.breathe(0);
      if (turn !== undefined) await turn;
    }
  }
}
