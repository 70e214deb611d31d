/** One run of bcat: from the words of the command line to an exit code. */
import { BcatError, describeSystemError, isBcatError } from "@bcat/errors";
import { Meter } from "@bcat/host";
import { type Command, heededVariables } from "./command.js";
import type { CommandLine } from "./command-line.js";
import { describeError, reportFailure } from "./errors.js";
import { every } from "./every.js";
import { exitCodes } from "./exit-code.js";
import type { Inquiry } from "./inquiry.js";
import type { Interruption } from "./interruption.js";
import type { Variables } from "./options.js";
import type { Output } from "./output.js";
import { besideData, type PassphraseInput } from "./passphrase-input.js";
import { readCommandLine } from "./read-command-line.js";
import { printRequests } from "./requests.js";
import { harmlessLine } from "./restic/lookup.js";
import { progressIntervalMs, wantsDebug } from "./settings.js";
import { typedWords } from "./typed-words.js";
import { Waiting } from "./waiting.js";

/** Wrappings of an error that are looked through. */
const causeDepthMax = 8;

export interface World {
  readonly variables: Variables;
  readonly output: Output;
  readonly interruption: Interruption;
  readonly inquiry: Inquiry;
  /** Standard input or output is a pipe. */
  readonly isInPipeline: boolean;
  readonly input: PassphraseInput;
}

/** `given` are the last words of the process. Never throws: what went wrong is printed. */
export async function run(given: readonly string[], world: World): Promise<number> {
  const { variables, output, interruption } = world;
  interruption.onSecond = (message) =>
    void reportFailure({ exitCode: interruption.exitCode ?? 130, errorCode: "interrupted", message }, output, false);
  let command: Command | undefined;
  try {
    const words = typedWords(given);
    const line = await readCommandLine(words[0] === "--version" ? ["version", ...words.slice(1)] : words, variables);
    if (line.kind !== "run") return await finish(await printHelp(line, world), output);
    command = line.command;
    output.json = line.options.switch("json");
    output.quiet = line.options.switch("quiet");
    if (line.options.switch("verbose") && !output.json)
      for (const flag of line.harmless) output.complain(harmlessLine(flag));
    return await finish(await runCommand(line, world), output);
  } catch (error) {
    output.status(undefined);
    const debug = wantsDebug(variables);
    const cause = findInterruption(error, interruption);
    if (cause !== undefined) return reportInterruption(cause, { command, world, debug });
    return reportFailure(describeError(error, command?.name), output, debug);
  }
}

async function runCommand({ command, options, operands }: CommandLine & { kind: "run" }, world: World) {
  const { variables, output, interruption, inquiry } = world;
  const takesStdin = command.takesStdin?.({ options, operands }) === true;
  const input = takesStdin ? besideData(world.input) : world.input;
  const meter = new Meter();
  try {
    const { signal, stop } = interruption;
    const intervalMs = progressIntervalMs(options, heededVariables(command, variables));
    const sharesTerminal = world.isInPipeline || takesStdin;
    const told = { name: command.name, output, inquiry, meter, intervalMs, sharesTerminal };
    const waiting = new Waiting({ ...told, now: Date.now, every });
    inquiry.add(waiting);
    const progress = { inquiry, waiting, progressIntervalMs: intervalMs };
    return await command.run({ options, operands, variables, output, ...progress, meter, input, signal, stop });
  } finally {
    inquiry.end();
    if (options.count("verbose") > 0) printRequests(meter, output);
  }
}

/** A result that nobody could read is no success. @throws BcatError target-failed */
async function finish(exitCode: number, output: Output): Promise<number> {
  await output.flush();
  const { failure } = output;
  if (failure === undefined) return exitCode;
  throw new BcatError("target-failed", `Cannot write to stdout: ${describeSystemError(failure)}`, { cause: failure });
}

async function printHelp(line: Exclude<CommandLine, { kind: "run" }>, { output, variables }: World): Promise<number> {
  const { helpText, helpWidth } = await import("./help.js");
  const width = helpWidth(variables.COLUMNS, output.columns);
  if (line.kind === "help") {
    output.print(helpText(line.command, width));
    return exitCodes.done;
  }
  if (!output.json) output.note(helpText(undefined, width));
  const message = "Missing command: say what to do, such as bcat backup ~";
  return reportFailure({ exitCode: exitCodes.usage, errorCode: "usage", message }, output, false);
}

/** What a signal led to, if it is behind an error. Packages may have wrapped it. */
function findInterruption(error: unknown, { signal }: Interruption): Error | undefined {
  for (let depth = 0; depth < causeDepthMax && error instanceof Error; depth++) {
    if (isBcatError(error, "interrupted") || (signal.aborted && error.name === "AbortError")) return error;
    error = error.cause;
  }
  return undefined;
}

/** In the words of who was interrupted, where it has some of its own: it may know what was left behind. */
function reportInterruption(
  cause: Error,
  { command, world, debug }: { readonly command: Command | undefined; readonly world: World; readonly debug: boolean },
): number {
  const { output, interruption } = world;
  const exitCode = interruption.exitCode ?? 130;
  const knows = isBcatError(cause, "interrupted") && cause !== interruption.signal.reason;
  const message = knows ? cause.message : (command?.interrupted ?? "interrupted");
  return reportFailure({ exitCode, errorCode: "interrupted", message }, output, debug);
}
