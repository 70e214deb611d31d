/** Checks of times, before and after they are set. A time is {whole seconds since 1970, 0 to 999,999,999 nanoseconds}. */
import type { Stat } from "./stat.js";
import { type Place, timeNotSet } from "./system-error.js";

/** Whole seconds since 1970, rounded down, and nanoseconds that count upwards from there. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const NANOSECONDS_MAX = 999_999_999;
const ERROR_NANOSECONDS_MAX = 1_000;

/** @throws RangeError for what is no time. Linux would take two values above the limit for "now" and "leave as is". */
export function checkTime(seconds: number, nanoseconds: number): void {
  if (!Number.isSafeInteger(seconds))
    throw new RangeError(`Cannot set time: ${seconds} is not a whole number of seconds`);
  if (!Number.isInteger(nanoseconds) || nanoseconds < 0 || nanoseconds > NANOSECONDS_MAX)
    throw new RangeError(`Cannot set time: ${nanoseconds} nanoseconds are not within 0 and ${NANOSECONDS_MAX}`);
}

/** @throws Error `ETIMENOTSET` when the mtime in `stat` is more than a microsecond off the one that was set. */
export function verifyTime(stat: Stat, seconds: number, nanoseconds: number, syscall: string, place: Place): void {
  const error = (stat.mtimeSeconds - seconds) * 1e9 + (stat.mtimeNanoseconds - nanoseconds);
  if (Math.abs(error) <= ERROR_NANOSECONDS_MAX) return;
  const found = `time ${seconds} s ${nanoseconds} ns became ${stat.mtimeSeconds} s ${stat.mtimeNanoseconds} ns`;
  throw timeNotSet(syscall, found, place);
}

/** Times that every file system holds; the 32-bit inodes of ext4 and XFS end in 1901 and 2038, some others in 1970. */
export function isOrdinaryTime(seconds: number): boolean {
  return seconds >= 0 && seconds <= 0x7fff_ffff;
}

/**
 * The time as Node takes it without harm: a string, since it turns negative numbers into *now*, of seconds as a double.
 * libuv cuts that double to microseconds towards zero (uv__fs_to_timespec), so the value aims at the middle of the
 * wanted microsecond. Doubles are dense enough for this until 2242; beyond, some times cannot be set.
 */
export function timeForNode(seconds: number, nanoseconds: number): string {
  const microseconds = Math.floor(nanoseconds / 1_000);
  const middle = seconds < 0 ? microseconds - 0.5 : microseconds + 0.5;
  return String(seconds + middle / 1e6);
}
