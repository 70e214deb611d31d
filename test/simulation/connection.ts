/**
 * A storage as one process has it: each call takes effect some time after it was sent, and may be lost before that or
 * after, or arrive when nobody waits for it any more. As a `Storage` says, what fails has an unknown outcome.
 */
import { BcatError, StorageError } from "@bcat/errors";
import type { GetOptions, ListedObject, Storage } from "@bcat/storage";
import type { Dice } from "./dice.js";
import type { Place } from "./place.js";
import type { SimulatedProcess } from "./process.js";
import type { Scheduler } from "./scheduler.js";

/** What a storage does to those who use it, in this run. */
export interface Weather {
  /** Milliseconds. */
  readonly latency: number;
  /** Of each call. */
  readonly errors: number;
  readonly lostAnswers: number;
  /** Whole values that arrive cut short; each name once. */
  readonly shortBodies: number;
  /** Objects of which a part arrives. */
  readonly tornWrites: number;
  /** How late (ms) a request may arrive whose sender has given up. */
  readonly lateness: number;
  /** How long (ms) an answer is waited for. */
  readonly timeout: number;
}

export interface ConnectionParts {
  /** What the place calls itself. */
  readonly location: string;
  readonly place: Place;
  readonly process: SimulatedProcess;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly weather: () => Weather;
  /** Called when the process dies in a call. */
  readonly onDeath: () => void;
  /** Names that have arrived cut short. */
  readonly shortened: Set<string>;
}

/** What became of a request where it went: an answer, or an error that is one. */
type Answer<T> = { readonly value: T } | { readonly error: Error };

const isRegister = (name: string) => /^(sessions|outcomes|log|keys|registers)\/|^config$/.test(name);

