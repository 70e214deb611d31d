/** The folders of a root that are not finished: those the walk is in, and those it has left that wait for their files. */
import type { TreeBuilder } from "./tree-builder.js";
import type { Visit } from "./visit.js";

export class OpenFolders {
  readonly #builder: TreeBuilder;
  /** From the root down to where the walk is. */
  readonly #levels: Visit[] = [];

  constructor(builder: TreeBuilder) {
    this.#builder = builder;
  }

  enter(visit: Visit): void {
    this.#levels.push(visit);
  }

  /** The walk leaves the folder it is in, which the builder is given. */
  leave(): void {
    this.#levels.pop();
  }

  /** In post-order: the root last, each with all that it lies in. */
  visits(): readonly Visit[] {
    return [...this.#builder.waiting, ...[...this.#levels].reverse()];
  }
}
