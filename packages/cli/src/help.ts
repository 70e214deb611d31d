/** The help texts, laid out by yargs. Loaded when somebody asks: no other run needs yargs, which is slow to load. */
import yargs, { type Options as FlagDeclaration, type Argv as Parser } from "yargs";
import { type Command, usageOf } from "./command.js";
import { exitCodeHelp } from "./exit-code.js";
import { type Flag, type Flags, globalFlags } from "./options.js";

/** Columns of a help text at most. */
const helpWidthMax = 100;

/** The help of one of `commands`, or the overview of all. */
export function helpText(commands: readonly Command[], command: Command | undefined): string {
  let text = "";
  const words = command === undefined ? ["--help"] : [command.name, "--help"];
  createParser(commands).parse(words, {}, (_error: unknown, _argv: unknown, output: string) => {
    text = output;
  });
  return text;
}

function createParser(commands: readonly Command[]): Parser {
  const parser = yargs()
    .scriptName("bcat")
    .usage("bcat <command> [flags]\n\nDeduplicating, encrypted backups in numbered snapshots.")
    .parserConfiguration({ "boolean-negation": false, "camel-case-expansion": false })
    .exitProcess(false)
    .locale("en")
    .wrap(helpWidthMax)
    .version(false)
    .help("help", "show this help")
    .alias("help", "h")
    .options(declare(globalFlags))
    .epilogue(exitCodeHelp);
  for (const command of commands)
    parser.command(command.name, command.summary, (builder) => describe(builder, command));
  return parser;
}

/** Of the flags that all commands take, what the help of each one explains; the others are named there. */
const explainedEverywhere: readonly string[] = ["repository"];

function describe(builder: Parser, command: Command): Parser {
  const elsewhere = Object.keys(globalFlags).filter((name) => !explainedEverywhere.includes(name));
  for (const name of elsewhere) builder.hide(name);
  return builder
    .usage(`${usageOf(command)} [flags]\n\n${command.summary}`)
    .options(declare(command.flags))
    .example(command.examples.map(([line, meaning]): [string, string] => [`bcat ${line}`, meaning]))
    .epilogue([...(command.notes ?? []), everywhereLine(elsewhere)].join("\n"));
}

function everywhereLine(names: readonly string[]): string {
  const written = names.map((name) => {
    const { short } = globalFlags[name]!;
    return short === undefined ? `--${name}` : `-${short} --${name}`;
  });
  return `All commands also take these, which bcat --help explains: ${written.join(", ")}. Every flag is also a variable: --cache-dir is BCAT_CACHE_DIR.`;
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
