/** The time that a user gives a snapshot. */
import { usageError } from "./usage.js";

const form = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?(Z)?)?$/;

/**
 * Milliseconds since 1970 of `2012-11-01 22:08:41`, which is local time as restic has it, unless a `Z` follows.
 *
 * @param orElse what else may be written, for the error
 * @throws BcatError usage
 */
export function snapshotTime(text: string | undefined, flag = "--time", orElse = ""): number | undefined {
  if (text === undefined) return undefined;
  const found = form.exec(text);
  const [year, month, day, hour, minute, second] = (found?.slice(1, 7) ?? []).map((digits) => Number(digits ?? 0));
  const numbers = [year!, month! - 1, day!, hour!, minute!, second!] as const;
  const time = found?.[7] === "Z" ? Date.UTC(...numbers) : new Date(...numbers).getTime();
  // 31 February is 3 March for JavaScript, and hour 25 is 1.
  const date = new Date(time);
  const back = found?.[7] === "Z" ? date.toISOString() : undefined;
  const isSame =
    found !== null &&
    (back === undefined
      ? date.getMonth() === month! - 1 && date.getDate() === day && second! < 60 && minute! < 60 && hour! < 24
      : back.startsWith(`${found[1]}-${found[2]}-${found[3]}T`) && second! < 60 && minute! < 60);
  if (isSame && Number.isFinite(time)) return time;
  throw usageError(`Cannot use ${flag} "${text}": write it as 2012-11-01 22:08:41${orElse}`);
}
