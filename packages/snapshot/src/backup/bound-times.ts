/** Times beyond what a tree can hold (docs/format.md section 12.1): a damaged file system, or `touch`, gives any. */
import { SourceError } from "@bcat/errors";
import type { Stat } from "@bcat/posix";
import { nanosecondsMax, secondsMax } from "../tree/node.js";

/** Moves the times to the nearest that can be stored. What is to be said of it, if the mtime is not the entry's own. */
export function boundTimes(stat: Stat): SourceError | undefined {
  const found = stat.mtimeSeconds;
  stat.mtimeSeconds = boundSeconds(found);
  stat.ctimeSeconds = boundSeconds(stat.ctimeSeconds);
  stat.birthSeconds = boundSeconds(stat.birthSeconds);
  stat.mtimeNanoseconds = Math.min(stat.mtimeNanoseconds, nanosecondsMax);
  stat.ctimeNanoseconds = Math.min(stat.ctimeNanoseconds, nanosecondsMax);
  stat.birthNanoseconds = Math.min(stat.birthNanoseconds, nanosecondsMax);
  if (stat.mtimeSeconds === found) return undefined;
  return new SourceError(
    `its modification time of ${found} s is beyond what can be stored; ${stat.mtimeSeconds} s is stored`,
  );
}

function boundSeconds(seconds: number): number {
  return Math.max(-secondsMax, Math.min(seconds, secondsMax));
}
