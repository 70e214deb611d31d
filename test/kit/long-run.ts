/** Whether all is to be run that takes long, as `npm run sweep` does, and not only a slice of it. */
export const isLongRun = process.env.EVERY_CALL === "all";

/** Of cases that differ in little: all of them in a long run, otherwise as many of the first ones. */
export function sliceOf<T>(cases: readonly T[], count = 1): readonly T[] {
  return isLongRun ? cases : cases.slice(0, count);
}
