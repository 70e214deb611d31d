/** What to do about damage that a command has met while it read a repository: said once, when all else was said. */
import { formatItems } from "./format.js";
import type { Output } from "./output.js";
import { printNotice, type Warning } from "./warning.js";

const REMEDY =
  "bcat check --read-data names all of it, bcat repair packs --read-data saves what can be saved, then bcat backup of the source or bcat repair --from REPO brings back the rest";

export class DamageNote {
  readonly #output: Output;
  readonly #where: string;
  #entries = 0;

  /** @param where the repository is, for a command that has two */
  constructor(output: Output, where = "the repository") {
    this.#output = output;
    this.#where = where;
  }

  /** Counts what is damaged. */
  take({ kind, code, count = 1 }: Warning): void {
    if (kind === "error" && (code === "corrupt" || code === "damaged")) this.#entries += count;
  }

  /** Says it, if there is anything to say. */
  tell(): void {
    if (this.#entries === 0) return;
    const what = formatItems(this.#entries, "entry", "entries");
    printNotice(`${what} cannot be read, as ${this.#where} is damaged: ${REMEDY}`, "damaged", this.#output);
    this.#entries = 0;
  }
}
