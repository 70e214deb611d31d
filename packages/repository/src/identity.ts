/**
 * Which repository was at a location the last time. A storage that hands out another one, with a passphrase of its own,
 * must not go unnoticed (borg #2169). Kept in the cache folder; without one nothing is remembered.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BcatError, isExhaustion, StorageError } from "@bcat/errors";
import type { Environment } from "./environment.js";

/** @throws BcatError identity-changed */
export function checkIdentity(environment: Environment, repositoryId: Uint8Array): void {
  const path = identityPath(environment);
  const known = rememberedAt(environment);
  const found = Buffer.from(repositoryId).toString("hex");
  if (path === undefined || known === undefined || known === found) return;
  throw new BcatError(
    "identity-changed",
    `Cannot trust ${environment.location}: repository ${known.slice(0, 8)} was there, now it is ${found.slice(0, 8)}; --no-cache reads it as it is; if that is right for good, back up there once with --accept-rollback, or remove ${path}, a part of the cache`,
  );
}

/** What is remembered depends on no more of an environment than this. */
type Remembering = Pick<Environment, "cacheDirectory" | "location">;

/** The id, in hex, of the repository that was at a location the last time; undefined when none is known. */
export function rememberedAt(environment: Remembering): string | undefined {
  const path = identityPath(environment);
  if (path === undefined) return undefined;
  try {
    const known = readFileSync(path, "utf8").trim();
    return /^[0-9a-f]{32}$/.test(known) ? known : undefined;
  } catch (error) {
    if (!isExhaustion(error)) return undefined;
    throw new StorageError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A line that says that it is another repository than the one before, if there was one. */
export function describeReplaced(environment: Environment, repositoryId: Uint8Array): string | undefined {
  const known = rememberedAt(environment);
  const found = Buffer.from(repositoryId).toString("hex");
  if (known === undefined || known === found) return undefined;
  return `repository ${known.slice(0, 8)} was in "${environment.location}" before: from now on it is ${found.slice(0, 8)}`;
}

/** Remembers the repository at the environment's location; failing to is no error. */
export function rememberIdentity(environment: Environment, repositoryId: Uint8Array): void {
  const path = identityPath(environment);
  if (path === undefined || environment.cacheDirectory === undefined) return;
  try {
    const hex = `${Buffer.from(repositoryId).toString("hex")}\n`;
    try {
      if (readFileSync(path, "utf8") === hex) return;
    } catch {
      // Not remembered yet.
    }
    mkdirSync(join(environment.cacheDirectory, "locations"), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${Buffer.from(environment.random(8)).toString("hex")}`;
    writeFileSync(temporary, hex, { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // As without a cache.
  }
}

/** The file that remembers the location's repository; undefined without a cache. */
export function identityPath({ cacheDirectory, location }: Remembering): string | undefined {
  if (cacheDirectory === undefined) return undefined;
  return join(cacheDirectory, "locations", hashLocation(location));
}

/** The name under which things are remembered of a location. */
export function hashLocation(location: string): string {
  return createHash("sha256").update(location).digest("hex").slice(0, 32);
}
