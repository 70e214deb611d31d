/** What a command is, and what it is given. Each is one file under `commands/`: it parses, calls a package and prints. */
import type { Meter } from "@bcat/host";
import type { Inquiry } from "./inquiry.js";
import type { Stop } from "./interruption.js";
import type { Flags, Options, Variables } from "./options.js";
import type { Output } from "./output.js";
import type { PassphraseInput } from "./passphrase-input.js";
import type { Waiting } from "./waiting.js";

export interface Command {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly operands: readonly Operand[];
  /** Those beyond the flags that all commands take. */
  readonly flags: Flags;
  /** Command line after `bcat` and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** More lines for the help. */
  readonly notes?: readonly string[];
  /** True when it reads data from standard input, where then no passphrase comes from. */
  readonly takesStdin?: (line: Pick<Context, "options" | "operands">) => boolean;
  /** True when it works whatever is set: variables are no flags of it, and unknown ones are no matter. */
  readonly ignoresVariables?: true;
  /** What to say when a signal ended it. */
  readonly interrupted: string;
  /** Returns the exit code. */
  run(context: Context): Promise<number>;
}

/** A word that is no flag. */
export interface Operand {
  readonly name: string;
  /** `word` is one that is typed as it is; `many` is the last one and takes what is left, also nothing. */
  readonly count: "word" | "one" | "optional" | "many";
  /** How the usage shows it, where the command itself looks at how many there are. */
  readonly shown?: string;
  /** The words may be empty. */
  readonly mayBeEmpty?: boolean;
}

export interface Context {
  readonly options: Options;
  readonly operands: readonly string[];
  readonly variables: Variables;
  readonly output: Output;
  /** Between two reports of progress, infinite for none; undefined for what is usual there. */
  readonly progressIntervalMs: number | undefined;
  /** Signals that ask how far the command is. */
  readonly inquiry: Inquiry;
  /** Tells what is waited for, as long as the command has no progress of its own. */
  readonly waiting: Waiting;
  /** Of all requests that the command makes. */
  readonly meter: Meter;
  /** Where a passphrase may come from that is named nowhere. */
  readonly input: PassphraseInput;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, with the error to throw as its reason; see {@link Context.stop}. */
  readonly signal: AbortSignal;
  /** For commands that have something to bring to safety first. */
  readonly stop: Stop;
}

/** Those that may change what a command does. */
export function heededVariables({ ignoresVariables }: Command, variables: Variables): Variables {
  return ignoresVariables === true ? {} : variables;
}

/** `bcat ls <snapshot> [path]` */
export function usageOf({ name, operands }: Command): string {
  return ["bcat", name, ...operands.map(operandHelp)].filter((word) => word !== "").join(" ");
}

export function operandHelp({ name, count, shown }: Operand): string {
  if (shown !== undefined) return shown;
  if (count === "word") return name;
  if (count === "one") return `<${name}>`;
  return count === "many" ? `[${name}…]` : `[${name}]`;
}
