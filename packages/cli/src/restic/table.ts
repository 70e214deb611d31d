/** The table of restic's words and of what each is here, made of the commands that there are. */
import type { Command } from "../command.js";
import { variableOf } from "../options.js";
import { extendedOptions } from "../s3-flags.js";
import { harmlessFlags, optionAnswers, remarks, variableAnswers } from "./answers.js";
import { answerToCommand, answerToFlag, findFlag, flagsOf } from "./lookup.js";
import { type ResticFlag, resticCommands, resticOptions, resticVariables } from "./restic-words.js";

export interface Row {
  readonly word: string;
  /** Undefined where there is none, which must not be. */
  readonly answer: string | undefined;
}

export interface Section {
  /** A command of restic, `*` for the flags of all. */
  readonly name: string;
  /** What the command is here. */
  readonly answer: string | undefined;
  readonly flags: readonly Row[];
}

const same = "the same";

/** A section for each command of restic; flags of one that is not here are answered by its own answer. */
export function resticTable(commands: readonly Command[]): readonly Section[] {
  return resticCommands().map(({ name, flags }) => {
    const word = name.split(" ")[0]!;
    const command = commands.find((one) => one.name === word);
    const isHere = command !== undefined || name === "*" || name === "help";
    const answer = isHere ? remarked(name) : answerToCommand(word);
    return { name, answer, flags: isHere ? flags.map((flag) => flagRow(flag, word, { commands, command })) : [] };
  });
}

interface Known {
  readonly commands: readonly Command[];
  readonly command: Command | undefined;
}

function flagRow(flag: ResticFlag, word: string, known: Known): Row {
  return { word: written(flag), answer: flagAnswer(flag, word, known) };
}

function flagAnswer(flag: ResticFlag, word: string, { commands, command }: Known): string | undefined {
  const found = findFlag(flagsOf(command), flag);
  if (found !== undefined) {
    const isShort = flag.short === undefined || found[1].short === flag.short;
    return remarked(`${word} --${flag.name}`, isShort ? same : `the same, without -${flag.short}`);
  }
  const having = command === undefined ? commands.filter(({ flags }) => findFlag(flags, flag) !== undefined) : [];
  if (having.length > 0)
    return `a flag of ${having.map(({ name }) => `\`${name}\``).join(", ")}; elsewhere without effect`;
  const harmless = Object.hasOwn(harmlessFlags, flag.name) ? harmlessFlags[flag.name] : undefined;
  if (harmless !== undefined) return `taken, and does nothing: ${harmless.why}`;
  return answerToFlag(`--${flag.name}`, word);
}

function remarked(key: string, answer = same): string {
  return Object.hasOwn(remarks, key) ? `${answer}; ${remarks[key]}` : answer;
}

function written({ name, short, takesValue }: ResticFlag): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${takesValue ? " …" : ""}`;
}

/** The names of `--option`. */
export function optionRows(): readonly Row[] {
  return resticOptions.map((word) => ({ word, answer: optionAnswer(word) }));
}

function optionAnswer(word: string): string | undefined {
  if (extendedOptions.includes(word)) return same;
  if (Object.hasOwn(optionAnswers, word)) return optionAnswers[word];
  const [place] = word.split(".");
  return place === "s3" || place === "local" ? undefined : "no such place: see below";
}

/** `RESTIC_…`, and what they are here. */
export function variableRows(commands: readonly Command[]): readonly Row[] {
  return resticVariables.map((name) => ({ word: `RESTIC_${name}`, answer: variableAnswer(name, commands) }));
}

function variableAnswer(name: string, commands: readonly Command[]): string | undefined {
  const flag = name.toLowerCase().replaceAll("_", "-");
  const isHere = [undefined, ...commands].some((command) => Object.hasOwn(flagsOf(command), flag));
  if (isHere || ["PASSWORD", "FROM_PASSWORD", "PROGRESS_FPS"].includes(name)) return `\`${variableOf(flag)}\``;
  if (Object.hasOwn(variableAnswers, name)) return variableAnswers[name];
  return answerToFlag(`--${flag}`, undefined);
}
