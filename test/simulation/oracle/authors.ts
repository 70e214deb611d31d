/** What depends on who has put something: checkpoints of clones, and snapshots that nobody makes twice. */
import { isCloneOf } from "../owners.js";
import type { Change } from "../place.js";
import type { SimulatedProcess } from "../process.js";
import type { ShownSnapshot } from "./registers.js";
import { Violation } from "./violation.js";

export class Authors {
  /** Who put a checkpoint first. */
  #checkpointed = new Map<string, SimulatedProcess>();
  /** Who has put a whole snapshot that is not made from another one. */
  #committed = new Set<SimulatedProcess>();

  copy(): Authors {
    const copy = new Authors();
    copy.#checkpointed = new Map(this.#checkpointed);
    copy.#committed = new Set(this.#committed);
    return copy;
  }

  /** Clones that draw the same randomness may have one session; each puts its checkpoints, and one of them its outcome. */
  isOfClone({ name, author }: Pick<Change, "name" | "author">): boolean {
    if (!name.startsWith("partial/") || author === undefined) return false;
    const first = this.#checkpointed.get(name);
    if (first === undefined) this.#checkpointed.set(name, author);
    return first !== undefined && isCloneOf(first, author);
  }

  /** A backup begins again only when it has no snapshot: to take its own for somebody else's is no harm, but wrong. */
  requireOnce({ name, author }: Pick<Change, "name" | "author">, { isComplete, original }: ShownSnapshot): void {
    if (author === undefined || !isComplete || original !== undefined) return;
    if (this.#committed.has(author)) throw new Violation("committed-twice", `${name} by ${author.name}`);
    this.#committed.add(author);
  }
}
