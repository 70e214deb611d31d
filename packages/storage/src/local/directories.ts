/** The directories of a local storage, made when the first object needs them. */

import { dirname } from "node:path";
import type { Durability } from "./durability.js";
import { type LocalFileSystem, useFile } from "./file-system.js";
import { isPrivate, ownerUses, type Rights, share } from "./rights.js";
import type { Sharing } from "./sharing.js";
import { hasCode } from "./system-error.js";

/** What the system answers that finds a directory where one was to get its name. */
const takenCodes = ["EEXIST", "ENOTEMPTY"];
/** What it answers that knows no rename that refuses a taken name. */
const noRenameCodes = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

export interface DirectoriesParts {
  readonly fileSystem: LocalFileSystem;
  readonly durability: Durability;
  readonly sharing: Sharing;
  readonly suffix: () => string;
  readonly root: string;
}

export class Directories {
  readonly #fileSystem: LocalFileSystem;
  readonly #durability: Durability;
  readonly #sharing: Sharing;
  readonly #suffix: () => string;
  readonly #root: string;
  /** By name, the work that makes a directory durable; one that failed is forgotten, so that the next put tries. */
  readonly #made = new Map<string, Promise<void>>();

  constructor({ fileSystem, durability, sharing, suffix, root }: DirectoriesParts) {
    this.#fileSystem = fileSystem;
    this.#durability = durability;
    this.#sharing = sharing;
    this.#suffix = suffix;
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
    const last = name.slice(name.lastIndexOf("/") + 1);
    await this.#sharing.within(this.pathOf(parent), async (within, rights) => {
      if (isPrivate(rights)) await this.#make(`${within}/${last}`);
      else await this.#makeShared(`${within}/${last}`, `${within}/.tmp-${this.#suffix()}`, rights);
      await this.#durability.syncDirectory(within);
    });
  }

  /**
   * A directory that others may use gets its name when they may: the umask would cut what mkdir gives, and between that
   * and the chmod somebody else could find it closed, for ever if this process dies there.
   */
  async #makeShared(path: string, temporary: string, rights: Rights): Promise<void> {
    if (await this.#exists(path)) return;
    await this.#fileSystem.mkdir(temporary, ownerUses);
    try {
      const made = await this.#fileSystem.openDirectory(temporary);
      await useFile(made, async () => {
        const mode = await share(made, rights.directory, rights);
        await made.chmod(mode).catch(() => {});
      });
      await this.#rename(temporary, path);
    } catch (error) {
      await this.#fileSystem.rmdir(temporary).catch(() => {});
      if (!hasCode(error, ...takenCodes)) throw error;
    }
  }

  /** One that somebody else has made meanwhile stays, but where there is no such call, and nothing in it yet. */
  async #rename(temporary: string, path: string): Promise<void> {
    const { renameExclusive } = this.#fileSystem;
    try {
      if (renameExclusive !== undefined) return await renameExclusive(temporary, path);
    } catch (error) {
      if (!hasCode(error, ...noRenameCodes)) throw error;
    }
    await this.#fileSystem.renameDirectory(temporary, path);
  }

  async #exists(path: string): Promise<boolean> {
    try {
      await this.#fileSystem.stat(path);
      return true;
    } catch (error) {
      if (hasCode(error, "ENOENT")) return false;
      throw error;
    }
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
      await this.#fileSystem.mkdir(path, ownerUses);
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
