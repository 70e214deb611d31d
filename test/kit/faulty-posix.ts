/** Calls of the system of which one fails once; and an account of the descriptors that they open and close. */
import type { Attributes, Directory, Posix } from "@bcat/posix";
import { isLongRun } from "./long-run.js";

export type CallName =
  | Exclude<keyof Posix, "name" | "exactTimes" | "isRemote" | "attributes">
  | `attributes.${keyof Attributes}`;

export interface Fault {
  readonly call: CallName;
  /** Which call of the kind, the first is 1. */
  readonly at: number;
  readonly code: string;
}

/** Of the calls of one kind that a test lets fail, in every run; `npm run sweep` lets all of them. */
const CALLS_FAILED = 2;

/** Which of `count` calls are to fail, one in each run: a few that lie apart, or with EVERY_CALL=all each. */
export function callsToFail(count = 0): number[] {
  const all = Array.from({ length: count }, (_, i) => i + 1);
  if (isLongRun) return all;
  const step = Math.max(1, count / CALLS_FAILED);
  return all.filter((at) => Math.floor(at / step) > Math.floor((at - 1) / step));
}

/** The errors of these with which the call fails that is failed as the `turn`-th: one, or with EVERY_CALL=all each. */
export function codesToFailWith(codes: readonly string[], turn: number): readonly string[] {
  return isLongRun ? codes : [codes[turn % codes.length]!];
}

/** Of what all calls are tried with, what the `turn`-th is: every other, or with EVERY_CALL=all each. */
export function everyOther<T>(all: readonly T[], turn: number): readonly T[] {
  return isLongRun ? all : all.filter((_, i) => (i + turn) % 2 === 0);
}

/** The same with one of them in each turn. */
export function oneInTurn<T>(all: readonly T[], turn: number): readonly T[] {
  return isLongRun ? all : [all[turn % all.length]!];
}

/** Passes calls on, fails one of them, and keeps account of descriptors. */
export class FaultyPosix {
  readonly counts = new Map<string, number>();
  readonly open = new Set<number>();
  readonly closedTwice: number[] = [];
  readonly posix: Posix;
  #fault: Fault | undefined;

  constructor(posix: Posix, fault: Fault | undefined) {
    this.#fault = fault;
    this.posix = new Proxy(posix, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (property === "attributes" && value !== undefined) return this.#attributes(value as Attributes);
        if (typeof value !== "function") return value;
        // It never fails.
        if (property === "isRemote") return value.bind(target);
        return (...words: unknown[]) => this.#call(property as CallName, () => value.apply(target, words), words);
      },
    });
  }

  #attributes(attributes: Attributes): Attributes {
    return new Proxy(attributes, {
      get: (target, property) => {
        const value = Reflect.get(target, property, target) as (...words: unknown[]) => unknown;
        const name = `attributes.${String(property)}` as CallName;
        return (...words: unknown[]) => this.#call(name, () => value.apply(target, words), words);
      },
    });
  }

  #call(name: CallName, run: () => unknown, words: unknown[]): unknown {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    const fails = name === this.#fault?.call && count === this.#fault.at;
    if (name === "close" || name === "closeDirectory") {
      // Closed even when it says otherwise, as on Linux.
      this.#closed(name === "close" ? (words[0] as number) : (words[0] as Directory).fd, run);
      if (fails) throw this.#error();
      return undefined;
    }
    if (fails) throw this.#error();
    const result = run();
    if (name.startsWith("openDirectory")) this.open.add((result as Directory).fd);
    if (name === "createFileAt" || name === "openFileAt") this.open.add(result as number);
    return result;
  }

  #closed(fd: number, run: () => unknown): void {
    if (this.open.delete(fd)) run();
    else this.closedTwice.push(fd);
  }

  #error(): Error {
    const { code, call } = this.#fault!;
    return Object.assign(new Error(`${code}: injected, ${call}`), { code, errno: -5, syscall: call });
  }
}
