/** Looks up what restic's words are here: a word that bcat has too, one without effect, or one with an answer. */
import type { Command } from "../command.js";
import { type Flag, type Flags, globalFlags } from "../options.js";
import { commandAnswers, flagAnswers, harmlessFlags } from "./answers.js";
import { type ResticFlag, resticCommands } from "./restic-words.js";

/** Flags without effect, as bcat reads them. */
export const readHarmless: Flags = Object.fromEntries(
  Object.entries(harmlessFlags).map(([name, { kind, why }]) => [name, { kind, description: why, mayBeEmpty: true }]),
);

/** For who asks for more to be said. */
export function harmlessLine(flag: string): string {
  return `--${flag} does nothing: ${harmlessFlags[flag]?.why}`;
}

/** The flag of that name or other name, and of that way to take a value. */
export function findFlag(flags: Flags, { name, takesValue }: ResticFlag): [name: string, flag: Flag] | undefined {
  return Object.entries(flags).find(
    ([own, { alias, kind }]) => (own === name || alias === name) && (kind !== "switch") === takesValue,
  );
}

/** The flags of a command, and those that all take. */
export function flagsOf(command: Command | undefined): Flags {
  return { ...globalFlags, ...command?.flags };
}

/** What to say to a command that bcat has not. */
export function answerToCommand(name: string): string | undefined {
  return Object.hasOwn(commandAnswers, name) ? commandAnswers[name] : undefined;
}

/**
 * What to say to a flag that the command has not.
 *
 * @param typed with its dashes
 */
export function answerToFlag(typed: string, command: string | undefined): string | undefined {
  const flag = typed.startsWith("--") ? typed : longOf(typed, command);
  const found = [`${command} ${flag}`, flag].find((key) => key !== undefined && Object.hasOwn(flagAnswers, key));
  return found === undefined ? undefined : flagAnswers[found];
}

/** `--snapshot-summary` for `-s` of rewrite. */
function longOf(letter: string, command: string | undefined): string | undefined {
  const flags = resticCommands()
    .filter(({ name }) => name === "*" || name.split(" ")[0] === command)
    .flatMap((found) => found.flags);
  const flag = flags.find(({ short }) => `-${short}` === letter);
  return flag && `--${flag.name}`;
}
