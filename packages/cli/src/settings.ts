/** What can be set by environment variables alone. */
import type { Variables } from "./options.js";
import { usageError } from "./usage.js";

/** Progress reports a second at most, and the slowest that makes sense. */
const reportsPerSecondMax = 60;
const reportsPerSecondMin = 0.01;

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
