/** What a snapshot has not got because it could not be read when the snapshot was made: that it was not there is not known. */
import type { ErrorList } from "@bcat/repository";
import { keyOf, splitPath } from "../path.js";

export class UnreadPaths {
  readonly #paths: ReadonlySet<string>;
  /** A snapshot names only its first errors. */
  readonly #areAllNamed: boolean;

  constructor({ total, first }: ErrorList) {
    this.#paths = new Set(first.map(({ path }) => keyOf(path)));
    this.#areAllNamed = first.length === total;
  }

  /** Whether the snapshot may lack the path for that reason: it, or a folder that it lies in. */
  mayHold(path: Uint8Array): boolean {
    if (!this.#areAllNamed) return true;
    if (this.#paths.size === 0) return false;
    for (let at = path; ; at = splitPath(at).folder) {
      if (this.#paths.has(keyOf(at))) return true;
      if (at.length <= 1) return false;
    }
  }
}
