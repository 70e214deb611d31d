/** The folder of the local cache, which can always be lost and never holds anything that is nowhere else. */
import { existsSync } from "node:fs";
import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { describeSystemError, type OnNotice, systemErrorCode } from "@bcat/errors";
import { folderPath } from "./folder-path.js";
import { baseDirectory, type NoHome } from "./location.js";
import type { Variables } from "./variables.js";

/** Only the owner may look: a cache tells ids and names. */
const directoryMode = 0o700;

/** What a user says about the cache. */
export interface CacheChoice {
  /** The folder for it; by default one in the user's home. */
  readonly directory?: string | undefined;
  /** False: keep none. */
  readonly wanted?: boolean;
}

/** Where the cache is: an absolute path, "none" when none is wanted, or why there is no home to put it in. */
export type CachePlace = string | "none" | NoHome;

/**
 * A service of systemd has a folder for its cache, whatever home it has.
 *
 * @throws {BcatError} with code "usage" for a folder that cannot be named.
 */
export function locateCache({ directory, wanted = true }: CacheChoice, variables: Variables): CachePlace {
  if (!wanted) return "none";
  if (directory !== undefined) return folderPath(directory, { what: "cache folder", variables });
  const ofService = variables.CACHE_DIRECTORY?.split(":")[0] ?? "";
  if (isAbsolute(ofService)) return ofService;
  const base = baseDirectory("XDG_CACHE_HOME", ".cache", variables);
  return typeof base === "string" ? join(base, "bcat") : base;
}

/** Creates the folder. Without one the run is slower, not wrong: `warn` is told, and the answer is undefined. */
export async function createCache(place: CachePlace, warn: OnNotice): Promise<string | undefined> {
  if (place === "none") return undefined;
  if (typeof place !== "string") {
    warn(
      `cannot find a place for the cache (${place.found}): going on without; --cache-dir names one`,
      "cache-unusable",
    );
    return undefined;
  }
  try {
    await makeDirectories(place);
    await access(place, constants.W_OK | constants.X_OK);
    return place;
  } catch (error) {
    warn(`cannot use the cache "${place}": ${describeSystemError(error)}; going on without`, "cache-unusable");
    return undefined;
  }
}

/** As mkdir with `recursive`, which in Node never returns below /proc. */
async function makeDirectories(path: string): Promise<void> {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) await makeDirectories(parent);
  try {
    await mkdir(path, { mode: directoryMode });
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}
