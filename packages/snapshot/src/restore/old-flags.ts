/**
 * Inode flags of entries that are there already. Where the snapshot records flags, an entry that it has without loses those
 * that people gave to it. It keeps compression and copy on write, which file systems set by themselves and which cannot be
 * changed once there are contents, and what its folder hands on to whatever is made in it: new entries have that, too.
 */
import type { Directory, Posix } from "@bcat/posix";
import { flagsOf } from "../backup/inode-flags.js";
import { bitsOf, earlyFlags, protectingFlags, recordedFlags } from "../tree/inode-flags.js";
import type { Node } from "../tree/node.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Those that an entry loses of which the snapshot says that it has none. */
const takenFlags = bitsOf(recordedFlags, ~earlyFlags);

export interface OldFlagsParts {
  readonly posix: Posix;
  readonly directories: TargetDirectories;
  /** The snapshot says which flags its entries have: then those of which it says nothing have none. */
  readonly recordsFlags: boolean;
}

type Flagged = Pick<Node, "flags">;

export class OldFlags {
  readonly #parts: OldFlagsParts;

  constructor(parts: OldFlagsParts) {
    this.#parts = parts;
  }

  /** What an entry has too many. @param directory it lies in; undefined for the target itself */
  lost(old: number, { flags }: Flagged, directory: TargetDirectory | undefined): number {
    if (flags !== undefined) return bitsOf(old, bitsOf(recordedFlags, ~flags));
    const taken = this.#parts.recordsFlags ? bitsOf(old, takenFlags) : 0;
    const mayBeHandedOn = bitsOf(taken, ~protectingFlags);
    if (mayBeHandedOn === 0 || directory === undefined) return taken;
    return bitsOf(taken, ~bitsOf(this.#flagsOf(directory), mayBeHandedOn));
  }

  /**
   * Whether an entry will get some, as far as can be told: what matters to what is written is as it was made.
   *
   * @param place the directory that it lies in; whether the user may set what protects an entry
   */
  mayGain(
    old: number,
    { flags = 0 }: Flagged,
    { handle, mayProtect }: { readonly handle: Directory; readonly mayProtect: boolean },
  ): boolean {
    const gained = bitsOf(flags, bitsOf(takenFlags, ~old));
    const settable = bitsOf(gained, mayProtect ? ~0 : ~protectingFlags);
    return settable !== 0 && bitsOf(settable, this.#parts.posix.inodeFlags?.on(handle.fd) ?? 0) !== 0;
  }

  /** What an entry that had `old` flags, of which some may have been taken off by now, is to have in the end. */
  final(
    now: number,
    entry: { readonly directory?: TargetDirectory; readonly node: Flagged; readonly oldFlags?: number },
  ) {
    const { directory, node, oldFlags = 0 } = entry;
    if (node.flags !== undefined) return bitsOf(now, ~recordedFlags) + bitsOf(node.flags, recordedFlags);
    const was = (now | bitsOf(oldFlags, protectingFlags)) >>> 0;
    return bitsOf(was, ~this.lost(was, node, directory));
  }

  /** Of a folder that is restored, what it is to have: what is in it may come before that is set. */
  #flagsOf(directory: TargetDirectory): number {
    return directory.flags ?? flagsOf(this.#parts.posix, this.#parts.directories.handle(directory).fd);
  }
}

/** Whether an entry has not all that it is to have. */
export function lacksFlags(old: number, { flags = 0 }: Flagged): boolean {
  return bitsOf(flags, bitsOf(recordedFlags, ~old)) !== 0;
}
