/** What was found in a folder, in order of path. What was found in a folder of it is shared with what is known of that one. */
import { joinPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import type { Node } from "../tree/node.js";

interface Below {
  readonly name: Uint8Array;
  readonly below: Findings;
}

export class Findings {
  /** All entries, also those in folders of it. */
  count = 0;
  readonly #parts: (Node | Below)[] = [];

  /** Entries of its own and folders: what is in memory for this folder alone. */
  get partCount(): number {
    return this.#parts.length;
  }

  add(node: Node): void {
    this.#parts.push(node);
    this.count++;
  }

  addBelow(name: Uint8Array, below: Findings): void {
    this.#parts.push({ name, below });
    this.count += below.count;
  }

  /** As entries of the folder at a path. */
  *entries(folder: Uint8Array): Generator<Entry> {
    const levels = [{ path: folder, parts: this.#parts.values() }];
    for (let last = levels.at(-1); last !== undefined; last = levels.at(-1)) {
      const { value: part, done } = last.parts.next();
      if (done === true) {
        levels.pop();
        continue;
      }
      const path = joinPath(last.path, part.name);
      if ("below" in part) levels.push({ path, parts: part.below.#parts.values() });
      else yield { path, node: part };
    }
  }
}
