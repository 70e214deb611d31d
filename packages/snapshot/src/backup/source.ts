/**
 * What a backup reads. The first of its roots can be walked before the repository is open: deriving a key from a
 * passphrase takes 0.1 s, asking a storage far away longer, and the walk needs neither.
 */
import { type Directory, FileType, type Posix } from "@bcat/posix";
import type { Choice } from "../choosing/choice.js";
import type { BackupRun } from "./backup-run.js";
import { OwnFolders } from "./own-folders.js";
import { type NamedRoot, type OpenRoot, openRoot, openRootDirectory } from "./roots.js";
import { closeDirectory, SourceDirectories } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";
import { VisitPool } from "./visit.js";
import { Walk, type WalkStep } from "./walk.js";

/** Entries, and directories, that are looked at ahead: about 130 bytes an entry. */
const AHEAD_ENTRIES_MAX = 65_536;
const AHEAD_STEPS_MAX = 2_048;

export interface SourceOptions {
  readonly run: BackupRun;
  readonly posix: Posix;
  /** Absolute paths; looked for when they are first asked about. */
  readonly ownFolders: readonly Uint8Array[];
  readonly choice: Choice;
  /** Access times of entries are looked at. */
  readonly withAtime: boolean;
  /** A root that is a link to a block device is that device. */
  readonly readSpecial: boolean;
}

/** A root that is open, and all directories in it if it is one. The caller closes both. */
export interface SourceRoot {
  readonly root: OpenRoot;
  readonly opened: Directory | undefined;
  readonly steps: AsyncIterable<WalkStep>;
}

type Steps = AsyncGenerator<WalkStep, void, undefined>;

/** A root that is walked ahead. */
interface Ahead {
  readonly path: Uint8Array;
  /** Undefined when it could not be opened. */
  opened: (SourceRoot & { readonly steps: Steps }) | undefined;
  readonly found: WalkStep[];
  /** What ended it. */
  failure: { readonly error: unknown } | undefined;
}

export class Source {
  readonly directories: SourceDirectories;
  readonly visits = new VisitPool();
  /** Waits until files that are being read have let go of directories; false when none are. */
  relieve: () => Promise<boolean> = async () => false;
  /** Waits until what is done beside the backup has given back its descriptors; false when nothing is. */
  spare: () => Promise<boolean> = async () => false;
  readonly #options: SourceOptions;
  #ownFolders: OwnFolders | undefined;
  #walk: Walk | undefined;
  #ahead: Promise<Ahead> | undefined;
  #isAheadWanted = true;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.directories = new SourceDirectories(options.posix, async () => (await this.spare()) || (await this.relieve()));
  }

  /** The folders that the backup writes to. */
  get ownFolders(): OwnFolders {
    const { run, posix, ownFolders } = this.#options;
    this.#ownFolders ??= new OwnFolders(posix, ownFolders, (path, fault) => run.reportUnreadable(path, fault));
    return this.#ownFolders;
  }

  /** True when a root is one of them or lies in one; false also when it cannot be looked at. */
  isOwn(root: NamedRoot): boolean {
    const { posix } = this.#options;
    try {
      const { parent, stat } = openRoot(posix, root);
      closeDirectory(posix, parent);
      return this.ownFolders.holds({ ...root, stat });
    } catch (error) {
      requireSourceFault(error);
      return false;
    }
  }

  /** Runs `action`, in which no file is read so that descriptors come free. */
  async withoutRelief(action: () => Promise<void>): Promise<void> {
    const { relieve } = this;
    this.relieve = async () => false;
    try {
      await action();
    } finally {
      this.relieve = relieve;
    }
  }

  /** Begins to walk a root, the one that will be asked for first. What goes wrong is told by {@link open}. */
  lookAhead(root: NamedRoot): void {
    this.#ahead ??= this.#lookAhead(root);
  }

  /** @throws SourceError when the root cannot be read */
  async open(root: NamedRoot): Promise<SourceRoot> {
    const ahead = await this.#takeAhead();
    if (ahead === undefined) return this.#open(root);
    const { opened, failure } = ahead;
    if (Buffer.compare(ahead.path, root.path) !== 0) {
      this.#close(opened);
      return this.#open(root);
    }
    if (opened === undefined) throw failure?.error;
    return { ...opened, steps: replay(ahead, opened.steps) };
  }

  /** Ends what is walked ahead, if nobody has asked for it. */
  async close(): Promise<void> {
    this.#close((await this.#takeAhead())?.opened);
  }

  async #lookAhead(root: NamedRoot): Promise<Ahead> {
    const ahead: Ahead = { path: root.path, opened: undefined, found: [], failure: undefined };
    try {
      ahead.opened = this.#open(root);
      for (let entries = 0; this.#isAheadWanted && entries < AHEAD_ENTRIES_MAX; ) {
        const { value, done } = await ahead.opened.steps.next();
        if (done === true || ahead.found.push(value) >= AHEAD_STEPS_MAX) break;
        if (value.kind === "enter") entries += value.visit.table.count;
      }
    } catch (error) {
      ahead.failure = { error };
    }
    return ahead;
  }

  async #takeAhead(): Promise<Ahead | undefined> {
    this.#isAheadWanted = false;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return await ahead;
  }

  #open(named: NamedRoot): SourceRoot & { readonly steps: Steps } {
    const { posix } = this.#options;
    const { path } = named;
    const root = openRoot(posix, named, this.#options);
    if (root.stat.type !== FileType.DIRECTORY) return { root, opened: undefined, steps: nothing() };
    try {
      this.#walk ??= this.#createWalk();
      const opened = fromSource(() => openRootDirectory(posix, root));
      return { root, opened, steps: this.#walk.steps(this.directories.root(path, opened), root.stat) };
    } catch (error) {
      closeDirectory(posix, root.parent);
      throw error;
    }
  }

  #createWalk(): Walk {
    const { run, posix, choice, withAtime } = this.#options;
    const { directories, visits, ownFolders } = this;
    return new Walk({ run, posix, directories, visits, ownFolders, choice, withAtime });
  }

  #close(given: SourceRoot | undefined): void {
    if (given === undefined) return;
    const { posix } = this.#options;
    this.directories.closeAll();
    if (given.opened !== undefined) closeDirectory(posix, given.opened);
    closeDirectory(posix, given.root.parent);
  }
}

/** What was found ahead, and then what follows it. */
async function* replay({ found, failure }: Ahead, rest: Steps): Steps {
  for (let step = found.shift(); step !== undefined; step = found.shift()) yield step;
  if (failure !== undefined) throw failure.error;
  yield* rest;
}

async function* nothing(): Steps {}
