/** What to say to a word that no command has: what was probably meant, or what restic's word is called here. */
import { existsSync } from "node:fs";
import { type BcatError, NearNames } from "@bcat/errors";
import type { Command } from "./command.js";
import { type Flags, globalFlags } from "./options.js";
import { quoteText } from "./quote.js";
import { otherCommands } from "./restic/answers.js";
import { answerToCommand, answerToFlag } from "./restic/lookup.js";
import { usageError } from "./usage.js";

/** @returns an error with code "usage" */
export function unknownCommand(name: string, commands: readonly Command[]): BcatError {
  const answer = answerToCommand(name);
  if (answer !== undefined) return usageError(`There is no bcat ${name}: ${answer}`);
  const meant =
    (Object.hasOwn(otherCommands, name) ? otherCommands[name] : undefined) ??
    nearest(name, [...commands.map((command) => command.name), "help"]);
  const advice = meant === undefined ? "see bcat --help" : `did you mean bcat ${meant}?`;
  return usageError(`Unknown command "${quoteText(name)}": ${advice}`);
}

export interface UnknownFlag {
  /** `--frob`, or `-f` where it is one of several letters of a word. */
  readonly typed: string;
  /** As it stands on the command line. */
  readonly word: string;
  /** That is to run, if one was found. */
  readonly command: Command | undefined;
  readonly commands: readonly Command[];
}

/** @returns an error with code "usage" */
export function unknownFlag({ typed, word, command, commands }: UnknownFlag): BcatError {
  const shown = quoteText(typed);
  const answer = answerToFlag(typed, command?.name);
  if (answer !== undefined) return usageError(`Cannot use ${shown}: ${answer}`);
  const unknown = command === undefined ? `Unknown flag ${shown}` : `Unknown flag ${shown} of bcat ${command.name}`;
  const advice = adviceOn({ typed, word, command, commands });
  const dash = isPerhapsPath(word) ? "; write -- before a path that begins with a dash" : "";
  return usageError(`${unknown}: ${advice}${dash}`);
}

function adviceOn({ typed, command, commands }: UnknownFlag): string {
  const help = command === undefined ? "see bcat --help" : `see bcat help ${command.name}`;
  const having = commands.filter(({ flags }) => spellings(flags).includes(typed)).map(({ name }) => `bcat ${name}`);
  if (having.length > 0) return `it is one of ${listed(having)}; ${help}`;
  const near = typed.startsWith("--") ? nearest(typed, spellings({ ...command?.flags, ...globalFlags })) : undefined;
  return near === undefined ? help : `did you mean ${near}?`;
}

function spellings(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, { short, alias }]) => [
    `--${name}`,
    ...(alias === undefined ? [] : [`--${alias}`]),
    ...(short === undefined ? [] : [`-${short}`]),
  ]);
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The candidate that is most like the word, if one is. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // Dashes are no letters in which two words are alike.
  const near = new NearNames(Buffer.from(word.replace(/^-+/, "")));
  const byName = new Map(candidates.map((candidate) => [candidate.replace(/^-+/, ""), candidate]));
  for (const name of byName.keys()) near.offer(Buffer.from(name));
  return near.names.map((name) => byName.get(Buffer.from(name).toString()))[0];
}

/** A file of that name is there, or it looks like no flag at all. */
function isPerhapsPath(word: string): boolean {
  return !/^--?[a-z][a-z0-9-]*(=.*)?$/i.test(word) || existsSync(word);
}
