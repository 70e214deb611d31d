/**
 * The bounds of what a tree can hold (docs/format.md section 12.1), applied where an entry of the source comes in: a
 * damaged file system, an odd mount, or `touch`, gives anything, and one odd entry must cost that entry alone.
 */
import { SourceError } from "@bcat/errors";
import type { Stat } from "@bcat/posix";
import { isName } from "../tree/name.js";
import { nameLengthMax, nanosecondsMax, secondsMax, targetLengthMax } from "../tree/node.js";

/** @throws SourceError for a name that no node can have, or that would lead out of its folder */
export function boundName(name: Uint8Array): void {
  if (name.length > nameLengthMax)
    throw new SourceError(`its name of ${name.length} bytes is longer than the ${nameLengthMax} that can be stored`, {
      messageCode: "not-storable",
    });
  if (!isName(name))
    throw new SourceError("its name is none that an entry of a folder can have", { messageCode: "not-storable" });
}

/** @throws SourceError for a target that no node can have */
export function boundTarget(target: Uint8Array): void {
  if (target.length === 0)
    throw new SourceError("it is a symbolic link with an empty target", { messageCode: "not-storable" });
  if (target.length > targetLengthMax || target.includes(0))
    throw new SourceError(`its target of ${target.length} bytes cannot be stored`, { messageCode: "not-storable" });
}

/** Moves the times to the nearest that can be stored. What is to be said of it, if the mtime is not the entry's own. */
export function boundTimes(stat: Stat): SourceError | undefined {
  const found = stat.mtimeSeconds;
  stat.mtimeSeconds = boundSeconds(found);
  stat.ctimeSeconds = boundSeconds(stat.ctimeSeconds);
  stat.birthSeconds = boundSeconds(stat.birthSeconds);
  if (stat.wantsAccessTime) boundAccessTime(stat);
  stat.mtimeNanoseconds = Math.min(stat.mtimeNanoseconds, nanosecondsMax);
  stat.ctimeNanoseconds = Math.min(stat.ctimeNanoseconds, nanosecondsMax);
  stat.birthNanoseconds = Math.min(stat.birthNanoseconds, nanosecondsMax);
  if (stat.mtimeSeconds === found) return undefined;
  return new SourceError(
    `its modification time of ${found} s is beyond what can be stored; ${stat.mtimeSeconds} s is stored`,
    { messageCode: "time-not-storable" },
  );
}

function boundAccessTime(stat: Stat): void {
  stat.atimeSeconds = boundSeconds(stat.atimeSeconds);
  stat.atimeNanoseconds = Math.min(stat.atimeNanoseconds, nanosecondsMax);
}

function boundSeconds(seconds: number): number {
  return Math.max(-secondsMax, Math.min(seconds, secondsMax));
}
