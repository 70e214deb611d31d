/** From the words of a command line to a command with its options and operands, or to a help text. */
import yargs, { type Options as FlagDeclaration, type Argv as Parser } from "yargs";
import type { Command, Operand } from "./command.js";
import { exitCodeHelp } from "./exit-code.js";
import { type Flag, type Flags, type GivenFlags, globalFlags, Options, type Variables } from "./options.js";
import { usageError } from "./usage.js";
import { guardWords, unguard } from "./words.js";

export type CommandLine =
  | { readonly kind: "run"; readonly command: Command; readonly options: Options; readonly operands: readonly string[] }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "nothing"; readonly text: string };

/** What yargs finds. Operands after `--` come apart. */
interface Argv {
  readonly [name: string]: unknown;
  readonly _: readonly (string | number)[];
}

/** Columns of a help text at most. */
const helpWidthMax = 100;

/** Each of these is a way in which yargs loses or changes words when left to itself. */
const parserConfiguration = {
  "boolean-negation": false,
  "camel-case-expansion": false,
  "dot-notation": false,
  "greedy-arrays": false,
  "parse-numbers": false,
  "parse-positional-numbers": false,
  "populate--": true,
  "short-option-groups": false,
};

/** @throws {BcatError} with code "usage" for an unknown command or flag, a malformed value or a missing operand. */
export function parseCommandLine(
  words: readonly string[],
  variables: Variables,
  commands: readonly Command[],
): CommandLine {
  const guarded = guardWords(words, allFlags(commands));
  let chosen: { command: Command; argv: Argv } | undefined;
  const parser = createParser(commands, (command, argv) => {
    chosen = { command, argv };
  });
  let result: { error?: Error | undefined; argv: Argv; text: string } | undefined;
  parser.parse(guarded, {}, (error: Error | undefined, argv: Argv, text: string) => {
    result = { error, argv, text };
  });
  if (result === undefined) throw new Error("Cannot parse the command line: yargs gave no answer");
  if (result.error) throw usageError(lineOf(result.error, result.argv));
  if (chosen !== undefined) return toRun(chosen.command, chosen.argv, variables);
  return withoutCommand(result.argv, result.text, commands);
}

function allFlags(commands: readonly Command[]): Flags {
  const all = Object.assign({}, globalFlags, ...commands.map((command) => command.flags)) as Record<string, Flag>;
  return { ...all, help: { kind: "switch", short: "h", description: "" } };
}

function createParser(commands: readonly Command[], choose: (command: Command, argv: Argv) => void) {
  const parser = yargs()
    .scriptName("bcat")
    .usage("bcat <command> [flags]\n\nDeduplicating, encrypted backups in numbered snapshots.")
    .parserConfiguration(parserConfiguration)
    .exitProcess(false)
    .locale("en")
    .wrap(helpWidthMax)
    .version(false)
    .help("help", "show this help")
    .alias("help", "h")
    .showHelpOnFail(false)
    .strictOptions()
    .options(declare(globalFlags))
    .epilogue(exitCodeHelp);
  for (const command of commands) {
    parser.command(
      command.name,
      command.summary,
      (builder) => describe(builder, command),
      (argv) => choose(command, argv as Argv),
    );
  }
  return parser;
}

function describe(builder: Parser, command: Command) {
  const usage = ["bcat", command.name, ...command.operands.map(operandHelp), "[flags]"].join(" ");
  builder
    .usage(`${usage}\n\n${command.summary}`)
    .options(declare(command.flags))
    .example(command.examples.map(([line, meaning]): [string, string] => [`bcat ${line}`, meaning]))
    .epilogue([...(command.notes ?? []), "Every flag is also a variable: --cache-dir is BCAT_CACHE_DIR."].join("\n"));
  return builder;
}

function declare(flags: Flags): Record<string, FlagDeclaration> {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, declareOne(flag)]));
}

function declareOne(flag: Flag): FlagDeclaration {
  const alias = [flag.short, flag.alias].filter((other) => other !== undefined);
  const choices = flag.choices === undefined ? "" : `: ${flag.choices.join(", ")}`;
  const several = flag.kind === "list" ? " (may be repeated)" : "";
  const description = `${flag.description}${choices}${several}`;
  return { type: flag.kind === "switch" ? "boolean" : "string", array: flag.kind === "list", alias, description };
}

function operandHelp({ name, count }: Operand): string {
  if (count === "one") return `<${name}>`;
  return count === "many" ? `[${name}…]` : `[${name}]`;
}

/** Only flags of another command get this far: the others are refused before yargs sees them. */
function lineOf(error: Error, argv: Argv): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(error.message)?.[1];
  if (unknown === undefined) return error.message;
  const flags = unknown.split(", ").map((name) => `--${name}`);
  return `Unknown flag ${flags.join(", ")} for bcat ${argv._[0] ?? ""}; see bcat ${argv._[0] ?? ""} --help`;
}

function toRun(command: Command, argv: Argv, variables: Variables): CommandLine {
  const flags = { ...globalFlags, ...command.flags };
  const operands = operandsOf(argv).slice(1);
  checkOperands(command, operands);
  return { kind: "run", command, options: new Options(flags, givenOf(flags, argv), variables), operands };
}

/** Operands, the command's name first. What stands after `--` is always an operand. */
function operandsOf(argv: Argv): string[] {
  const after = argv["--"];
  return [...argv._, ...(Array.isArray(after) ? after : [])].map(String);
}

function givenOf(flags: Flags, argv: Argv): GivenFlags {
  const given = new Map<string, readonly string[]>();
  for (const [name, flag] of Object.entries(flags)) {
    const value = argv[name];
    if (value === undefined) continue;
    const words = (Array.isArray(value) ? value : [value]).map(String);
    given.set(name, flag.kind === "switch" ? words : words.map(unguard));
  }
  return given;
}

function checkOperands({ name, operands }: Command, words: readonly string[]): void {
  const needed = operands.filter(({ count }) => count === "one").length;
  const most = operands.some(({ count }) => count === "many") ? Number.POSITIVE_INFINITY : operands.length;
  const form = ["bcat", name, ...operands.map(operandHelp)].join(" ");
  if (words.length < needed) throw usageError(`Missing <${operands[words.length]?.name}>: write ${form}`);
  if (words.length > most) throw usageError(`Cannot use "${words[most]}": write ${form}`);
  if (words.includes("")) throw usageError(`Cannot use an empty word: write ${form}`);
}

function withoutCommand(argv: Argv, text: string, commands: readonly Command[]): CommandLine {
  const name = argv._[0];
  if (name !== undefined && !commands.some((command) => command.name === name))
    throw usageError(`Unknown command "${name}": see bcat --help`);
  if (text !== "") return { kind: "help", text };
  let overview = "";
  createParser(commands, () => {}).parse(["--help"], {}, (_error: unknown, _argv: unknown, output: string) => {
    overview = output;
  });
  return { kind: "nothing", text: overview };
}
