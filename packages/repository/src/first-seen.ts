/**
 * When this client has first met each snapshot while it looked what to forget: times of its own clock, which nobody else
 * can set (rule 7 of docs/architecture.md). Losing them costs that protection and nothing else. Sealed as an object of a
 * name that no object of a repository has.
 *
 *     <folder of the place>/first-seen     list of varint number, as difference to the one before ‖ time
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "@bcat/codec";
import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import type { PackContext } from "@bcat/pack";
import { isSystemError, writeWhole } from "./cache-files.js";

const FIRST_SEEN = "first-seen";
/** Snapshots that are remembered at most: of more, the newest. */
const SNAPSHOTS_MAX = 2 ** 17;
const OBJECT = { type: ObjectType.PARTIAL, name: "local/first-seen/1", epoch: 0, domain: 0 } as const;

export interface FirstSeenOptions {
  readonly context: PackContext;
  /** The cache folder of the place; undefined to remember nothing. */
  readonly folder: string | undefined;
}

export class FirstSeen {
  readonly #context: PackContext;
  readonly #folder: string | undefined;

  constructor({ context, folder }: FirstSeenOptions) {
    this.#context = context;
    this.#folder = folder;
  }

  /** By number; empty without a memory. */
  read(): ReadonlyMap<number, number> {
    if (this.#folder === undefined) return new Map();
    try {
      const bytes = readFileSync(join(this.#folder, FIRST_SEEN));
      return decode(openObject(this.#context.keys, OBJECT, bytes).body);
    } catch (error) {
      if (isBcatError(error) || isSystemError(error)) return new Map();
      throw error;
    }
  }

  /** Remembers `times`, ascending by number, in place of what was there; failing to is no error. */
  write(times: ReadonlyMap<number, number>): void {
    if (this.#folder === undefined) return;
    const kept = [...times].slice(-SNAPSHOTS_MAX);
    const file = { folder: this.#folder, name: FIRST_SEEN, random: this.#context.random };
    writeWhole(file, sealObject(this.#context, OBJECT, encode(kept)));
  }
}

function encode(times: readonly (readonly [number, number])[]): Uint8Array {
  const writer = new ByteWriter(16 * times.length + 1);
  let last = 0;
  for (const [number, time] of times) {
    writer.varint(number - last);
    writer.time(time);
    last = number;
  }
  return writer.finish();
}

function decode(body: Uint8Array): Map<number, number> {
  const reader = new ByteReader(body, FIRST_SEEN);
  const times = new Map<number, number>();
  let last = 0;
  while (reader.remaining > 0) {
    last += reader.varint();
    times.set(last, reader.time());
  }
  return times;
}
