/** How a run that failed says so: one line on stderr, or with `--json` one object, and the exit code. */
import { ArchivedError, type BcatErrorCode, inSentence, isBcatError, showBytes } from "@bcat/errors";
import { withoutCaps } from "@bcat/host";
import { remedyOf } from "./archived.js";
import { exitCodeOf, exitCodes } from "./exit-code.js";
import type { Output } from "./output.js";
import { quoteText } from "./quote.js";

export interface Failure {
  readonly exitCode: number;
  /** For programs: the kind of error, or what the program did not foresee. */
  readonly errorCode: BcatErrorCode | "archived" | "unexpected";
  readonly message: string;
  /** For an error that no package foresaw. */
  readonly stack?: string | undefined;
}

/** What to tell of an error that ended the command of that name. */
export function describeError(error: unknown, command: string | undefined): Failure {
  if (isBcatError(error)) {
    return {
      exitCode: exitCodeOf(error.code, command),
      errorCode: error instanceof ArchivedError ? "archived" : error.code,
      message: `${error.message}${remedyOf(error)}`,
      stack: error.stack,
    };
  }
  return {
    exitCode: exitCodes.failed,
    errorCode: "unexpected",
    message: describeUnexpected(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
}

function describeUnexpected(error: unknown): string {
  if (!(error instanceof Error)) return `unexpected ${String(error)} (set BCAT_DEBUG=1 to see where)`;
  // Thrown where a part of the program is loaded (build/program.mjs), which has no errors of ours yet.
  if (error.name === "ReplacedError") return error.message;
  return `unexpected ${error.name}: ${error.message} (set BCAT_DEBUG=1 to see where)`;
}

/** Prints a failure; with `debug` also where it came from. Returns the exit code. */
export function reportFailure(failure: Failure, output: Output, debug: boolean): number {
  const { exitCode, errorCode } = failure;
  // Text of bytes, where a word is named that was typed.
  const message = showBytes(withoutCaps(failure.message));
  const stack = failure.stack && withoutCaps(failure.stack);
  if (output.json)
    output.note(JSON.stringify({ message_type: "exit_error", code: exitCode, error_code: errorCode, message }));
  else output.complain(sentence(message));
  if (debug && stack !== undefined) output.note(stack.split("\n").map(quoteText).join("\n"));
  return exitCode;
}

/** `Cannot read …` inside a line that already began: lower case, one line, nothing that a terminal would obey. */
export function sentence(message: string): string {
  return quoteText(inSentence(message));
}
