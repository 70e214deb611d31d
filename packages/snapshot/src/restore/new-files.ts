/**
 * What the system gives to a new file by itself, found out by looking at the first ones: then what a file is to have
 * anyway need not be set. All new files of a restore are alike, because a folder that it makes hands on what it has
 * from the one above: a group, where the set-group-id bit is set, and a default access control list.
 */
import { type Posix, Stat } from "@bcat/posix";
import type { Node } from "../tree/node.js";
import { UNCHANGED } from "./owners.js";

type Wanted = Pick<Node, "mode" | "uid" | "gid">;

/** Until its owner is set. */
const PRIVATE_MODE = 0o600;

export class NewFiles {
  readonly #posix: Posix;
  readonly #stat = new Stat();
  #uid = -1;
  #gid = -1;
  /** Whether a file that was asked for with a mode had just that; modes that nobody looked at are absent. */
  readonly #modes = new Map<number, boolean>();

  constructor(posix: Posix) {
    this.#posix = posix;
  }

  /**
   * The mode to make the file with. Its own only when its owner is right from the start: else it could be read by a group
   * that is not its.
   */
  modeFor(node: Wanted): number {
    return node.mode <= 0o777 && this.hasOwner(node) ? node.mode : PRIVATE_MODE;
  }

  /** Looks at a file that has just been made with `mode`, unless that is known. */
  look(fd: number, mode: number): void {
    if (this.#modes.has(mode)) return;
    try {
      this.#posix.statFile(fd, this.#stat);
    } catch {
      // Then everything is set, as for every file before the first look.
      return;
    }
    if (this.#modes.size === 0) {
      this.#uid = this.#stat.uid;
      this.#gid = this.#stat.gid;
    }
    this.#modes.set(mode, this.#stat.mode === mode);
  }

  hasOwner({ uid, gid }: Wanted): boolean {
    return (uid === this.#uid || uid === UNCHANGED) && (gid === this.#gid || gid === UNCHANGED);
  }

  /** Whether a file made with `mode` has the mode of `node`. */
  hasMode(mode: number, node: Wanted): boolean {
    return mode === node.mode && this.#modes.get(mode) === true;
  }
}
