/** What keeps a cache from growing for ever: copies of what lies in repositories go that nobody has used for long. */
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../cache-files.js";
import { hashLocation } from "../identity.js";
import { emptyCacheFolder, listCacheFolders } from "./cache-folders.js";

const DAY_MS = 24 * 3_600_000;
/** Without use for so long, copies go. */
const AGE_MAX_MS = 90 * DAY_MS;
/** Its time is that of the last look. */
const STAMP = "looked-through";

export interface TrimOptions {
  /** Folder of the cache. */
  readonly cache: string;
  /** Of the repository that is about to be used. */
  readonly location: string;
  /** ms since 1970. */
  readonly now: number;
}

/** Notes that the cache is used for a place, and once a day removes what nobody uses. Failing to is no error. */
export function trimCache({ cache, location, now }: TrimOptions): void {
  try {
    touch(join(cache, "locations", hashLocation(location)), now);
    if (!touch(join(cache, STAMP), now, true)) return;
    for (const folder of listCacheFolders(cache)) if (now - folder.lastUse > AGE_MAX_MS) emptyCacheFolder(folder);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** True when the file was not touched within a day; of one that is not there only if it is made. */
function touch(path: string, now: number, makes = false): boolean {
  const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY);
  // A time in the future is of a clock that was wrong.
  if (age >= 0 && age < DAY_MS) return false;
  if (age === Number.POSITIVE_INFINITY) {
    if (!makes) return false;
    writeFileSync(path, "", { mode: 0o600 });
  }
  utimesSync(path, now / 1000, now / 1000);
  return true;
}
