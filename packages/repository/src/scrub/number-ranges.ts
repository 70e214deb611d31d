/** A set of numbers that is mostly dense, in little memory, whatever the order in which they come. */

export class NumberRanges {
  /** Last number of each range of neighbours, by its first, and the other way round. */
  readonly #lastOf = new Map<number, number>();
  readonly #firstOf = new Map<number, number>();

  add(number: number): void {
    const before = this.#firstOf.get(number - 1);
    const after = this.#lastOf.get(number + 1);
    if (before !== undefined) this.#firstOf.delete(number - 1);
    if (after !== undefined) this.#lastOf.delete(number + 1);
    const first = before ?? number;
    const last = after ?? number;
    this.#lastOf.set(first, last);
    this.#firstOf.set(last, first);
  }

  /** The least number from 1 on that is missing although a greater one is there. */
  firstMissing(): number | undefined {
    const end = this.#lastOf.get(1) ?? 0;
    const isWhole = this.#lastOf.size === (end === 0 ? 0 : 1);
    return isWhole ? undefined : end + 1;
  }
}
