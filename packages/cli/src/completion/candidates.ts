/** What may stand where the cursor is, of the words of a command line: from the tables that help and parser are made of. */
import type { Command, Operand } from "../command.js";
import { flagMeaning } from "../help.js";
import { type Flag, type Flags, globalFlags } from "../options.js";
import type { Term } from "../paragraphs.js";

export type Candidates =
  | { readonly kind: "words"; readonly words: readonly Term[] }
  /** Of the file system: the shell knows them. */
  | { readonly kind: "files" }
  | { readonly kind: "snapshots" }
  /** Inside a snapshot, which has been typed. */
  | { readonly kind: "paths"; readonly snapshot: string };

const files: Candidates = { kind: "files" };
/** Values, by the names that the help gives them, that are names of files. */
const fileValues = ["FILE", "FILE[:HEADER]", "FOLDER", "REPO", "TARGET", "PATH", "PLACE"];
/** Commands whose paths are those of a snapshot. */
const pathsInside = ["ls", "dump", "restore", "history", "find", "diff"];

interface Before {
  readonly operands: readonly string[];
  readonly flags: ReadonlySet<string>;
  /** The flag before the cursor, which waits for its value. */
  readonly waiting: Flag | undefined;
}

/** @param words after the program's name, up to the one at the cursor, which may be empty */
export function candidates(words: readonly string[], commands: readonly Command[]): Candidates {
  const current = words.at(-1) ?? "";
  const typed = words.slice(0, -1);
  const command = commandOf(typed, commands);
  const flags = { ...globalFlags, ...command?.flags };
  const before = readBefore(typed, flags);
  if (before.waiting !== undefined) return valuesOf(before.waiting);
  const [, name] = /^--([^=]+)=/.exec(current) ?? [];
  const joined = name === undefined ? undefined : findFlag(flags, `--${name}`)?.[1];
  if (joined !== undefined) return valuesOf(joined, `--${name}=`);
  if (current.startsWith("-") && !typed.includes("--")) return flagWords(flags, before.flags);
  if (command === undefined) return commandWords(commands);
  return operandValues(command, before.operands.slice(1), current);
}

function commandOf(typed: readonly string[], commands: readonly Command[]): Command | undefined {
  const all: Flags = Object.assign({}, ...commands.map(({ flags }) => flags), globalFlags);
  const [first, second] = readBefore(typed, all).operands;
  const name = first === "help" ? second : first;
  return commands.find((command) => command.name === name);
}

function readBefore(typed: readonly string[], flags: Flags): Before {
  const operands: string[] = [];
  const given = new Set<string>();
  let waiting: Flag | undefined;
  for (const [i, word] of typed.entries()) {
    if (waiting !== undefined) {
      waiting = undefined;
      continue;
    }
    if (word === "--") return { operands: [...operands, ...typed.slice(i + 1)], flags: given, waiting };
    const [name, flag] = findFlag(flags, word) ?? [];
    if (name !== undefined) given.add(name);
    else if (!word.startsWith("-") || word === "-") operands.push(word);
    if (flag !== undefined && flag.kind !== "switch") waiting = flag;
  }
  return { operands, flags: given, waiting };
}

function findFlag(flags: Flags, word: string): [string, Flag] | undefined {
  return Object.entries(flags).find(
    ([name, { alias, short }]) => word === `--${name}` || word === `--${alias}` || word === `-${short}`,
  );
}

function valuesOf(flag: Flag, prefix = ""): Candidates {
  if (flag.choices !== undefined)
    return { kind: "words", words: flag.choices.map((choice) => ({ term: `${prefix}${choice}`, meaning: "" })) };
  if (flag.value === "SNAPSHOT") return { kind: "snapshots" };
  const isFile = flag.bytes === true || fileValues.includes(flag.value ?? "");
  return isFile ? files : { kind: "words", words: [] };
}

/** Those that may still be given, by their long names. */
function flagWords(flags: Flags, given: ReadonlySet<string>): Candidates {
  const free = Object.entries(flags).filter(
    ([name, { kind, counts }]) => !given.has(name) || kind === "list" || counts,
  );
  const words = free.map(([name, flag]) => ({ term: `--${flag.alias ?? name}`, meaning: flagMeaning(flag) }));
  return { kind: "words", words: [...words, { term: "--help", meaning: "explain the command" }] };
}

function commandWords(commands: readonly Command[]): Candidates {
  const words = commands.map(({ name, summary }) => ({ term: name, meaning: summary }));
  return { kind: "words", words: [...words, { term: "help", meaning: "explain a command" }] };
}

function operandValues({ name, operands }: Command, typed: readonly string[], current: string): Candidates {
  const operand = operands[Math.min(typed.length, operands.length - 1)];
  if (operand === undefined) return { kind: "words", words: [] };
  const words = choicesOf(operand);
  if (words.length > 0) return { kind: "words", words };
  if (operand.name === "snapshot" || (typed.length === 0 && name === "repair")) return { kind: "snapshots" };
  if (operand.shown?.startsWith("<snapshot>|") === true && mayBeSnapshot(current)) return { kind: "snapshots" };
  const [snapshot] = typed;
  if (pathsInside.includes(name) && snapshot !== undefined && operand.name === "path")
    return { kind: "paths", snapshot };
  return files;
}

/** What somebody begins to type may be a number, or `latest`. */
function mayBeSnapshot(current: string): boolean {
  return /^\d*$/.test(current) || "latest".startsWith(current);
}

/** `bash|zsh|fish` are three words to write. */
function choicesOf({ shown = "" }: Operand): Term[] {
  if (!/^[a-z-]+\|/.test(shown)) return [];
  const words = shown.split("|").map((word) => word.split(" ")[0]!);
  return words.filter((word) => /^[a-z]/.test(word)).map((term) => ({ term, meaning: "" }));
}
