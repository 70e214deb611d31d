/** The help texts. Loaded when somebody asks. */
import { type Command, usageOf } from "./command.js";
import { commandGroups } from "./commands.js";
import { exitCodeMeanings } from "./exit-code.js";
import { type Flag, type Flags, globalFlags, valueName } from "./options.js";
import { definitions, indented, type Term, wrap } from "./paragraphs.js";

const widthMin = 40;
/** Longer lines are hard to read, whatever the terminal. */
const widthMax = 100;
const widthDefault = 80;

/** Columns for a help text: what the variable COLUMNS says, or else the terminal. */
export function helpWidth(variable: string | undefined, columns: number | undefined): number {
  const said = /^[1-9]\d{0,4}$/.test(variable ?? "") ? Number(variable) : columns;
  return Math.max(widthMin, Math.min(widthMax, said ?? widthDefault));
}

/** The help of a command, or the overview of all. Lines of at most `width` columns. */
export function helpText(command: Command | undefined, width: number): string {
  const lines = command === undefined ? overview(width) : commandHelp(command, width);
  return lines.join("\n").trimEnd();
}

function overview(width: number): string[] {
  const terms = commandGroups.map((group) => ({ ...group, terms: group.commands.map(commandTerm) }));
  const all = terms.flatMap((group) => group.terms);
  const groups = terms.flatMap((group) => section(group.title, definitions(group.terms, width, all)));
  const codes = exitCodeMeanings.map(([code, meaning]) => ({ term: String(code).padStart(3), meaning }));
  return [
    "bcat <command> [flags]",
    "",
    ...wrap("Deduplicating, encrypted backups in numbered snapshots.", width),
    ...wrap("bcat help COMMAND explains a command; all take the flags below.", width),
    "",
    ...groups,
    ...section("Flags of all commands", flagLines(globalFlags, width)),
    ...wrap(everyFlagLine, width),
    "",
    ...section("Exit codes", definitions(codes, width)),
  ];
}

function commandTerm({ name, summary }: Command): Term {
  return { term: `bcat ${name}`, meaning: summary };
}

export const everyFlagLine =
  "Every flag is also a variable: --cache-dir is BCAT_CACHE_DIR. BCAT_PASSWORD is the passphrase.";

function commandHelp(command: Command, width: number): string[] {
  const { flags, examples, notes = [] } = command;
  const lines = Object.keys(flags).length === 0 ? [] : section("Flags", flagLines(flags, width));
  const shown = examples.flatMap(([line, meaning]) => [
    ...indented(wrap(`bcat ${line}`, width - 2)),
    ...indented(indented(wrap(meaning, width - 4))),
  ]);
  const elsewhere = Object.entries(globalFlags).map(([name, { short }]) =>
    short === undefined ? `--${name}` : `-${short} --${name}`,
  );
  return [
    ...wrap(`${usageOf(command)} [flags]`, width),
    "",
    ...wrap(command.summary, width),
    "",
    ...lines,
    ...section("Examples", shown),
    ...(notes.length === 0 ? [] : [...wrap(notes.join(" "), width), ""]),
    ...wrap(`All commands also take these, which bcat --help explains: ${elsewhere.join(", ")}.`, width),
    ...wrap(everyFlagLine, width),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return [`${title}:`, ...lines, ""];
}

function flagLines(flags: Flags, width: number): string[] {
  return definitions(Object.entries(flags).map(flagTerm), width);
}

/** `-H, --host HOST` */
export function flagForm(name: string, flag: Flag): string {
  const value = valueName(name, flag);
  const names = [...(flag.alias === undefined ? [] : [`--${flag.alias}`]), `--${name}`].join(", ");
  return `${flag.short === undefined ? "    " : `-${flag.short}, `}${names}${value === undefined ? "" : ` ${value}`}`;
}

/** What a flag does, which values it takes, and how often it may be given. */
export function flagMeaning({ description, choices, kind }: Flag): string {
  const isSaid = choices === undefined || choices.every((choice) => wordsOf(description).includes(choice));
  const values = isSaid ? "" : `: ${choices.join(", ")}`;
  return `${description}${values}${kind === "list" ? " (may be repeated)" : ""}`;
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[^\w-]+/);
}

function flagTerm([name, flag]: [string, Flag]): Term {
  return { term: flagForm(name, flag), meaning: flagMeaning(flag) };
}
