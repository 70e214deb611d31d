/** From the words of a command line to a command with its options and operands, or to the wish for help. */
import { type Command, heededVariables, operandHelp, usageOf } from "./command.js";
import { checkVariables } from "./known-variables.js";
import { type Flag, type Flags, globalFlags, Options, type Variables } from "./options.js";
import { readHarmless } from "./restic/lookup.js";
import { unknownCommand, unknownFlag } from "./unknown-words.js";
import { usageError } from "./usage.js";
import { readWords, type Words } from "./words.js";

export type CommandLine =
  | {
      readonly kind: "run";
      readonly command: Command;
      readonly options: Options;
      readonly operands: readonly string[];
      readonly harmless: readonly string[];
    }
  /** Of a command, or of bcat as a whole. */
  | { readonly kind: "help"; readonly command: Command | undefined }
  | { readonly kind: "nothing" };

/** @throws {BcatError} with code "usage" for an unknown command or flag, a malformed value or a missing operand. */
export function parseCommandLine(
  words: readonly string[],
  variables: Variables,
  commands: readonly Command[],
): CommandLine {
  const { given, operands } = readCommandWords(words, commands);
  const wantsHelp = given.get("help")?.at(-1) === "true" || operands[0] === "help";
  const [name, ...others] = operands[0] === "help" ? operands.slice(1) : operands;
  if (name === undefined) return wantsHelp ? { kind: "help", command: undefined } : { kind: "nothing" };
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw unknownCommand(name, commands);
  if (wantsHelp) return { kind: "help", command };
  return toRun(command, { given, operands: others }, { variables, commands });
}

/**
 * One letter may stand for a flag of several commands: it is read as that of the command that is named, which is the first
 * operand when it is read so.
 */
function readCommandWords(words: readonly string[], commands: readonly Command[]): Words {
  const read = (command: Command | undefined) =>
    readWords(words, flagsToRead(command, commands), (typed, word) => unknownFlag({ typed, word, command, commands }));
  let refusal: unknown;
  for (const word of words) {
    const command = commands.find(({ name }) => name === word);
    if (command === undefined) continue;
    try {
      const found = read(command);
      const [first, second] = found.operands;
      if (command.name === (first === "help" ? second : first)) return found;
    } catch (error) {
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  const name = commandWord(words, flagsToRead(undefined, commands));
  if (name !== undefined && name !== "help") throw unknownCommand(name, commands);
  return read(undefined);
}

/** The first operand, whatever stands before it: a command that there is not has flags that are not there either. */
function commandWord(words: readonly string[], flags: Flags): string | undefined {
  const rest = words.slice();
  while (rest.length > 0) {
    try {
      return readWords(rest, flags, unknownWord).operands[0];
    } catch {
      // What comes after a mistake is most often more of the same.
      rest.pop();
    }
  }
  return undefined;
}

function unknownWord(typed: string): Error {
  return usageError(`Unknown flag ${typed}`);
}

/** All flags there are. Letters are those of the command, which win over all others, or of any where none is known. */
function flagsToRead(command: Command | undefined, commands: readonly Command[]): Flags {
  const all = Object.assign({}, ...commands.map(({ flags }) => flags)) as Record<string, Flag>;
  const others = command === undefined ? all : withoutLetters(all);
  return inOrder(readHarmless, others, globalFlags, { help: helpFlag }, command?.flags ?? {});
}

function withoutLetters(flags: Flags): Flags {
  return Object.fromEntries(Object.entries(flags).map(([name, { short: _, ...flag }]) => [name, flag]));
}

/** The last ones come last, and win. */
function inOrder(...all: readonly Flags[]): Flags {
  const flags = new Map<string, Flag>();
  for (const [name, flag] of all.flatMap((some) => Object.entries(some))) {
    flags.delete(name);
    flags.set(name, flag);
  }
  return Object.fromEntries(flags);
}

const helpFlag: Flag = { kind: "switch", short: "h", description: "" };

interface Surroundings {
  readonly variables: Variables;
  readonly commands: readonly Command[];
}

function toRun(command: Command, { given, operands }: Words, { variables, commands }: Surroundings): CommandLine {
  const flags = { ...globalFlags, ...command.flags };
  const others = [...given.keys()].filter((name) => name !== "help" && !Object.hasOwn(flags, name));
  const unknown = others.find((name) => !Object.hasOwn(readHarmless, name));
  if (unknown !== undefined) {
    const typed = `--${unknown}`;
    throw unknownFlag({ typed, word: typed, command, commands });
  }
  checkOperands(command, operands);
  const heeded = heededVariables(command, variables);
  checkVariables(heeded, commands);
  return { kind: "run", command, options: new Options(flags, given, heeded), operands, harmless: others };
}

function checkOperands(command: Command, words: readonly string[]): void {
  const { operands } = command;
  const needed = operands.filter(({ count }) => count === "one" || count === "word");
  const most = operands.some(({ count }) => count === "many") ? Number.POSITIVE_INFINITY : operands.length;
  const form = usageOf(command);
  const missing = needed[words.length];
  if (missing !== undefined) throw usageError(`Missing ${operandHelp(missing)}: write ${form}`);
  if (words.length > most) throw usageError(`Cannot use "${words[most]}": write ${form}`);
  if (words.includes("") && !operands.some(({ mayBeEmpty }) => mayBeEmpty))
    throw usageError(`Cannot use an empty word: write ${form}`);
}
