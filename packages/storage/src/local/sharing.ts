/** The {@link Rights} of one folder, looked at once, and the way by which root may give things away in it. */

import { type LocalFileSystem, useFile } from "./file-system.js";
import { deriveRights, type Rights, type RightsOptions } from "./rights.js";

export class Sharing {
  readonly #options: RightsOptions;
  #rights: Promise<Rights> | undefined;

  constructor(options: RightsOptions) {
    this.#options = options;
  }

  /**
   * Lends the path by which to make things in `directory`, and the rights to give them.
   *
   * Root gives things away only in a directory of the very user who gets them, and by its descriptor: in one that a
   * symbolic link leads to, or that is put in its place meanwhile, a file of theirs would be a way to become root.
   * Where that cannot be had, things stay root's.
   */
  async within<T>(directory: string, use: (directory: string, rights: Rights) => Promise<T>): Promise<T> {
    const rights = await this.#get();
    if (rights.owner === undefined) return await use(directory, rights);
    const { fileSystem } = this.#options;
    const held = await fileSystem.open(directory, "r");
    return await useFile(held, async () => {
      const byDescriptor = `/proc/self/fd/${held.fd}`;
      const isTheirs = (await held.stat()).uid === rights.owner && (await isThere(fileSystem, byDescriptor));
      return isTheirs ? await use(byDescriptor, rights) : await use(directory, { ...rights, owner: undefined });
    });
  }

  async #get(): Promise<Rights> {
    this.#rights ??= deriveRights(this.#options);
    try {
      return await this.#rights;
    } catch (error) {
      this.#rights = undefined;
      throw error;
    }
  }
}

async function isThere(fileSystem: LocalFileSystem, path: string): Promise<boolean> {
  return await fileSystem.stat(path).then(
    () => true,
    () => false,
  );
}
