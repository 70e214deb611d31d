/** What can be set by environment variables alone, and how often progress is told. */
import type { Options, Variables } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** Progress reports a second at most, and the slowest that makes sense. */
const reportsPerSecondMax = 60;
const reportsPerSecondMin = 0.01;

/** Seconds between two reports of progress at most: a day. */
const progressSecondsMax = 86_400;

/**
 * Milliseconds between two reports of progress, infinite for none, as `--progress` or `BCAT_PROGRESS_FPS` has it;
 * undefined when neither is set.
 *
 * @throws {BcatError} with code "usage"
 */
export function progressIntervalMs(options: Options, variables: Variables): number | undefined {
  const text = options.text("progress");
  const perSecond = reportsPerSecond(variables);
  if (text === undefined) return perSecond === undefined ? undefined : 1000 / perSecond;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds === 0) return Number.POSITIVE_INFINITY;
  if (seconds >= 1 / reportsPerSecondMax && seconds <= progressSecondsMax) return seconds * 1000;
  throw usageError(`Cannot use --progress: "${quoteText(text)}" is no number of seconds up to ${progressSecondsMax}`);
}

/** Progress reports a second, or undefined when that is not set. @throws {BcatError} with code "usage" */
export function reportsPerSecond(variables: Variables): number | undefined {
  const value = variables.BCAT_PROGRESS_FPS;
  if (value === undefined) return undefined;
  const count = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (count >= reportsPerSecondMin && count <= reportsPerSecondMax) return count;
  throw usageError(
    `Cannot use BCAT_PROGRESS_FPS: "${value}" is no number from ${reportsPerSecondMin} to ${reportsPerSecondMax}`,
  );
}

/** As no-color.org says: any value but an empty one. */
export function wantsColor(variables: Variables): boolean {
  return (variables.NO_COLOR ?? "") === "" && variables.TERM !== "dumb";
}

/** Whether to show where an error came from. */
export function wantsDebug(variables: Variables): boolean {
  return !["", "0", "false", "no", "off"].includes((variables.BCAT_DEBUG ?? "").toLowerCase());
}
