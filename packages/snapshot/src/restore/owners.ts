/**
 * Whom restored entries belong to: by name where this machine knows it, else by number, by number alone, or nobody in
 * particular. Set-id bits stay only where the owner is who it was: those of somebody else's file would grant other rights.
 */
import type { Node } from "../tree/node.js";

type OwnerName = Node["user"];

/** A uid or gid that the system leaves as it is (`chown` takes it for -1). */
export const UNCHANGED = 0xffff_ffff;

/** All but the set-id bits. */
const PERMISSIONS = 0o1777;
const SET_IDS = 0o6000;

/** Users, or groups, of this machine. */
export interface KnownOwners {
  number(name: string): number | undefined;
  /** Empty when unknown. */
  name(number: number): string;
}

/** An owner who is somebody else here. */
export interface OwnerChange {
  /** A name, or a number. */
  readonly from: string | number;
  readonly to: number;
}

export interface OwnerRules {
  /** `nobody`: no owner is set. Without names that are known here, `names` is `numbers`. */
  readonly by: "names" | "numbers" | "nobody";
  readonly known?: { readonly users: KnownOwners; readonly groups: KnownOwners };
  /** Before all else; the last that fits. */
  readonly users?: readonly OwnerChange[];
  readonly groups?: readonly OwnerChange[];
}

export interface Owned {
  mode: number;
  uid: number;
  gid: number;
  readonly user: OwnerName;
  readonly group: OwnerName;
}

interface Found {
  readonly id: number;
  /** It is whom the snapshot means. */
  readonly isSame: boolean;
}

export class OwnerMapping {
  readonly #users: (id: number, name: OwnerName) => Found;
  readonly #groups: (id: number, name: OwnerName) => Found;
  /** The owner asked for last, and what was found: neighbours mostly have one. */
  #last: Pick<Owned, "uid" | "gid" | "user" | "group"> = { uid: -1, gid: -1, user: "", group: "" };
  #uid = UNCHANGED;
  #gid = UNCHANGED;
  #keepsSetIds = false;

  constructor({ by, known, users = [], groups = [] }: OwnerRules) {
    const names = by === "names" ? known : undefined;
    this.#users = finderOf({ isSet: by !== "nobody", changes: users, known: names?.users });
    this.#groups = finderOf({ isSet: by !== "nobody", changes: groups, known: names?.groups });
  }

  /** Gives an entry the owner that it is to have here. True where it has lost set-id bits. */
  apply(entry: Owned): boolean {
    const { uid, gid, user, group } = entry;
    const last = this.#last;
    if (uid !== last.uid || gid !== last.gid || user !== last.user || group !== last.group)
      this.#look({ uid, gid, user, group });
    entry.uid = this.#uid;
    entry.gid = this.#gid;
    if (this.#keepsSetIds || (entry.mode & SET_IDS) === 0) return false;
    entry.mode &= PERMISSIONS;
    return true;
  }

  #look(owner: Pick<Owned, "uid" | "gid" | "user" | "group">): void {
    const user = this.#users(owner.uid, owner.user);
    const group = this.#groups(owner.gid, owner.group);
    this.#last = owner;
    this.#uid = user.id;
    this.#gid = group.id;
    this.#keepsSetIds = user.isSame && group.isSame;
  }
}

interface Finder {
  readonly isSet: boolean;
  readonly changes: readonly OwnerChange[];
  /** Undefined where numbers count. */
  readonly known: KnownOwners | undefined;
}

function finderOf({ isSet, changes, known }: Finder): (id: number, name: OwnerName) => Found {
  const byNumber = new Map(changes.map(({ from, to }) => [from, to]));
  return (id, given) => {
    const name = typeof given === "string" ? given : Buffer.from(given).toString("latin1");
    const changed = (name === "" ? undefined : byNumber.get(name)) ?? byNumber.get(id);
    if (changed !== undefined) return { id: changed, isSame: false };
    // A snapshot may say anything, and the system would leave a file with set-id bits to whom restores it.
    if (!isSet || id === UNCHANGED) return { id: UNCHANGED, isSame: false };
    if (known === undefined || name === "") return { id, isSame: true };
    const here = typeof given === "string" ? known.number(name) : undefined;
    if (here !== undefined) return { id: here, isSame: true };
    return { id, isSame: known.name(id) === "" };
  };
}
