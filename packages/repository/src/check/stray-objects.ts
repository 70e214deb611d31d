/** Objects that are none of a repository: told by their names up to a number, and those of a probe as one. */
import type { CheckRun } from "./check-run.js";

/** Strays that are named; more are counted. */
const NAMED_MAX = 20;
/** What `doctor` and `init` try a place out with. */
const PROBE = "probe/";

export class StrayObjects {
  readonly #run: CheckRun;
  #named = 0;
  #more = 0;
  #ofProbes = 0;

  constructor(run: CheckRun) {
    this.#run = run;
  }

  take(name: string): void {
    if (name.startsWith(PROBE)) this.#ofProbes++;
    else if (this.#named === NAMED_MAX) this.#more++;
    else {
      this.#named++;
      this.#run.reportNote(name, `"${name}" is no object of a repository`, "stray-object");
    }
  }

  /** When all are taken. */
  tellRest(): void {
    if (this.#more > 0)
      this.#run.reportNote(undefined, `${this.#more} more are no objects of a repository`, "stray-object");
    if (this.#ofProbes === 0) return;
    const [objects, are] = this.#ofProbes === 1 ? ["object", "is"] : ["objects", "are"];
    const left = `${this.#ofProbes} ${objects} below "${PROBE}" ${are} left of a bcat doctor or init that was cut off`;
    this.#run.reportNote(PROBE, `${left}: remove all that is below it`, "probe-leftovers");
  }
}
