/**
 * What the cache holds, of whichever repository: a folder for each place where one was met (places.ts). Some of it can
 * be had again from the repository; the rest is memory of what was seen there, by which a client notices that a
 * repository has gone back in time or was replaced, and small.
 *
 *     <cache>/<repository id>/<place>/index, scans, trees    can be had again
 *     <cache>/<repository id>/<place>-aside/                 can be had again
 *     <cache>/<repository id>/<place>/…                      memory: manifest, place, first-seen, journals
 *     <cache>/locations/<place>                              memory; its time is that of the last use
 *     <cache>/restores/<repository id>.json                  memory, for undo
 *     <cache>/outbox/<repository id>/                        what was sent and not confirmed: never touched here
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { systemErrorCode } from "@bcat/errors";
import { isSystemError } from "../cache-files.js";
import { hashLocation, rememberedAt } from "../identity.js";
import { readPlace } from "../places.js";

const ID = /^[0-9a-f]{32}$/;
const DISPOSABLE = ["index", "scans", "trees"];

export interface CacheFolder {
  /** 32 hexadecimal digits. */
  readonly repositoryId: string;
  /** As the user named it; undefined where the cache does not say. */
  readonly location: string | undefined;
  /** Bytes of all files. */
  readonly size: number;
  /** Bytes of those that can be had again. */
  readonly disposableSize: number;
  /** ms since 1970. */
  readonly lastUse: number;
  /** Whether a repository is where this one was; undefined for places that are not looked at, such as buckets. */
  readonly isThere: boolean | undefined;
  /** Absolute, of what can be had again. */
  readonly disposable: readonly string[];
}

/** Those used last come first; none where there is no cache. @throws Error of the system where that cannot be read */
export function listCacheFolders(cache: string): CacheFolder[] {
  const ids = readCache(cache).filter((name) => ID.test(name));
  const folders = ids.flatMap((id) => {
    const places = namesIn(join(cache, id)).filter((name) => ID.test(name));
    return places.map((place) => describe(cache, { id, place }));
  });
  return folders.sort((a, b) => b.lastUse - a.lastUse);
}

/** No cache is an empty one; of one that cannot be read nothing is known. */
function readCache(cache: string): string[] {
  try {
    return readdirSync(cache).sort();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Removes what can be had again. A process that uses it now reads it anew, or ends and says to run it again. */
export function emptyCacheFolder({ disposable }: CacheFolder): void {
  for (const path of disposable) rmSync(path, { recursive: true, force: true });
}

function describe(cache: string, { id, place }: { readonly id: string; readonly place: string }): CacheFolder {
  const folder = join(cache, id, place);
  const location = readPlace(folder)?.location;
  const aside = `${folder}-aside`;
  const disposable = [...DISPOSABLE.map((name) => join(folder, name)), aside];
  const isOwn = location !== undefined && rememberedAt({ cacheDirectory: cache, location }) === id;
  const marks = [join(folder, "manifest"), join(folder, "place")];
  const used = [...marks, ...(isOwn ? [join(cache, "locations", hashLocation(location))] : [])];
  return {
    repositoryId: id,
    location,
    size: sizeBelow(folder) + sizeBelow(aside),
    disposableSize: disposable.reduce((sum, path) => sum + sizeBelow(path), 0),
    lastUse: Math.max(...used.map((path) => statOf(path)?.mtimeMs ?? 0)),
    isThere: location === undefined ? undefined : isRepositoryAt(location),
    disposable,
  };
}

/** Only folders are looked at. */
function isRepositoryAt(location: string): boolean | undefined {
  return isAbsolute(location) ? existsSync(join(location, "config")) : undefined;
}

function sizeBelow(folder: string): number {
  const names = tolerate(() => readdirSync(folder, { recursive: true, encoding: "utf8" })) ?? [];
  const stats = names.map((name) => statOf(join(folder, name)));
  return stats.reduce((sum, stat) => sum + (stat?.isFile() === true ? stat.size : 0), 0);
}

function namesIn(folder: string): string[] {
  return (tolerate(() => readdirSync(folder)) ?? []).sort();
}

/** Others may remove what is looked at. */
function statOf(path: string) {
  return tolerate(() => statSync(path));
}

function tolerate<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
