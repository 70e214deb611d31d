/** The manual pages, in the macros of mdoc(7), out of the tables that help and parser are made of. */
import { type Command, usageOf } from "./command.js";
import { commandGroups, commands } from "./commands.js";
import { exitCodeMeanings } from "./exit-code.js";
import { everyFlagLine, flagMeaning } from "./help.js";
import { type Flag, type Flags, globalFlags, valueName } from "./options.js";
import { wrap } from "./paragraphs.js";

/** Of the input, which formatters break anew; what is escaped grows. */
const INPUT_WIDTH = 70;

export interface ManualPage {
  /** `bcat-backup.1` */
  readonly file: string;
  readonly text: string;
}

/** @param date of the pages, `November 27, 2026` */
export function manualPages(date: string): readonly ManualPage[] {
  return [overviewPage(date), ...commands.map((command) => commandPage(command, date))];
}

function overviewPage(date: string): ManualPage {
  const groups = commandGroups.flatMap((group) => [
    `.Ss ${escaped(group.title)}`,
    ".Bl -tag -width Ds",
    ...group.commands.flatMap(({ name, summary }) => [`.It Xr bcat-${name} 1`, ...sentence(summary)]),
    ".El",
  ]);
  return page("bcat", date, [
    ...head("bcat", "deduplicating, encrypted backups in numbered snapshots"),
    ".Sh SYNOPSIS",
    ".Nm",
    ".Ar command",
    ".Op Ar flags",
    ".Sh DESCRIPTION",
    ...lines("Keeps files and folders as snapshots in a repository: a folder, or a place behind a network."),
    "All commands take the flags below, and those of their own pages.",
    ...groups,
    ".Sh OPTIONS",
    ...flagList(globalFlags),
    ".Sh ENVIRONMENT",
    ...sentence(everyFlagLine.replace(/\.$/, "")),
    ".Sh EXIT STATUS",
    ".Bl -tag -width Ds",
    ...exitCodeMeanings.flatMap(([code, meaning]) => [`.It ${code}`, ...sentence(meaning)]),
    ".El",
  ]);
}

function commandPage(command: Command, date: string): ManualPage {
  const { name, summary, flags, examples, notes = [] } = command;
  return page(`bcat-${name}`, date, [
    ...head(`bcat-${name}`, summary),
    ".Sh SYNOPSIS",
    `.Sy ${escaped(usageOf(command))}`,
    ".Op Ar flags",
    ".Sh DESCRIPTION",
    ...sentence(capitalised(summary)),
    ...(notes.length === 0 ? [] : [".Pp", ...lines(notes.join(" "))]),
    ...(Object.keys(flags).length === 0 ? [] : [".Sh OPTIONS", ...flagList(flags)]),
    ".Sh EXAMPLES",
    ".Bl -tag -width Ds",
    ...examples.flatMap(([line, meaning]) => [`.It Li ${quoted(`bcat ${line}`)}`, ...sentence(capitalised(meaning))]),
    ".El",
    ".Sh SEE ALSO",
    ".Xr bcat 1",
  ]);
}

function page(name: string, date: string, body: readonly string[]): ManualPage {
  const text = [`.Dd ${date}`, `.Dt ${name.toUpperCase()} 1`, ".Os", ...body, ""].join("\n");
  return { file: `${name}.1`, text };
}

function head(name: string, summary: string): string[] {
  return [".Sh NAME", `.Nm ${name}`, `.Nd ${escaped(summary)}`];
}

function flagList(flags: Flags): string[] {
  return [
    ".Bl -tag -width Ds",
    ...Object.entries(flags).flatMap(([name, flag]) => [`.It ${flagTerm(name, flag)}`, ...sentence(flagMeaning(flag))]),
    ".El",
  ];
}

/** `Fl r , Fl -repo , Fl -repository Ar REPO` */
function flagTerm(name: string, flag: Flag): string {
  const { short, alias } = flag;
  const names = [short, ...(alias === undefined ? [] : [`-${alias}`]), `-${name}`].filter((one) => one !== undefined);
  const value = valueName(name, flag);
  const written = names.map((one) => `Fl ${escaped(one)}`).join(" , ");
  return value === undefined ? written : `${written} Ar ${escaped(value)}`;
}

function sentence(text: string): string[] {
  return lines(/[.!?]$/.test(text) ? text : `${text}.`);
}

/** Each sentence begins a line, as the formatters want it; none of them begins with what they would obey. */
function lines(text: string): string[] {
  return text
    .replaceAll(/\s+/g, " ")
    .trim()
    .split(/(?<=[.!?]) (?=[A-Z<])/)
    .flatMap((one) => wrap(one, INPUT_WIDTH))
    .map((line) => escaped(line).replace(/^[.']/, "\\&$&"));
}

function escaped(text: string): string {
  const special: Readonly<Record<string, string>> = {
    "\\": "\\e",
    "…": "...",
    "‑": "-",
    '"': "\\(dq",
    "~": "\\(ti",
    "^": "\\(ha",
    "`": "\\(ga",
  };
  return text.replaceAll(/[\\…‑"~^`]/g, (character) => special[character]!).replaceAll(/(?<=^| )--(?= |$)/g, "\\-\\-");
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
