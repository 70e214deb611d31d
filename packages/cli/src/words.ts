/**
 * The words of a command line, made safe for yargs, which otherwise takes `true` after a switch for its value and so
 * loses a folder of that name, reads `--json=maybe` as false, strips quotes from values, drops empty ones and does not
 * know `-rfolder`.
 *
 * Out come `--<long name>=true` or `=false` for a switch, `--<long name>=` ‖ guard ‖ value for all other flags, and the
 * operands as they were.
 */
import { type Flag, type Flags, switchValue } from "./options.js";
import { usageError } from "./usage.js";

/** Stands before every value, so that none is empty or begins with a quote. */
const guard = "=";

interface NamedFlag {
  readonly name: string;
  readonly flag: Flag;
}

/**
 * Words that yargs reads as they were meant. `flags` are those of all commands together: yargs refuses the flags that
 * the command at hand does not have.
 *
 * @throws {BcatError} with code "usage" for a flag that no command has, or one without its value.
 */
export function guardWords(words: readonly string[], flags: Flags): string[] {
  const table = tableOf(flags);
  const guarded: string[] = [];
  const rest = words.values();
  for (const word of rest) {
    if (word === "--") return [...guarded, word, ...rest];
    if (!looksLikeFlag(word)) guarded.push(word);
    else if (word.startsWith("--")) guarded.push(guardLong(word, table, rest));
    else guarded.push(...guardShort(word, table, rest));
  }
  return guarded;
}

/** The value that {@link guardWords} has guarded. */
export function unguard(value: string): string {
  return value.slice(guard.length);
}

/** A lone dash is a name like any other. */
function looksLikeFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-";
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

function guardLong(word: string, table: ReadonlyMap<string, NamedFlag>, rest: IterableIterator<string>): string {
  const equals = word.indexOf("=");
  const typed = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  const { name, flag } = find(typed, table);
  if (flag.kind === "switch") return `--${name}=${value === undefined ? "true" : switchValue(typed, value)}`;
  return `--${name}=${guard}${value ?? takeValue(typed, rest)}`;
}

/** `-nq` is two switches, `-rfolder` and `-nr folder` are a flag and its value. */
function guardShort(word: string, table: ReadonlyMap<string, NamedFlag>, rest: IterableIterator<string>): string[] {
  const guarded: string[] = [];
  for (let i = 1; i < word.length; i++) {
    const typed = `-${word[i]}`;
    const { name, flag } = find(typed, table);
    if (flag.kind !== "switch") {
      const value = word.slice(i + 1).replace(/^=/, "");
      return [...guarded, `--${name}=${guard}${i + 1 < word.length ? value : takeValue(typed, rest)}`];
    }
    guarded.push(`--${name}=true`);
  }
  return guarded;
}

function find(typed: string, table: ReadonlyMap<string, NamedFlag>): NamedFlag {
  const found = table.get(typed);
  if (found !== undefined) return found;
  throw usageError(`Unknown flag ${typed}; see bcat --help, and write -- before a path that begins with a dash`);
}

function takeValue(typed: string, rest: IterableIterator<string>): string {
  const next = rest.next();
  if (next.done === true) throw usageError(`Cannot use ${typed}: it needs a value`);
  if (!looksLikeFlag(next.value)) return next.value;
  const joined = typed.startsWith("--") ? `${typed}=${next.value}` : `${typed}${next.value}`;
  throw usageError(`Cannot use ${typed}: it needs a value; for one that begins with a dash write ${joined}`);
}
