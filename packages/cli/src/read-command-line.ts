/** A command line, with as many of the commands loaded as it takes to read it. */
import { isBcatError } from "@bcat/errors";
import { type CommandLine, parseCommandLine } from "./command-line.js";
import { commandNames, loadCommand } from "./command-loaders.js";
import type { Variables } from "./options.js";

/** As {@link parseCommandLine} with all commands. */
export async function readCommandLine(words: readonly string[], variables: Variables): Promise<CommandLine> {
  const line = await lineOfOne(words, variables);
  if (line !== undefined) return line;
  const { commands } = await import("./commands.js");
  return parseCommandLine(words, variables, commands);
}

/**
 * A line that is right when there is no other command than the first that is named: it is the same with the others, whose
 * flags come last. Undefined for what may need them, such as to say what is wrong.
 */
async function lineOfOne(words: readonly string[], variables: Variables): Promise<CommandLine | undefined> {
  const name = words.find((word) => commandNames.includes(word));
  const command = name === undefined ? undefined : await loadCommand(name);
  if (command === undefined) return undefined;
  try {
    const line = parseCommandLine(words, variables, [command]);
    return line.kind === "run" ? line : undefined;
  } catch (error) {
    if (isBcatError(error, "usage")) return undefined;
    throw error;
  }
}
