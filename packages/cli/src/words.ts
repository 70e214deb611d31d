/**
 * The words of a command line, divided into flags with their values and operands. Every operand and every value comes
 * out as it was typed, also one that looks like a number, a quoted word or `true`.
 */
import { type Flag, type Flags, type GivenFlags, switchValues } from "./options.js";
import { usageError } from "./usage.js";

export interface Words {
  /** Of a switch the values are `true` and `false`. */
  readonly given: GivenFlags;
  /** What is no flag, and everything after `--`. */
  readonly operands: readonly string[];
}

interface NamedFlag {
  readonly name: string;
  readonly flag: Flag;
}

/** The error for a flag, as typed, that is none; `word` is what it was found in. */
export type Refuse = (typed: string, word: string) => Error;

/**
 * `flags` are those of all commands together: which of them the command at hand has is not known before all words are
 * read.
 *
 * @throws {BcatError} with code "usage" for a flag without its value, and what `refuse` says
 */
export function readWords(words: readonly string[], flags: Flags, refuse: Refuse): Words {
  const table = tableOf(flags);
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  const add = ({ name }: NamedFlag, value: string) => given.set(name, [...(given.get(name) ?? []), value]);
  const rest = words.values();
  for (const word of rest) {
    const find = (typed: string) => {
      const found = table.get(typed);
      if (found === undefined) throw refuse(typed, word);
      return found;
    };
    if (word === "--") operands.push(...rest);
    else if (!looksLikeFlag(word)) operands.push(word);
    else if (word.startsWith("--")) addLong(word, { find, rest, add });
    else addShort(word, { find, rest, add });
  }
  return { given, operands };
}

/** A lone dash is a name like any other. */
function looksLikeFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

/** No flag is a digit. */
function isNegativeNumber(word: string): boolean {
  return /^-\d+$/.test(word);
}

function tableOf(flags: Flags): ReadonlyMap<string, NamedFlag> {
  const table = new Map<string, NamedFlag>();
  for (const [name, flag] of Object.entries(flags)) {
    table.set(`--${name}`, { name, flag });
    if (flag.alias !== undefined) table.set(`--${flag.alias}`, { name, flag });
    if (flag.short !== undefined) table.set(`-${flag.short}`, { name, flag });
  }
  return table;
}

interface Reading {
  /** Throws for a flag that there is not. */
  readonly find: (typed: string) => NamedFlag;
  /** The words after the one at hand. */
  readonly rest: IterableIterator<string>;
  readonly add: (flag: NamedFlag, value: string) => void;
}

function addLong(word: string, { find, rest, add }: Reading): void {
  const equals = word.indexOf("=");
  const typed = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  const found = find(typed);
  if (found.flag.kind !== "switch") add(found, value ?? takeValue(typed, found.flag, rest));
  else if (value === undefined) add(found, "true");
  else for (const one of switchValues(typed, value, found.flag)) add(found, one);
}

/** `-nq` is two switches, `-rfolder` and `-nr folder` are a flag and its value. */
function addShort(word: string, { find, rest, add }: Reading): void {
  for (let i = 1; i < word.length; i++) {
    const typed = `-${word[i]}`;
    const found = find(typed);
    if (found.flag.kind !== "switch") {
      const value = word.slice(i + 1).replace(/^=/, "");
      add(found, i + 1 < word.length ? value : takeValue(typed, found.flag, rest));
      return;
    }
    add(found, "true");
  }
}

function takeValue(typed: string, { choices }: Flag, rest: IterableIterator<string>): string {
  const next = rest.next();
  if (next.done === true)
    throw usageError(
      `Cannot use ${typed}: it needs ${choices === undefined ? "a value" : `one of ${choices.join(", ")}`}`,
    );
  if (!looksLikeFlag(next.value) || isNegativeNumber(next.value)) return next.value;
  const joined = typed.startsWith("--") ? `${typed}=${next.value}` : `${typed}${next.value}`;
  throw usageError(`Cannot use ${typed}: it needs a value; for one that begins with a dash write ${joined}`);
}
