/** From the words of a command line to a command with its options and operands, or to the wish for help. */
import { type Command, operandHelp, usageOf } from "./command.js";
import { type Flag, type Flags, globalFlags, Options, type Variables } from "./options.js";
import { usageError } from "./usage.js";
import { readWords, type Words } from "./words.js";

export type CommandLine =
  | { readonly kind: "run"; readonly command: Command; readonly options: Options; readonly operands: readonly string[] }
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
  if (command === undefined) throw usageError(`Unknown command "${name}": see bcat --help`);
  if (wantsHelp) return { kind: "help", command };
  return toRun(command, { given, operands: others }, variables);
}

/**
 * One letter may stand for a flag of several commands: it is read as that of the command that is named, which is the first
 * operand when it is read so.
 */
function readCommandWords(words: readonly string[], commands: readonly Command[]): Words {
  const all = allFlags(commands);
  let refusal: unknown;
  for (const word of words) {
    const command = commands.find(({ name }) => name === word);
    if (command === undefined) continue;
    try {
      const read = readWords(words, { ...without(all, command.flags), ...command.flags });
      const [first, second] = read.operands;
      if (command.name === (first === "help" ? second : first)) return read;
    } catch (error) {
      refusal ??= error;
    }
  }
  if (refusal !== undefined) throw refusal;
  return readWords(words, all);
}

/** In this order the flags of the command come last, and win. */
function without(flags: Flags, others: Flags): Flags {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => !Object.hasOwn(others, name)));
}

function allFlags(commands: readonly Command[]): Flags {
  const all = Object.assign({}, globalFlags, ...commands.map((command) => command.flags)) as Record<string, Flag>;
  return { ...all, help: { kind: "switch", short: "h", description: "" } };
}

function toRun(command: Command, { given, operands }: Words, variables: Variables): CommandLine {
  const flags = { ...globalFlags, ...command.flags };
  const unknown = [...given.keys()].filter((name) => name !== "help" && !Object.hasOwn(flags, name));
  if (unknown.length > 0) {
    const typed = unknown.map((name) => `--${name}`).join(", ");
    throw usageError(`Unknown flag ${typed} for bcat ${command.name}; see bcat ${command.name} --help`);
  }
  checkOperands(command, operands);
  return { kind: "run", command, options: new Options(flags, given, variables), operands };
}

function checkOperands(command: Command, words: readonly string[]): void {
  const { operands } = command;
  const needed = operands.filter(({ count }) => count === "one" || count === "word");
  const most = operands.some(({ count }) => count === "many") ? Number.POSITIVE_INFINITY : operands.length;
  const form = usageOf(command);
  const missing = needed[words.length];
  if (missing !== undefined) throw usageError(`Missing ${operandHelp(missing)}: write ${form}`);
  if (words.length > most) throw usageError(`Cannot use "${words[most]}": write ${form}`);
  if (words.includes("")) throw usageError(`Cannot use an empty word: write ${form}`);
}
