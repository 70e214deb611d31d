/** Several snapshots as they are typed: `3 5-9 latest`. */
import type { Repository } from "@bcat/repository";
import type { FindSnapshotOptions } from "@bcat/snapshot";
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
 * what there is in it.
 *
 * @param numbers those that a range may take
 * @throws {BcatError} with code "not-found" for a range with nothing in it
 */
export async function findNumbers(
  repository: Repository,
  words: readonly NumberWord[],
  numbers: readonly number[],
  options: FindSnapshotOptions = {},
): Promise<number[]> {
  const { findSnapshot } = await import("@bcat/snapshot");
  const found = new Set<number>();
  for (const word of words) {
    if (word.kind === "number") found.add(word.number);
    else if (word.kind === "latest") found.add((await findSnapshot(repository, word.selector, options)).number);
    else for (const number of inRange(word, numbers)) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}

function inRange({ first, last }: { first: number; last: number }, numbers: readonly number[]): number[] {
  const found = numbers.filter((number) => number >= first && number <= last);
  if (found.length > 0) return found;
  throw usageError(`Cannot use ${first}-${last}: there are no such snapshots`);
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
