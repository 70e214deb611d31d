/**
 * Walks the directories of one root: a directory before those below it, siblings in order of name. The levels are data,
 * not stack: depth costs nothing, and what is open can be seen. A directory is handed out when its entries have been
 * listed and looked at, and again when all below it have been through.
 */
import { type Directory, EntryList, FileType, type Posix, Stat } from "@bcat/posix";
import { type Choice, exclusionOf } from "../choosing/choice.js";
import { ListedFolder } from "../choosing/chosen-folder.js";
import type { BackupRun } from "./backup-run.js";
import { boundName, boundTimes } from "./bound-entry.js";
import { orderEntries } from "./entry-order.js";
import { OWN, type OwnFolders } from "./own-folders.js";
import { type SourceDirectories, SourceDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault, sourceFault } from "./source-fault.js";
import type { Visit, VisitPool } from "./visit.js";

export interface WalkOptions {
  readonly run: BackupRun;
  readonly posix: Posix;
  readonly directories: SourceDirectories;
  readonly visits: VisitPool;
  readonly ownFolders: OwnFolders;
  readonly choice: Choice;
  readonly withAtime: boolean;
}

/** The visit is `entered` with its entries in place, files to be dealt with now, and `left` after all below it. */
export interface WalkStep {
  readonly kind: "enter" | "leave";
  readonly visit: Visit;
}

type Device = Pick<Stat, "deviceMajor" | "deviceMinor">;

const CROSSED = "another file system is mounted here, and backed up too (unless with --one-file-system)";
const LEFT_FOLDER = "another file system is mounted here: the folder is kept, and nothing in it";
const LEFT_FILE = "it is mounted from another file system, and left out";

interface Level {
  readonly visit: Visit;
  /** The row to look at next for a subdirectory. */
  row: number;
}

