/** Whose files are in a snapshot, and when it came to be. */
import type { SimulatedProcess } from "./process.js";

const NUMBERED = /^(sessions|outcomes|partial)\/(\d+)/;

export class Owners {
  readonly #isForOneWriter: boolean;
  /** Who put a session, in a place for one writer. */
  readonly #reserved = new Map<number, readonly SimulatedProcess[]>();
  readonly #owners = new Map<number, readonly SimulatedProcess[]>();
  readonly #decided = new Map<number, number>();

  constructor(isForOneWriter: boolean) {
    this.#isForOneWriter = isForOneWriter;
  }

  /** The same of another run, by its own processes. */
  copy(inOther: (owner: SimulatedProcess) => SimulatedProcess): Owners {
    const copy = new Owners(this.#isForOneWriter);
    for (const [number, owners] of this.#reserved) copy.#reserved.set(number, owners.map(inOther));
    for (const [number, owners] of this.#owners) copy.#owners.set(number, owners.map(inOther));
    for (const [number, time] of this.#decided) copy.#decided.set(number, time);
    return copy;
  }

  /** Those whose files snapshot `number` may hold: one, or the clones that share a session. */
  of(number: number): readonly SimulatedProcess[] {
    return this.#owners.get(number) ?? [];
  }

  /** When outcome `number` came to be, ms; undefined while there is none. */
  decidedAt(number: number): number | undefined {
    return this.#decided.get(number);
  }

  /** Takes note of who has put `name`. */
  note(name: string, author: SimulatedProcess, now: number): void {
    const [, sequence, digits] = NUMBERED.exec(name) ?? [];
    if (sequence === undefined) return;
    const number = Number(digits);
    if (sequence === "outcomes" && !this.#decided.has(number)) this.#decided.set(number, now);
    if (this.#isForOneWriter) this.#noteOfOneWriter(sequence, number, author);
    else if (sequence !== "sessions") this.#noteSource(number, author);
  }

  /** Of a checkpoint that another puts as the outcome, the source is that of who made it. */
  #noteSource(number: number, author: SimulatedProcess): void {
    const known = this.of(number);
    if (known.every((owner) => isCloneOf(owner, author))) this.#owners.set(number, [...known, author]);
  }

  /**
   * What a dead process has sent is sent again by the next one of its machine, and by no other. So the outcome tells the
   * machine; the session tells the process, though one of another machine may arrive late and take its place.
   */
  #noteOfOneWriter(sequence: string, number: number, author: SimulatedProcess): void {
    const reserved = this.#reserved.get(number) ?? [];
    if (sequence === "sessions") this.#reserved.set(number, [...reserved, author]);
    if (sequence !== "outcomes" || this.#owners.has(number)) return;
    const ofMachine = reserved.filter(({ machine }) => machine.name === author.machine.name);
    this.#owners.set(number, [ofMachine.includes(author) ? author : (ofMachine.at(-1) ?? author)]);
  }
}

/** True for processes of two machines of which one is resumed from an image of the other. */
export function isCloneOf({ machine }: SimulatedProcess, other: SimulatedProcess): boolean {
  return machine.name !== other.machine.name && machine.clientId === other.machine.clientId;
}
