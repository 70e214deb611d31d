/** Sets what a node says of an entry: owner, then mode (which a change of owner resets), then times, last of all. */
import { systemErrorCode } from "@bcat/errors";
import type { Directory, Posix, Stat, Time } from "@bcat/posix";
import { type Node, NodeType } from "../tree/node.js";
import { UNCHANGED } from "./owners.js";

/** All but the set-id bits. */
const PERMISSIONS = 0o1777;

/** What is set of an entry. */
export type EntryMetadata = Pick<
  Node,
  "type" | "mode" | "uid" | "gid" | "mtimeSeconds" | "mtimeNanoseconds" | "atimeSeconds" | "atimeNanoseconds"
>;

/** What of an entry's metadata was not set, as one line, or undefined when all was. */
export type MetadataFault = string | undefined;

export class MetadataSetter {
  readonly #posix: Posix;
  #canSetOwner = true;

  constructor(posix: Posix) {
    this.#posix = posix;
  }

  /** False once an owner could not be set for want of privileges. */
  get canSetOwner(): boolean {
    return this.#canSetOwner;
  }

  /** Notes that an owner could not be set in another thread. */
  noteNoOwner(): void {
    this.#canSetOwner = false;
  }

  /** Whether an entry that was there before has all of it that can be set here. */
  isSet(node: EntryMetadata, stat: Stat): boolean {
    const hasOwner = isOwner(node.uid, stat.uid) && isOwner(node.gid, stat.gid);
    if (!hasOwner && this.#canSetOwner) return false;
    const mode = hasOwner ? node.mode : node.mode & PERMISSIONS;
    return (node.type === NodeType.symlink || mode === stat.mode) && this.hasTime(node, stat);
  }

  /** Whether a folder has what one gets before anything is restored into it, by this restore or an earlier one. */
  isBegun({ mode, uid, gid }: EntryMetadata, stat: Stat): boolean {
    const hasOwner = (isOwner(uid, stat.uid) && isOwner(gid, stat.gid)) || !this.#canSetOwner;
    return hasOwner && ((stat.mode ^ mode) & 0o077) === 0;
  }

  /** Times that could be set to the microsecond only may be off by one. */
  hasTime({ mtimeSeconds, mtimeNanoseconds }: EntryMetadata, stat: Stat): boolean {
    const nanoseconds = (stat.mtimeSeconds - mtimeSeconds) * 1e9 + stat.mtimeNanoseconds - mtimeNanoseconds;
    return this.#posix.exactTimes ? nanoseconds === 0 : Math.abs(nanoseconds) <= 1_000;
  }

  /** For a file that is open, or a directory. */
  setFile(file: number, node: EntryMetadata): MetadataFault {
    const { uid, gid } = node;
    return this.#set(node, {
      owner: () => this.#posix.setFileOwner(file, uid, gid),
      mode: (permitted) => this.#posix.setFileMode(file, node.mode & permitted),
      times: () => this.#setFileTimes(file, node),
    });
  }

  /** For a new file that is open; with `isOwned` it has its owner and mode: most have, so there are no closures here. */
  setNewFile(file: number, node: EntryMetadata, isOwned: boolean): MetadataFault {
    if (!isOwned) return this.setFile(file, node);
    try {
      this.#setFileTimes(file, node);
      return undefined;
    } catch (error) {
      return faultOf("time", error);
    }
  }

  #setFileTimes(file: number, node: EntryMetadata): void {
    this.#posix.setFileTimes(file, node.mtimeSeconds, node.mtimeNanoseconds, accessTimeOf(node));
  }

  /** For a directory or symbolic link, by its name. */
  setAt(directory: Directory, name: Uint8Array, node: EntryMetadata): MetadataFault {
    const { uid, gid, mode, mtimeSeconds, mtimeNanoseconds } = node;
    const accessed = accessTimeOf(node);
    return this.#set(node, {
      owner: () => this.#posix.setOwnerAt(directory, name, uid, gid),
      mode: (permitted) => this.#posix.setModeAt(directory, name, mode & permitted),
      times: () => this.#posix.setTimesAt(directory, name, mtimeSeconds, mtimeNanoseconds, accessed),
    });
  }

  /** Of a file that has all else: no thread is told when a file was read last. */
  setTimesAt(directory: Directory, name: Uint8Array, node: EntryMetadata): MetadataFault {
    try {
      this.#posix.setTimesAt(directory, name, node.mtimeSeconds, node.mtimeNanoseconds, accessTimeOf(node));
      return undefined;
    } catch (error) {
      return faultOf("time", error);
    }
  }

  #set(
    node: EntryMetadata,
    set: { owner: () => void; mode: (permitted: number) => void; times: () => void },
  ): MetadataFault {
    const faults: string[] = [];
    const attempt = (what: string, action: () => void) => {
      try {
        action();
      } catch (error) {
        faults.push(faultOf(what, error));
      }
    };
    const owned = this.#setOwner(set.owner, faults);
    // Set-id bits of somebody else's file would grant our rights, not theirs.
    if (node.type !== NodeType.symlink) attempt("mode", () => set.mode(owned ? 0o7777 : PERMISSIONS));
    attempt("time", set.times);
    return faults.length === 0 ? undefined : faults.join(", ");
  }

  #setOwner(action: () => void, faults: string[]): boolean {
    try {
      action();
      return true;
    } catch (error) {
      // Tried for each entry: without privileges too, what is one's own can be given to oneself.
      if (systemErrorCode(error) === "EPERM") this.#canSetOwner = false;
      else faults.push(faultOf("owner", error));
      return false;
    }
  }
}

function accessTimeOf({ atimeSeconds: seconds, atimeNanoseconds: nanoseconds }: EntryMetadata): Time | undefined {
  return seconds === undefined || nanoseconds === undefined ? undefined : { seconds, nanoseconds };
}

function faultOf(what: string, error: unknown): string {
  return `its ${what} could not be set (${systemErrorCode(error) ?? String(error)})`;
}

/** Whether what is wanted is what there is. */
export function isOwner(wanted: number, found: number): boolean {
  return wanted === found || wanted === UNCHANGED;
}
