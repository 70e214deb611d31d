/** The directories of a local storage, made when the first object needs them. */

import { dirname } from "node:path";
import type { Durability } from "./durability.js";
import type { LocalFileSystem } from "./file-system.js";
import { hasCode } from "./system-error.js";

const directoryMode = 0o700;

export class Directories {
  readonly #fileSystem: LocalFileSystem;
  readonly #durability: Durability;
  readonly #root: string;
  /** By name, the work that makes a directory durable; one that failed is forgotten, so that the next put tries. */
  readonly #made = new Map<string, Promise<void>>();

  constructor(fileSystem: LocalFileSystem, durability: Durability, root: string) {
    this.#fileSystem = fileSystem;
    this.#durability = durability;
    this.#root = root;
  }

  /** The path of an object, or of a directory of them; "" is the root itself. */
  pathOf(name: string): string {
    return name === "" ? this.#root : `${this.#root}/${name}`;
  }

  /** Returns when the directory `name` exists durably, with all those above it. */
  ensure(name: string): Promise<void> {
    let making = this.#made.get(name);
    if (making === undefined) {
      making = name === "" ? this.#makeRoot(this.#root) : this.#makeInside(name);
      this.#made.set(name, making);
      making.catch(() => this.#made.delete(name));
    }
    return making;
  }

  /**
   * The parent is synced even when the directory is there already: whoever made it may have been killed, or still be
   * busy, before that.
   */
  async #makeInside(name: string): Promise<void> {
    const parent = directoryOf(name);
    await this.ensure(parent);
    await this.#make(this.pathOf(name));
    await this.#durability.syncDirectory(this.pathOf(parent));
  }

  /** A root that is there is the user's, and what is above it need not be ours to open. */
  async #makeRoot(path: string): Promise<void> {
    try {
      if (!(await this.#make(path))) return;
    } catch (error) {
      if (!hasCode(error, "ENOENT") || dirname(path) === path) throw error;
      await this.#makeRoot(dirname(path));
      await this.#make(path);
    }
    await this.#durability.syncDirectory(dirname(path));
  }

  /** False when the path was taken; whether by a directory, its use will show. */
  async #make(path: string): Promise<boolean> {
    try {
      await this.#fileSystem.mkdir(path, directoryMode);
      return true;
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    }
  }
}

/** The directory part of a name: "packs/ab" of "packs/ab/1-ff", "" of "config". */
export function directoryOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}
