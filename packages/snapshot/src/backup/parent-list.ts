/** The parents of one root of a backup, newest first: of two that hold a path, the first tells of it. */
import { splitPath } from "../path.js";
import { PathIndex } from "../path-index.js";
import type { ParentRoot } from "./parent-root.js";

export function pathOfParent({ root }: ParentRoot): Uint8Array {
  return root.path;
}

export class ParentList {
  readonly #path: Uint8Array;
  #all: readonly ParentRoot[] = [];
  #byPath = new PathIndex(this.#all, pathOfParent);
  #byFolder: PathIndex<ParentRoot> | undefined;
  /** One holds all of the root. */
  isWhole = false;

  /** @param path of the root */
  constructor(path: Uint8Array) {
    this.#path = path;
  }

  get all(): readonly ParentRoot[] {
    return this.#all;
  }

  /** Takes those of an older snapshot that hold the root, or something of it that no newer one holds. */
  add(known: PathIndex<ParentRoot>): void {
    if (this.isWhole) return;
    const whole = known.atOrAbove(this.#path);
    const isNew = ({ root }: ParentRoot) => this.atOrAbove(root.path) === undefined;
    const parts = whole === undefined ? known.atOrBelow(this.#path).filter(isNew) : [whole];
    if (parts.length > 0) this.#set([...this.#all, ...parts]);
    this.isWhole = whole !== undefined;
  }

  /** These, and then others. */
  with(others: ParentList): ParentList {
    const list = new ParentList(this.#path);
    list.#set([...this.#all, ...others.#all]);
    return list;
  }

  at(path: Uint8Array): ParentRoot | undefined {
    return this.#byPath.at(path);
  }

  atOrAbove(path: Uint8Array): ParentRoot | undefined {
    return this.#byPath.atOrAbove(path);
  }

  /** Whether one lies in the folder `path` itself. */
  hasInside(path: Uint8Array): boolean {
    // Most are there as a whole.
    if (this.#all.length === 0 || (this.isWhole && this.#all.length === 1)) return false;
    this.#byFolder ??= new PathIndex(this.#all, ({ root }) => splitPath(root.path).folder);
    return this.#byFolder.at(path) !== undefined;
  }

  #set(all: readonly ParentRoot[]): void {
    this.#all = all;
    this.#byPath = new PathIndex(all, pathOfParent);
    this.#byFolder = undefined;
  }
}
