/**
 * Gives entries their inode flags: those that matter to what is written when an entry is made, all of them when nothing
 * else is to be done to it. Of a file with several names, those that forbid further ones come last of all.
 */
import { systemErrorCode } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import { bitsOf, earlyFlags, InodeFlag, protectingFlags, recordedFlags } from "../tree/inode-flags.js";
import { type Node, NodeType } from "../tree/node.js";
import type { Located } from "./entry-in-folder.js";
import { OldFlags } from "./old-flags.js";
import { groupOf, type RestoreRun } from "./restore-run.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";
import { unprotectAt } from "./unprotect.js";

/** Files with several names that are remembered until all is done; more get theirs never. */
const LINKED_MAX = 65_536;

const NO_CALLS = "inode flags were not restored, that takes koffi";
const TOO_MANY = "inode flags of files with several names were not restored, there are too many of them";

export interface FlagSetterParts {
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly directories: TargetDirectories;
  /** The snapshot says which inode flags its entries have. */
  readonly recordsFlags: boolean;
}

interface FlaggedEntry {
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly path: Uint8Array;
  readonly node: Pick<Node, "name" | "type" | "flags">;
  /** Those that it had when it was there before, as far as they are known. */
  readonly oldFlags?: number;
}

/** True for an entry of which some are to be set before anything is written. */
export function hasEarlyFlags({ flags = 0 }: Node): boolean {
  return bitsOf(flags, earlyFlags) !== 0;
}

export class FlagSetter {
  readonly old: OldFlags;
  readonly #parts: FlagSetterParts;
  /** By group: one name is enough. */
  readonly #linked = new Map<string, FlaggedEntry>();

  constructor(parts: FlagSetterParts) {
    this.#parts = parts;
    this.old = new OldFlags(parts);
  }

  /** Sets those of a new, empty file or directory that matter to what comes; what fails is tried again in the end. */
  begin(fd: number, { flags = 0 }: Node): void {
    const { inodeFlags } = this.#parts.posix;
    const early = bitsOf(flags, earlyFlags);
    if (inodeFlags === undefined || early === 0) return;
    try {
      inodeFlags.set(fd, inodeFlags.get(fd) | early);
    } catch {
      // It is said when all are set.
    }
  }

  /** As {@link begin}, of a directory by its name. */
  beginAt(parent: Directory, node: Node): void {
    if (!hasEarlyFlags(node)) return;
    const { posix } = this.#parts;
    const directory = posix.openDirectoryAt(parent, node.name);
    try {
      this.begin(directory.fd, node);
    } finally {
      posix.closeDirectory(directory);
    }
  }

  /** Lets attributes of an entry that is there be set; {@link set} comes after that. */
  unprotect({ directory, node, oldFlags = 0 }: FlaggedEntry): void {
    const { posix, directories } = this.#parts;
    if (bitsOf(oldFlags, protectingFlags) !== 0) unprotectAt(posix, directories.handle(directory), node.name);
  }

  /** Sets all of an entry that nothing else will be done to. What could not be set, where that is not so of all. @throws ENOENT */
  set(entry: FlaggedEntry & { readonly node: Node }): string | undefined {
    const { directory, node } = entry;
    const flags = bitsOf(node.flags ?? 0, recordedFlags);
    if (flags === 0 || node.linkGroup === undefined || bitsOf(flags, protectingFlags) === 0) return this.#setAt(entry);
    const { path } = entry;
    const group = groupOf(node.linkGroup);
    // Not the node itself: with it, all that was read together would stay in memory.
    const kept = { directory, path, node: { name: node.name.slice(), type: node.type, flags } };
    if (this.#linked.size < LINKED_MAX) this.#linked.set(group, kept);
    else if (!this.#linked.has(group)) this.#parts.run.forbid(path, TOO_MANY);
    return this.#setAt({ ...kept, node: { ...kept.node, flags: bitsOf(flags, ~protectingFlags) } });
  }

  /** For the target itself, open. */
  setOpen(fd: number, path: Uint8Array, entry: { readonly node: Node; readonly oldFlags: number }): void {
    if (this.#isToSet(entry)) this.#setAll(fd, { path }, entry);
  }

  /** Sets what was left for the end: no entry gets another name any more. */
  finish(): void {
    const { run } = this.#parts;
    for (const entry of this.#linked.values()) {
      const fault = this.#setAt(entry);
      if (fault !== undefined) run.report(entry.path, fault);
    }
    this.#linked.clear();
  }

  /** Whether there is anything to set, or to look at for that. */
  #isToSet({ node, oldFlags = 0 }: Pick<FlaggedEntry, "oldFlags"> & { readonly node: Pick<Node, "flags"> }): boolean {
    if (node.flags !== undefined) return bitsOf(node.flags, recordedFlags) !== 0 || oldFlags !== 0;
    return bitsOf(oldFlags, this.#parts.recordsFlags ? recordedFlags : protectingFlags) !== 0;
  }

  #setAt(entry: FlaggedEntry): string | undefined {
    const { directory, node } = entry;
    const { posix, run, directories } = this.#parts;
    if (!this.#isToSet(entry)) return undefined;
    if (posix.inodeFlags === undefined) {
      run.forbid(entry.path, NO_CALLS);
      return undefined;
    }
    const handle = directories.handle(directory);
    try {
      const isFile = node.type === NodeType.file;
      const fd = isFile ? posix.openFileAt(handle, node.name) : posix.openDirectoryAt(handle, node.name).fd;
      try {
        this.#setAll(fd, entry, entry);
      } finally {
        posix.close(fd);
      }
      return undefined;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === "ENOENT" || code === undefined) throw error;
      run.refuseExhausted(entry.path, error);
      return `its inode flags could not be set (${code})`;
    }
  }

  /** One by one when not all can be set at once: what is forbidden is said of each kind. */
  #setAll(fd: number, located: Located, entry: Parameters<OldFlags["final"]>[1]): void {
    const { posix, run } = this.#parts;
    const calls = posix.inodeFlags;
    if (calls === undefined) {
      run.forbid(located.path, NO_CALLS);
      return;
    }
    let now = calls.get(fd);
    const wanted = this.old.final(now, entry);
    if (wanted === now) return;
    try {
      calls.set(fd, wanted);
      return;
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
    }
    for (const [name, flag] of inOrder(now)) {
      if (bitsOf(now, flag) === bitsOf(wanted, flag)) continue;
      const next = bitsOf(now, ~flag) + bitsOf(wanted, flag);
      try {
        calls.set(fd, next);
        now = next;
      } catch (error) {
        run.forbid(located.path, reasonOf(error, name, bitsOf(wanted, flag) !== 0));
      }
    }
  }
}

/** With what protects an entry set, nothing else can be: that is taken off first, or set last. */
function inOrder(now: number): [string, number][] {
  const turn = (flag: number) => (bitsOf(flag, protectingFlags) === 0 ? 1 : bitsOf(flag, now) !== 0 ? 0 : 2);
  return Object.entries(InodeFlag).sort(([, a], [, b]) => turn(a) - turn(b));
}

/** Why a flag is as it is, for all entries that have it, or are to. */
function reasonOf(error: unknown, name: string, isWanted: boolean): string {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const why = code === "EPERM" || code === "EACCES" ? "that takes privileges" : NOT_HAD.has(code) ? NO_FLAG : code;
  return isWanted
    ? `the inode flag "${words}" was not restored, ${why}`
    : `the inode flag "${words}", which the snapshot has not, was not taken off, ${why}`;
}

const NO_FLAG = "the file system of the target has no such";
const NOT_HAD: ReadonlySet<string> = new Set(["ENOTTY", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOSYS"]);
