/** Objects that are read one after another, asked for before their turn: far away, waiting for answers is all the time it takes. */
import type { Objects } from "@bcat/storage";

/** Objects asked for at once. */
const WIDTH_MAX = 16;
/** Bytes of them, as far as their sizes are known: one may be larger. */
const BYTES_MAX = 32 * 2 ** 20;
/** Where nobody knows how many there are, another one is asked for ahead after so many that were there. */
const HITS_PER_WIDTH = 4;

/** An object that will be read soon. */
export interface ExpectedObject {
  readonly name: string;
  /** Bytes; 0 where they are not known, and few. */
  readonly size: number;
}

export interface ReadAheadOptions {
  /** The last of them are probably not there. */
  readonly mayBeMissing?: boolean;
}

type Answer = Promise<Uint8Array | undefined>;

/**
 * A reader that is to be asked for `expected` in their order. What was asked for ahead it gives once; whatever else it is
 * asked for, it asks for then. Who stops early leaves answers on their way that nobody waits for.
 */
export function readAhead(
  source: Pick<Objects, "get">,
  expected: Iterable<ExpectedObject>,
  { mayBeMissing = false }: ReadAheadOptions = {},
): Pick<Objects, "get"> {
  const asked = new Map<string, { readonly size: number; readonly answer: Answer }>();
  const left = expected[Symbol.iterator]();
  let next = left.next();
  let hits = 0;
  let bytes = 0;

  const fill = (): void => {
    const width = mayBeMissing ? Math.min(WIDTH_MAX, 1 + Math.floor(hits / HITS_PER_WIDTH)) : WIDTH_MAX;
    for (; next.done !== true && asked.size < width; next = left.next()) {
      const { name, size } = next.value;
      if (asked.size > 0 && bytes + size > BYTES_MAX) return;
      const answer = source.get(name);
      // It fails when it is asked for, or not at all.
      answer.catch(() => {});
      asked.set(name, { size, answer });
      bytes += size;
    }
  };

  return {
    async get(name, options) {
      fill();
      const ahead = options === undefined ? asked.get(name) : undefined;
      if (ahead === undefined) return await source.get(name, options);
      asked.delete(name);
      bytes -= ahead.size;
      const value = await ahead.answer;
      if (value !== undefined) hits++;
      return value;
    },
  };
}
