/** A queue by time; what is due at the same time comes in the order in which it was put in. */
interface Entry<T> {
  readonly time: number;
  readonly order: number;
  readonly item: T;
}

export class Heap<T> {
  readonly #entries: Entry<T>[] = [];
  #order = 0;

  push(time: number, item: T): void {
    const entries = this.#entries;
    const entry = { time, order: this.#order++, item };
    let at = entries.length;
    for (; at > 0; at = (at - 1) >> 1) {
      const above = entries[(at - 1) >> 1]!;
      if (!isBefore(entry, above)) break;
      entries[at] = above;
    }
    entries[at] = entry;
  }

  pop(): Entry<T> | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (let below = 1; below < entries.length; below = 2 * at + 1) {
      const other = entries[below + 1];
      if (other !== undefined && isBefore(other, entries[below]!)) below++;
      if (!isBefore(entries[below]!, last)) break;
      entries[at] = entries[below]!;
      at = below;
    }
    entries[at] = last;
    return first;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
