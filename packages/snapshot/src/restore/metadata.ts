/** Sets what a node says of an entry: owner, then mode (which a change of owner resets), then times, last of all. */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, type Posix, Stat, type Time } from "@bcat/posix";
import { type Node, NodeType } from "../tree/node.js";
import { UNCHANGED } from "./owners.js";

/** All but the set-id bits. */
const PERMISSIONS = 0o1777;
const SET_IDS = 0o6000;

/** Owners that are remembered as refused; a further one is tried again for each entry. */
const REFUSED_MAX = 4_096;

/** What is set of an entry. */
export type EntryMetadata = Pick<
  Node,
  "type" | "mode" | "uid" | "gid" | "mtimeSeconds" | "mtimeNanoseconds" | "atimeSeconds" | "atimeNanoseconds"
>;

/** What of an entry's metadata was not set, as one line, or undefined when all was. */
export type MetadataFault = string | undefined;

/** How many entries did not get something, for nobody may set it here. */
export interface Unset {
  readonly owners: number;
  readonly setIds: number;
}

export class MetadataSetter {
  readonly #posix: Posix;
  readonly #remembersRefusals: boolean;
  #ignoresOwners = false;
  /** What was refused: the file system and the owner. Others may still be set: one's own groups, and what lies elsewhere. */
  readonly #refused = new Set<string>();
  readonly #stat = new Stat();
  #unset: Unset = { owners: 0, setIds: 0 };

  /** @param options `remembersRefusals`: for {@link isSet}, at the price of a look at each entry whose owner is refused */
  constructor(posix: Posix, { remembersRefusals = false }: { readonly remembersRefusals?: boolean } = {}) {
    this.#posix = posix;
    this.#remembersRefusals = remembersRefusals;
  }

  get unset(): Unset {
    return this.#unset;
  }

  /** Counts what was not set in another thread. */
  addUnset({ owners, setIds }: Unset): void {
    this.#unset = { owners: this.#unset.owners + owners, setIds: this.#unset.setIds + setIds };
  }

  /** Counts an entry that was there before and stays, where it has not its owner. */
  addKept({ type, uid, gid, mode }: EntryMetadata, stat: Stat): void {
    if (isOwner(uid, stat.uid) && isOwner(gid, stat.gid)) return;
    this.addUnset({ owners: 1, setIds: type !== NodeType.symlink && (mode & SET_IDS) !== 0 ? 1 : 0 });
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
    const hasOwner = isSameOwner || this.#ignoresOwners || this.#unset.owners > 0;
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

  /** As {@link setAt}, of an entry that has had all of it set before: what nobody may set is counted once. */
  setAgainAt(directory: Directory, name: Uint8Array, node: EntryMetadata): MetadataFault {
    const before = this.#unset;
    const fault = this.setAt(directory, name, node);
    this.#unset = before;
    return fault;
  }

  /** As {@link setAt}, of an entry that may have had all of it: then nothing is tried, for it may be forbidden. */
  completeAt(directory: Directory, name: Uint8Array, node: EntryMetadata): MetadataFault {
    this.#posix.statAt(directory, name, this.#stat);
    if (node.atimeSeconds !== undefined || !this.isSet(node, this.#stat)) return this.setAt(directory, name, node);
    this.addKept(node, this.#stat);
    return undefined;
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
    if (node.type !== NodeType.symlink) {
      if (!owned && (node.mode & SET_IDS) !== 0) this.addUnset({ owners: 0, setIds: 1 });
      attempt("mode", () => set.mode(owned ? 0o7777 : PERMISSIONS));
    }
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
        this.addUnset({ owners: 1, setIds: 0 });
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
