/**
 * Makes the directories that objects lie in. A gateway would make them with the first object, but two at once replace
 * one another's there, and what lies in the first is lost: so each is made by a request that never replaces one, before.
 */
import type { DirectoryEntry } from "./directory.js";

export interface DirectoryCalls {
  /** What is in the directory of that path, which exists. */
  readonly list: (path: string) => Promise<readonly DirectoryEntry[]>;
  /** Makes a directory, unless there is one. */
  readonly make: (parent: string, name: string) => Promise<void>;
}

export class TahoeDirectories {
  readonly #calls: DirectoryCalls;
  /** By path: a few hundred in a repository. */
  readonly #made = new Map<string, Promise<void>>();
  /** Directories in a directory, when it was first looked at. */
  readonly #found = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(calls: DirectoryCalls) {
    this.#calls = calls;
  }

  /** Returns when the directory of that path is there; "" always is. */
  async ensure(path: string): Promise<void> {
    if (path !== "") await this.#once(this.#made, path, () => this.#make(path));
  }

  async #make(path: string): Promise<void> {
    const parent = directoryOf(path);
    const name = path.slice(parent === "" ? 0 : parent.length + 1);
    await this.ensure(parent);
    const found = await this.#once(this.#found, parent, async () => {
      const entries = await this.#calls.list(parent);
      return new Set(entries.filter(({ isDirectory }) => isDirectory).map((entry) => entry.name));
    });
    if (!found.has(name)) await this.#calls.make(parent, name);
  }

  /** What failed is tried again by the next who asks. */
  #once<T>(running: Map<string, Promise<T>>, path: string, run: () => Promise<T>): Promise<T> {
    const known = running.get(path);
    if (known !== undefined) return known;
    const started = run();
    running.set(path, started);
    started.catch(() => running.delete(path));
    return started;
  }
}

/** `packs/ab` of `packs/ab/1-ff`, and "" of `config`. */
export function directoryOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}
