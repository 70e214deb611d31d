/**
 * What the system gives to a new file by itself, found out by looking at the first ones: then what a file is to have
 * anyway need not be set. It is the folder that decides, by its group, its default access control list and the file system
 * that it is on. A folder that a restore makes hands on what it has from the one above; one that was there may hand on
 * anything.
 */
import { type Posix, Stat } from "@bcat/posix";
import type { Node } from "../tree/node.js";
import { UNCHANGED } from "./owners.js";

type Wanted = Pick<Node, "mode" | "uid" | "gid">;

/** Until its owner is set. */
const PRIVATE_MODE = 0o600;

/** Of folders that hand on the same. */
export class NewFiles {
  #uid = -1;
  #gid = -1;
  /** Whether a file that was asked for with a mode had just that; modes that nobody looked at are absent. */
  readonly #modes = new Map<number, boolean>();

  /**
   * The mode to make the file with. Its own only when its owner is right from the start: else it could be read by a group
   * that is not its.
   */
  modeFor(node: Wanted): number {
    return node.mode <= 0o777 && this.#hasOwner(node) ? node.mode : PRIVATE_MODE;
  }

  /** Looks at a file that has just been made with `mode`, unless that is known. */
  look(posix: Posix, fd: number, mode: number): void {
    if (this.#modes.has(mode)) return;
    const stat = new Stat();
    try {
      posix.statFile(fd, stat);
    } catch {
      // Then everything is set, as for every file before the first look.
      return;
    }
    if (this.#modes.size === 0) {
      this.#uid = stat.uid;
      this.#gid = stat.gid;
    }
    this.#modes.set(mode, stat.mode === mode);
  }

  /** Whether a file made with `mode` has owner and mode of `node`. */
  areAsWanted(mode: number, node: Wanted): boolean {
    return mode === node.mode && this.#hasOwner(node) && this.#modes.get(mode) === true;
  }

  #hasOwner({ uid, gid }: Wanted): boolean {
    return (uid === this.#uid || uid === UNCHANGED) && (gid === this.#gid || gid === UNCHANGED);
  }
}
