/** Several snapshots as they are typed: `3 5-9 latest`. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { usageError } from "./usage.js";

export type NumberWord =
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "range"; readonly first: number; readonly last: number }
  | { readonly kind: "latest"; readonly selector: string };

/** @throws {BcatError} with code "usage" */
export function parseNumberWords(words: readonly string[]): NumberWord[] {
  return words.map((word) => {
    if (/^[1-9]\d{0,9}$/.test(word)) return { kind: "number", number: Number(word) };
    if (/^latest(~\d{1,10})?$/.test(word)) return { kind: "latest", selector: word };
    const [, first, last] = /^([1-9]\d{0,9})-([1-9]\d{0,9})$/.exec(word) ?? [];
    if (first !== undefined && Number(first) <= Number(last))
      return { kind: "range", first: Number(first), last: Number(last) };
    throw usageError(`Cannot use "${word}": give numbers of snapshots, ranges such as 5-9, or latest`);
  });
}

/**
 * The numbers that are meant, ascending, each once. A single number stands for itself, also where nothing is; a range for
 * what there is in it, from one that is there to another.
 *
 * @param numbers those that a range may take, ascending
 * @param ends those that it may begin and end with
 * @throws {BcatError} with code "not-found" for a range whose ends are not there, or with nothing in it
 */
export async function findNumbers(
  repository: Repository,
  words: readonly NumberWord[],
  numbers: readonly number[],
  ends: Iterable<number> = numbers,
): Promise<number[]> {
  const { findSnapshot } = await import("@bcat/snapshot");
  const allowed = { numbers, ends: new Set(ends) };
  const found = new Set<number>();
  for (const word of words) {
    if (word.kind === "number") found.add(word.number);
    else if (word.kind === "latest") found.add((await findSnapshot(repository, word.selector)).number);
    else for (const number of inRange(word, allowed)) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}

/** An end that is not there is a slip more often than a way to say "all". */
function inRange(
  { first, last }: { first: number; last: number },
  { numbers, ends }: { readonly numbers: readonly number[]; readonly ends: ReadonlySet<number> },
): number[] {
  const missing = [first, last].filter((end) => !ends.has(end));
  const found = numbers.filter((number) => number >= first && number <= last);
  if (missing.length === 0 && found.length > 0) return found;
  const which = missing.length === 0 ? "no such snapshot" : `no snapshot ${[...new Set(missing)].join(", and no ")}`;
  const there =
    found.length === 0 ? "" : `; of that range there ${found.length === 1 ? "is" : "are"} ${formatNumbers(found)}`;
  throw new BcatError("not-found", `Cannot use ${first}-${last}: there is ${which}${there}`);
}

/** @throws {BcatError} with code "not-found" for the first of `numbers` that is not among those `known` */
export async function requireAll(
  repository: Repository,
  {
    numbers,
    known,
    action,
  }: { readonly [Key in "numbers" | "known"]: readonly number[] } & { readonly action: string },
): Promise<void> {
  const { describeMissing } = await import("@bcat/snapshot");
  const missing = numbers.find((number) => !known.includes(number));
  if (missing === undefined) return;
  const why = await describeMissing(repository, missing);
  throw new BcatError("not-found", `Cannot ${action} snapshot ${missing}: ${why}`);
}

/** `1, 3-5, 9` */
export function formatNumbers(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
}
