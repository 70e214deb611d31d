/** The variables that are called `BCAT_…`: one that nobody knows is a slip, and most often one that loses data. */
import type { Command } from "./command.js";
import { globalFlags, type Variables, variableOf, variablesOf } from "./options.js";
import { nearest } from "./unknown-words.js";
import { usageError } from "./usage.js";

/** Those that stand for no flag. Those of tests and of the bench say nothing to the program. */
const others = ["PASSWORD", "FROM_PASSWORD", "NEW_PASSWORD", "PROGRESS_FPS", "ACCELERATORS", "DEBUG"].map(
  (name) => `BCAT_${name}`,
);
const ours = /^BCAT_(?!TEST_|PEERS$|S3_SERVERS_DIR$)/;

/** @throws {BcatError} with code "usage" for one that is set and stands for nothing */
export function checkVariables(variables: Variables, commands: readonly Command[]): void {
  const set = Object.keys(variables).filter((name) => ours.test(name) && variables[name] !== undefined);
  if (set.length === 0) return;
  const flags = [globalFlags, ...commands.map((command) => command.flags)].flatMap((some) => Object.entries(some));
  const known = new Set([...others, ...flags.flatMap(([name, flag]) => variablesOf(name, flag))]);
  const unknown = set.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const [typed] = flags.find(([name]) => variableOf(name) === unknown) ?? [];
  if (typed !== undefined)
    throw usageError(`Cannot use ${unknown}: --${typed} is only heeded where it is typed; unset the variable`);
  const meant = nearest(unknown, [...known]);
  const advice = meant === undefined ? "no flag is called so; unset it" : `did you mean ${meant}?`;
  throw usageError(`Unknown variable ${unknown}: ${advice}`);
}
