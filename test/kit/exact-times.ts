/** Whether times can be set to the nanosecond here; says so where they cannot. What Node sets is exact to the microsecond. */
import { loadPosix } from "@bcat/posix";

export const exactTimes = loadPosix("auto").exactTimes;

/** The program, which takes the variable from these tests, uses koffi. */
export const usesKoffi = exactTimes && process.env.BCAT_ACCELERATORS !== "off";

/** Nanoseconds in which times are compared. */
export const timeUnit = exactTimes ? 1n : 1_000n;

/** The same for what the program has set. */
export const programTimeUnit = usesKoffi ? 1n : 1_000n;

/** What a backup and a restore then say once. */
export const inexactTimes =
  /times were restored to the microsecond, more takes koffi|were not stored, that takes koffi/;

if (!exactTimes) process.stdout.write("test: times are compared by the microsecond: koffi is not installed\n");
