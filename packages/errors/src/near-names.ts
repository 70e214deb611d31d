/** Names that are like one that is not there: the few nearest of those that are offered, for "did you mean". */

/** Names that are kept. */
const NEAR_MAX = 3;
/** Characters of a name that are looked at. */
const LENGTH_MAX = 64;

interface Near {
  readonly name: Uint8Array;
  readonly distance: number;
}

export class NearNames {
  readonly #wanted: readonly string[];
  /** Mistypings that still count as near: a third of the name, three at most. */
  readonly #distanceMax: number;
  /** Ascending by distance. */
  #near: Near[] = [];

  constructor(wanted: Uint8Array) {
    this.#wanted = charactersOf(wanted);
    this.#distanceMax = Math.max(1, Math.min(3, Math.floor((this.#wanted.length + 1) / 3)));
  }

  offer(name: Uint8Array): void {
    // Bytes of one character are 4 at most: most names are told apart by that.
    if (name.length * 4 < this.#wanted.length - this.#distanceMax) return;
    const characters = charactersOf(name);
    const distance = this.#distance(characters);
    if (distance === undefined) return;
    // The nearest first; of those equally near the one that came first.
    const at = this.#near.findIndex((other) => other.distance > distance);
    this.#near.splice(at < 0 ? this.#near.length : at, 0, { name, distance });
    this.#near.length = Math.min(this.#near.length, NEAR_MAX);
  }

  /** The nearest first. */
  get names(): readonly Uint8Array[] {
    return this.#near.map(({ name }) => name);
  }

  /** Undefined when the name is another one altogether. */
  #distance(characters: readonly string[]): number | undefined {
    const shorter = Math.min(characters.length, this.#wanted.length);
    const difference = Math.max(characters.length, this.#wanted.length) - shorter;
    const mistypings = difference > this.#distanceMax ? undefined : countMistypings(this.#wanted, characters);
    if (mistypings !== undefined && mistypings <= this.#distanceMax) return mistypings;
    // One begins as the other: an ending, or a part, was left out.
    const beginsAlike = shorter >= 3 && characters.slice(0, shorter).every((one, i) => one === this.#wanted[i]);
    return beginsAlike ? this.#distanceMax + difference : undefined;
  }
}

/** Without case, and with accents in one form: file systems differ in both. */
function charactersOf(name: Uint8Array): string[] {
  const text = Buffer.from(name.buffer, name.byteOffset, Math.min(name.length, LENGTH_MAX * 4)).toString();
  return Array.from(text.normalize("NFC").toLowerCase()).slice(0, LENGTH_MAX);
}

/**
 * Characters added, left out or replaced, and neighbours exchanged (the optimal string alignment distance).
 * At most {@link LENGTH_MAX} characters each.
 */
function countMistypings(a: readonly string[], b: readonly string[]): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, character] of a.entries()) {
    const row = [i + 1];
    for (const [j, other] of b.entries()) {
      let cost = Math.min(last[j]! + (character === other ? 0 : 1), last[j + 1]! + 1, row[j]! + 1);
      const areExchanged = i > 0 && j > 0 && character === b[j - 1] && a[i - 1] === other;
      if (areExchanged) cost = Math.min(cost, before[j - 1]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
