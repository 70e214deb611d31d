/** Forgets a repository: all that the cache has of it, the memory by which its going back in time would be noticed, too. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BcatError, systemErrorCode } from "@bcat/errors";
import { hashLocation, rememberedAt } from "../identity.js";
import { listCacheFolders } from "./cache-folders.js";

/**
 * @param beginning of the id, in hexadecimal digits
 * @returns the id
 * @throws BcatError not-found, usage for what several begin with; usage while something sent to it is not confirmed
 */
export function forgetCachedRepository(cache: string, beginning: string): string {
  const folders = listCacheFolders(cache).filter(({ repositoryId }) => repositoryId.startsWith(beginning));
  const [id, ...others] = new Set(folders.map(({ repositoryId }) => repositoryId));
  if (id === undefined) throw new BcatError("not-found", `Cannot forget repository ${beginning}: the cache has none`);
  if (others.length > 0)
    throw new BcatError("usage", `Cannot forget repository ${beginning}: several ids begin so; give more of it`);
  refuseUnsent(cache, id);
  for (const { location } of folders) {
    if (location !== undefined && rememberedAt({ cacheDirectory: cache, location }) === id)
      rmSync(join(cache, "locations", hashLocation(location)), { force: true });
  }
  rmSync(join(cache, "restores", `${id}.json`), { force: true });
  rmSync(join(cache, id), { recursive: true, force: true });
  return id;
}

/** The next backup has to send it again (outbox.ts). */
function refuseUnsent(cache: string, id: string): void {
  const outbox = join(cache, "outbox", id);
  try {
    const kept = readdirSync(outbox, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    if (kept.length === 0) return;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw error;
  }
  throw new BcatError(
    "usage",
    `Cannot forget repository ${id.slice(0, 10)}: what was sent to it last is not confirmed yet, and lies in ${outbox}; the next backup there sends it again`,
  );
}
