/** The place that all simulated processes write to: what it holds now, whoever puts it there, and who is told of it. */
import type { SimulatedProcess } from "./process.js";

/** A change of what the place holds. */
export interface Change {
  readonly name: string;
  /** Undefined when it was removed. */
  readonly bytes: Uint8Array | undefined;
  readonly before: Uint8Array | undefined;
  readonly author: SimulatedProcess | undefined;
  /** Only a part of what was sent has arrived. */
  readonly isTorn: boolean;
  /** Its author has been told that it failed, or is gone. */
  readonly isLate: boolean;
}

export interface Sent {
  readonly author: SimulatedProcess | undefined;
  readonly isLate?: boolean;
}

export class Place {
  readonly objects = new Map<string, Uint8Array>();
  /** It has no put-if-absent: the last put wins. */
  readonly overwrites: boolean;
  /** Told of everything that is sent, before it is known whether it is taken. */
  onAttempt: (name: string, bytes: Uint8Array) => void = () => {};
  onChange: (change: Change) => void = () => {};
  /** Bytes that fit in. */
  limit = Number.POSITIVE_INFINITY;
  #used = 0;
  readonly #torn = new Map<string, SimulatedProcess | undefined>();

  constructor(overwrites: boolean) {
    this.overwrites = overwrites;
  }

  /** Bytes of all that is there. */
  get used(): number {
    return this.#used;
  }

  hasRoomFor(bytes: Uint8Array): boolean {
    return this.#used + bytes.length <= this.limit;
  }

  /** Objects that are there before anybody comes. */
  furnish(objects: ReadonlyMap<string, Uint8Array>): void {
    for (const [name, bytes] of objects) {
      this.objects.set(name, bytes);
      this.#used += bytes.length;
    }
  }

  /** A byte of an object is another one from now on, and nobody is told. */
  rot(name: string, at: number): void {
    const rotten = new Uint8Array(this.objects.get(name)!);
    rotten[at % rotten.length]! ^= 1;
    this.objects.set(name, rotten);
  }

  /** False when the name has a value already, which then stays. */
  putIfAbsent(name: string, bytes: Uint8Array, sent: Sent): boolean {
    this.onAttempt(name, bytes);
    if (this.objects.has(name) && !this.overwrites) return false;
    this.#set(name, bytes, sent);
    return true;
  }

  put(name: string, bytes: Uint8Array, sent: Sent): void {
    this.onAttempt(name, bytes);
    this.#set(name, bytes, sent);
  }

  /** A put of which only the first bytes arrive. */
  tear(name: string, bytes: Uint8Array, sent: Sent): void {
    if (this.objects.has(name)) return;
    this.#torn.set(name, sent.author);
    this.#change(name, bytes, { ...sent, isTorn: true });
  }

  delete(name: string, sent: Sent): void {
    if (!this.objects.has(name)) return;
    this.#torn.delete(name);
    this.#change(name, undefined, { ...sent, isTorn: false });
  }

  isTorn(name: string): boolean {
    return this.#torn.has(name);
  }

  /** True when a part of an object is there that was put by somebody who did this. */
  hasTornBy(kind: string): boolean {
    return [...this.#torn.values()].some((author) => author?.kind === kind);
  }

  #set(name: string, bytes: Uint8Array, sent: Sent): void {
    const before = this.objects.get(name);
    if (before !== undefined && Buffer.compare(before, bytes) === 0) return;
    this.#torn.delete(name);
    this.#change(name, bytes, { ...sent, isTorn: false });
  }

  #change(
    name: string,
    bytes: Uint8Array | undefined,
    { author, isLate = false, isTorn }: Sent & { isTorn: boolean },
  ): void {
    const before = this.objects.get(name);
    this.#used += (bytes?.length ?? 0) - (before?.length ?? 0);
    if (bytes === undefined) this.objects.delete(name);
    else this.objects.set(name, bytes);
    this.onChange({ name, bytes, before, author, isTorn, isLate });
  }
}