export class Walk {
  readonly #options: WalkOptions;
  readonly #list = new EntryList();
  readonly #stat = new Stat();
  readonly #folder: ListedFolder;
  #entered: SourceDirectory | undefined;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#stat.wantsAccessTime = options.withAtime;
    this.#folder = new ListedFolder(options.posix, this.#list, () => this.#relieve());
  }

  /**
   * All directories of an open root, which `stat` is about.
   *
   * @throws SourceError when the root itself cannot be listed
   */
  async *steps(root: SourceDirectory, { deviceMajor, deviceMinor }: Stat): AsyncGenerator<WalkStep, void, undefined> {
    const { directories } = this.#options;
    const levels: Level[] = [];
    let next: Visit | undefined = await this.#enter(root, { deviceMajor, deviceMinor });
    for (;;) {
      if (next !== undefined) {
        levels.push({ visit: next, row: 0 });
        yield { kind: "enter", visit: next };
      }
      const level = levels.at(-1);
      if (level === undefined) return;
      const row = nextDirectory(level);
      if (row !== undefined) {
        next = await this.#tryEnter(level.visit, row);
        continue;
      }
      next = undefined;
      levels.pop();
      directories.leave(level.visit.directory);
      yield { kind: "leave", visit: level.visit };
    }
  }

  /** A subdirectory, or undefined when it cannot be read and was dropped. */
  async #tryEnter(above: Visit, row: number): Promise<Visit | undefined> {
    const { run, directories } = this.#options;
    const directory = new SourceDirectory(above.directory, above.table.name(row).slice());
    if (above.closed?.has(row) === true) return this.#closed(directory, { visit: above, row });
    const { deviceMajor, deviceMinor } = above.table.columns;
    const device = { deviceMajor: deviceMajor[row]!, deviceMinor: deviceMinor[row]! };
    try {
      return await this.#enter(directory, device, { visit: above, row });
    } catch (error) {
      run.dropRow(above, row, requireSourceFault(error));
      directories.leave(directory);
      return undefined;
    }
  }

  async #enter(directory: SourceDirectory, device: Device, above?: Visit["above"]): Promise<Visit> {
    const { directories, visits, posix } = this.#options;
    const handle = await directories.handle(directory);
    fromSource(() => posix.readEntries(handle, this.#list));
    const order = orderEntries(this.#list);
    const visit = visits.take(directory, above);
    visit.deviceMajor = device.deviceMajor;
    visit.deviceMinor = device.deviceMinor;
    this.#choose(visit, handle, order);
    await this.#look(visit, order);
    return visit;
  }

  /** Gives back the descriptors of all folders but the one that is being entered. */
  #relieve(): void {
    const { directories } = this.#options;
    const entered = this.#entered!;
    directories.hold(entered);
    directories.closeIdle();
    entered.holders--;
  }

  /** A folder that is not entered. */
  #closed(directory: SourceDirectory, above: Visit["above"]): Visit {
    const visit = this.#options.visits.take(directory, above);
    visit.payloads.reset(0);
    return visit;
  }

  #choose(visit: Visit, handle: Directory, order: Uint32Array): void {
    const { choice, posix } = this.#options;
    const { directory, above } = visit;
    this.#entered = directory;
    const folder = this.#folder.set(handle, order);
    visit.choice =
      above === undefined
        ? choice.root(posix, directory.absolutePath, folder)
        : choice.enter(folder, () => directory.absolutePath, above.visit.choice);
  }

  /** Looks at all entries that are not excluded, in order of name. */
  async #look(visit: Visit, order: Uint32Array): Promise<void> {
    const { run, directories } = this.#options;
    visit.table.reserve(this.#list);
    let handle = await directories.handle(visit.directory);
    for (const index of order) {
      if (run.look()) {
        await run.breathe(0);
        handle = await directories.handle(visit.directory);
      }
      try {
        if (visit.choice !== undefined && this.#isExcluded(visit, handle, index)) continue;
        boundName(this.#list.name(index));
        this.#statEntry(handle, index);
      } catch (error) {
        run.reportEntry(visit, this.#list.name(index), requireSourceFault(error));
        continue;
      }
      if (this.#canBeStored(visit, index)) visit.table.addEntry(this.#list, index, this.#stat);
    }
    visit.payloads.reset(visit.table.count);
  }

  /** Without a function of its own for each entry, of which there are many. @throws as {@link fromSource} */
  #statEntry(handle: Directory, index: number): void {
    try {
      this.#options.posix.statEntry(handle, this.#list, index, this.#stat);
    } catch (error) {
      throw sourceFault(error);
    }
  }

  /** Reports what cannot be stored of the entry that was looked at last. @throws SourceError when it is all of it */
  #canBeStored(visit: Visit, index: number): boolean {
    const { run, ownFolders, choice } = this.#options;
    const { type } = this.#stat;
    const path = () => this.#absolute(visit, index);
    if (type === FileType.UNKNOWN) {
      run.reportSkipped(path(), "entries of unknown type are not backed up", "unknown-type");
      return false;
    }
    if (type === FileType.DIRECTORY && ownFolders.has(this.#stat)) {
      run.reportSkipped(path(), OWN, "own-folder");
      return false;
    }
    if (exclusionOf(choice, this.#stat) !== undefined) return false;
    if (visit.deviceMinor !== this.#stat.deviceMinor || visit.deviceMajor !== this.#stat.deviceMajor) {
      if (!this.#keepsForeign(visit, index)) return false;
    }
    const fault = boundTimes(this.#stat);
    if (fault !== undefined) run.reportUnreadable(path(), fault);
    return true;
  }

  /**
   * Whether the entry that was looked at last, which lies on another file system than its folder, is kept. A folder
   * that is not to be entered is kept empty.
   */
  #keepsForeign(visit: Visit, index: number): boolean {
    const { choice } = this.#options;
    const path = this.#absolute(visit, index);
    const isDirectory = this.#stat.type === FileType.DIRECTORY;
    const kept = choice.foreign(visit.choice, { name: this.#list.name(index), path, isDirectory });
    if (kept !== "kept") choice.note(path, isDirectory ? LEFT_FOLDER : LEFT_FILE, "file-system-left");
    else if (isDirectory && choice.otherFileSystem === undefined) choice.note(path, CROSSED, "file-system-crossed");
    if (kept === "closed") {
      visit.closed ??= new Set();
      visit.closed.add(visit.table.count);
    }
    return kept !== "left";
  }

  /** @throws SourceError when that hangs on its type, and nothing says what it is */
  #isExcluded(visit: Visit, handle: Directory, index: number): boolean {
    const isDirectory = () => {
      fromSource(() => this.#options.posix.statEntry(handle, this.#list, index, this.#stat));
      return this.#stat.type === FileType.DIRECTORY;
    };
    return visit.choice?.exclusion(this.#list.name(index), isDirectory) !== undefined;
  }

  #absolute(visit: Visit, index: number): Uint8Array {
    return visit.pathOf(this.#list.name(index));
  }
}

function nextDirectory(level: Level): number | undefined {
  const { table } = level.visit;
  const { types } = table.columns;
  while (level.row < table.count) {
    const row = level.row++;
    if (types[row] === FileType.DIRECTORY) return row;
  }
  return undefined;
}
