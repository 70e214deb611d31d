/** Sets what a node says of an entry: owner, then mode (which a change of owner resets), then times, last of all. */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, type Posix, Stat, type Time } from "@bcat/posix";
import { type Node, NodeType } from "../tree/node.js";
import { UNCHANGED } from "./owners.js";

/** All but the set-id bits. */
const PERMISSIONS = 0o1777;

/** Owners that are remembered as refused; a further one is tried again for each entry. */
const REFUSED_MAX = 4_096;

/** What is set of an entry. */
export type EntryMetadata = Pick<
  Node,
  "type" | "mode" | "uid" | "gid" | "mtimeSeconds" | "mtimeNanoseconds" | "atimeSeconds" | "atimeNanoseconds"
>;

/** What of an entry's metadata was not set, as one line, or undefined when all was. */
export type MetadataFault = string | undefined;

export class MetadataSetter {
  readonly #posix: Posix;
  readonly #remembersRefusals: boolean;
  #canSetOwner = true;
  #ignoresOwners = false;
  /** What was refused: the file system and the owner. Others may still be set: one's own groups, and what lies elsewhere. */
  readonly #refused = new Set<string>();
  readonly #stat = new Stat();

  /** @param options `remembersRefusals`: for {@link isSet}, at the price of a look at each entry whose owner is refused */
  constructor(posix: Posix, { remembersRefusals = false }: { readonly remembersRefusals?: boolean } = {}) {
    this.#posix = posix;
    this.#remembersRefusals = remembersRefusals;
  }

  /** False once an owner could not be set for want of privileges. */
  get canSetOwner(): boolean {
    return this.#canSetOwner;
  }

  /** Notes that an owner could not be set in another thread. */
  noteNoOwner(): void {
    this.#canSetOwner = false;
  }

  /** From now on, an entry may be anybody's for {@link isSet} and {@link isBegun}. */
  ignoreOwners(): void {
    this.#ignoresOwners = true;
  }

  /** Whether an entry that was there before has all of it that can be set here. */
  isSet(node: EntryMetadata, stat: Stat): boolean {
    const hasOwner = isOwner(node.uid, stat.uid) && isOwner(node.gid, stat.gid);
    if (!hasOwner && !this.#ignoresOwners && !this.#refused.has(refusalOf(node, stat))) return false;
    const mode = hasOwner ? node.mode : node.mode & PERMISSIONS;
    return (node.type === NodeType.symlink || mode === stat.mode) && this.hasTime(node, stat);
  }

  /** Whether a folder has what one gets before anything is restored into it, by this restore or an earlier one. */
  isBegun({ mode, uid, gid }: EntryMetadata, stat: Stat): boolean {
    const isSameOwner = isOwner(uid, stat.uid) && isOwner(gid, stat.gid);
    const hasOwner = isSameOwner || this.#ignoresOwners || !this.#canSetOwner;
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
      look: (stat) => this.#posix.statFile(file, stat),
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
      look: (stat) => this.#posix.statAt(directory, name, stat),
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

  #set(node: EntryMetadata, set: Setters): MetadataFault {
    const faults: string[] = [];
    const attempt = (what: string, action: () => void) => {
      try {
        action();
      } catch (error) {
        faults.push(faultOf(what, error));
      }
    };
    const owned = this.#setOwner(node, set, faults);
    // Set-id bits of somebody else's file would grant our rights, not theirs.
    if (node.type !== NodeType.symlink) attempt("mode", () => set.mode(owned ? 0o7777 : PERMISSIONS));
    attempt("time", set.times);
    return faults.length === 0 ? undefined : faults.join(", ");
  }

  #setOwner(node: EntryMetadata, { owner, look }: Setters, faults: string[]): boolean {
    try {
      owner();
      return true;
    } catch (error) {
      // Tried for each entry: without privileges too, what is one's own can be given to oneself.
      if (systemErrorCode(error) !== "EPERM") faults.push(faultOf("owner", error));
      else {
        this.#canSetOwner = false;
        if (this.#remembersRefusals) this.#remember(node, look);
      }
      return false;
    }
  }

  #remember(node: EntryMetadata, look: Setters["look"]): void {
    if (this.#refused.size >= REFUSED_MAX) return;
    try {
      look(this.#stat);
      this.#refused.add(refusalOf(node, this.#stat));
    } catch {
      // It is tried again with the next entry.
    }
  }
}

interface Setters {
  readonly owner: () => void;
  readonly mode: (permitted: number) => void;
  readonly times: () => void;
  readonly look: (stat: Stat) => void;
}

function refusalOf({ uid, gid }: EntryMetadata, { deviceMajor, deviceMinor }: Stat): string {
  return `${deviceMajor} ${deviceMinor} ${uid} ${gid}`;
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