export class Connection implements Storage {
  readonly location: string;
  readonly #parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.location = parts.location;
  }

  async get(name: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    const { place } = this.#parts;
    const { range } = options;
    const found = await this.call("get", name, () => ({ value: place.objects.get(name) }));
    if (found === undefined) return undefined;
    if (range !== undefined) return found.slice(range.offset, range.offset + range.length);
    return this.#maybeShort(name, found);
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const { place, dice, weather } = this.#parts;
    const sent = new Uint8Array(bytes);
    const isTorn = dice.chance(weather().tornWrites) && !isRegister(name);
    await this.call("put", name, (isLate) => {
      const from = { author: this.#parts.process, isLate };
      if (isTorn) {
        place.tear(name, sent.subarray(0, dice.integer(0, sent.length - 1)), from);
        return { error: this.#failure("put", name, "the line broke") };
      }
      if (!place.hasRoomFor(sent)) return { error: noRoom(name) };
      place.put(name, sent, from);
      return { value: undefined };
    });
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<void> {
    const { place, process } = this.#parts;
    const sent = new Uint8Array(bytes);
    await this.call("putIfAbsent", name, (isLate) => {
      if (!place.hasRoomFor(sent)) return { error: noRoom(name) };
      if (place.putIfAbsent(name, sent, { author: process, isLate })) return { value: undefined };
      return { error: new BcatError("exists", `Cannot put "${name}": it is there`) };
    });
  }

  async delete(name: string): Promise<void> {
    const { place, process } = this.#parts;
    await this.call("delete", name, (isLate) => {
      place.delete(name, { author: process, isLate });
      return { value: undefined };
    });
  }

  /** In two pages, each as it is when it is read. */
  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const { dice } = this.#parts;
    const first = await this.#page(prefix, () => true);
    const pivot = first[dice.integer(0, Math.max(0, first.length - 1))]?.name ?? "";
    for (const object of first) if (object.name <= pivot) yield object;
    for (const object of await this.#page(prefix, (name) => name > pivot)) yield object;
  }

  async #page(prefix: string, isWanted: (name: string) => boolean): Promise<ListedObject[]> {
    return await this.call("list", prefix, () => {
      const names = [...this.#parts.place.objects.keys()].filter((name) => name.startsWith(prefix) && isWanted(name));
      return { value: names.sort().map((name) => ({ name, size: this.#parts.place.objects.get(name)!.length })) };
    });
  }

  /** Sends a request, whose `effect` it has where and when it arrives. */
  async call<T>(kind: string, name: string, effect: (isLate: boolean) => Answer<T>): Promise<T> {
    const { process, dice, scheduler } = this.#parts;
    if (process.isDead) return await new Promise<never>(() => {});
    const isReading = kind === "get" || kind === "list";
    if (++process.calls > process.callsMax || dice.chance(process.deathChance)) {
      scheduler.trace.add(`${scheduler.now} ${process.name} dies at ${kind} ${name}`);
      process.isDead = true;
      this.#parts.onDeath();
      if (!isReading && dice.chance(0.5)) this.#arriveLate(kind, name, effect);
      return await new Promise<never>(() => {});
    }
    return await new Promise<T>((resolve, reject) => {
      const settle = (answer: Answer<T>) => {
        if (process.isDead) return;
        if ("error" in answer) reject(answer.error);
        else resolve(answer.value);
      };
      this.#send(kind, name, effect, settle, isReading);
    });
  }

  #send<T>(
    kind: string,
    name: string,
    effect: (isLate: boolean) => Answer<T>,
    settle: (answer: Answer<T>) => void,
    isReading: boolean,
  ): void {
    const { scheduler, dice, process } = this.#parts;
    const { latency, errors, lostAnswers, timeout } = this.#parts.weather();
    const held = this.#hold();
    const there = process.pace * dice.delay(latency) + held.before;
    const back = process.pace * dice.delay(latency) + held.after;
    const fail = (found: string) => settle({ error: this.#failure(kind, name, found) });
    if (dice.chance(errors)) {
      const isDone = !isReading && dice.chance(0.4);
      scheduler.after(there, () => {
        if (isDone) this.#effect(kind, name, effect, false);
        scheduler.after(back, () => fail(isDone ? "500" : dice.pick(["500", "503", "409"])));
      });
    } else if (dice.chance(lostAnswers)) {
      scheduler.after(timeout, () => fail("no answer"));
      if (!isReading && dice.chance(0.7)) this.#arriveLate(kind, name, effect);
    } else {
      scheduler.after(there, () => {
        const answer = this.#effect(kind, name, effect, process.isDead);
        scheduler.after(back, () => settle(answer));
      });
    }
  }

  /** Milliseconds that the process is held at this call. */
  #hold(): { readonly before: number; readonly after: number } {
    const { hold, calls } = this.#parts.process;
    if (hold?.call !== calls) return { before: 0, after: 0 };
    hold.onHold();
    const { milliseconds, isBefore } = hold;
    return isBefore ? { before: milliseconds, after: 0 } : { before: 0, after: milliseconds };
  }

  #arriveLate<T>(kind: string, name: string, effect: (isLate: boolean) => Answer<T>): void {
    const { scheduler, dice } = this.#parts;
    const { latency, lateness } = this.#parts.weather();
    const delay = dice.chance(0.5) ? dice.delay(latency) : dice.integer(1, lateness);
    scheduler.after(delay, () => this.#effect(kind, name, effect, true));
  }

  #effect<T>(kind: string, name: string, effect: (isLate: boolean) => Answer<T>, isLate: boolean): Answer<T> {
    const { scheduler, process } = this.#parts;
    const answer = effect(isLate);
    const found = "error" in answer ? "refused" : answer.value === undefined ? "-" : "ok";
    scheduler.trace.add(`${scheduler.now} ${process.name} ${kind} ${name} ${found}${isLate ? " late" : ""}`);
    return answer;
  }

  #maybeShort(name: string, bytes: Uint8Array): Uint8Array {
    const { dice, weather, shortened } = this.#parts;
    if (!dice.chance(weather().shortBodies) || shortened.has(name)) return new Uint8Array(bytes);
    shortened.add(name);
    return bytes.slice(0, dice.integer(0, bytes.length - 1));
  }

  #failure(kind: string, name: string, found: string): StorageError {
    return new StorageError(`Cannot ${kind} "${name}": ${found}`);
  }
}

function noRoom(name: string): StorageError {
  const cause = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  return new StorageError(`Cannot put "${name}": no space left`, { cause, isFinal: true });
}
