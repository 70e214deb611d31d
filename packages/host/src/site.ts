/** From what a user names to an open repository: where it is, its secret, and what the core needs of the world. */
import type { ChunkerSettings } from "@bcat/chunker";
import type { Secret } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { Environment, Repository } from "@bcat/repository";
import type { Storage } from "@bcat/storage";
import { acceleratorsOf, loadAccelerated } from "./accelerated.js";
import { type CacheChoice, createCache, locateCache } from "./cache-directory.js";
import { createEnvironment } from "./environment.js";
import { locateRepository } from "./location.js";
import { openPlace, type Place, packSizeOf } from "./place.js";
import type { PlaceOptions } from "./place-options.js";
import { getSecret, type SecretSource } from "./secret.js";
import type { Variables } from "./variables.js";

export interface SiteOptions {
  /** As the user names it: a path or a URL. Without one it is the default of the user. */
  readonly repository?: string | undefined;
  readonly placeOptions?: PlaceOptions;
  readonly secret: SecretSource;
  readonly cache?: CacheChoice;
  readonly variables: Variables;
  /** The program and its version, such as `bcat 0.1.0`, recorded in what it writes. */
  readonly program: string;
  /** Ends the wait for a secret, and every call to the storage. */
  readonly signal: AbortSignal;
  /** Told in a line what makes the run slower but not wrong. */
  readonly onNotice: (line: string) => void;
}

/** The place of a repository, which may not be there yet. */
export interface Site {
  readonly place: Place;
  readonly storage: Storage;
  readonly environment: Environment;
  readonly posix: Posix;
  /** Gets the secret from its source, which was chosen before. */
  readonly secret: (isNew: boolean) => Promise<Secret>;
}

/** Looks at everything that the user can have got wrong before anything is touched. */
export async function prepareSite(options: SiteOptions): Promise<Site> {
  const { variables, program, signal, placeOptions = {}, onNotice } = options;
  const place = locateRepository(options.repository, variables);
  const cachePlace = locateCache(options.cache ?? {}, variables);
  const accelerated = await loadAccelerated(acceleratorsOf(variables));
  const { createAbortableStorage } = await import("@bcat/storage");
  const storage = createAbortableStorage(
    await openPlace(place, { posix: accelerated.posix, options: placeOptions, variables, onNotice }),
    signal,
  );
  const cache = await createCache(cachePlace, onNotice);
  return {
    place,
    storage,
    environment: await createEnvironment(
      { program, location: place.location, cache, variables, packSize: packSizeOf(place) },
      accelerated,
    ),
    posix: accelerated.posix,
    secret: (isNew) => getSecret(options.secret, { isNew, signal }),
  };
}

/**
 * Opens a repository. `onSecret` is called when the secret is there, and what takes time begins.
 *
 * @throws {BcatError} with code "no-repository" before the secret is asked for.
 */
export async function openSite(
  site: Site,
  { signal, onSecret }: { readonly signal: AbortSignal; readonly onSecret?: () => void },
): Promise<Repository> {
  const { findConfig, openRepository, unlockRepository } = await import("@bcat/repository");
  const config = await findConfig(site.storage, site.environment);
  if (config === undefined) throw noRepository(site.place);
  const secret = await site.secret(false);
  signal.throwIfAborted();
  onSecret?.();
  const { rootKey } = await unlockRepository(site.storage, secret, site.environment, config);
  signal.throwIfAborted();
  return await openRepository(site.storage, rootKey, site.environment, config);
}

/** Creates a repository. @throws {BcatError} with code "exists" before the secret is asked for. */
export async function createSite(
  site: Site,
  { signal, chunker }: { readonly signal: AbortSignal; readonly chunker?: ChunkerSettings },
): Promise<Repository> {
  refuseReadOnly(site, "create a repository in");
  const { initRepository, repositoryExists } = await import("@bcat/repository");
  if (await repositoryExists(site.storage))
    throw new BcatError("exists", `Cannot create a repository in "${site.place.location}": there is one already`);
  const secret = await site.secret(true);
  signal.throwIfAborted();
  return await initRepository(site.storage, { secret, ...(chunker && { chunker }) }, site.environment);
}

/** @throws {BcatError} with code "refused" for a place that can only be read, before anything is asked of it. */
export function refuseReadOnly({ place: { kind, location } }: Site, action: string): void {
  if (kind !== "http") return;
  throw new BcatError("refused", `Cannot ${action} "${location}": over HTTP, a repository can only be read`);
}

export function noRepository({ location }: Place): BcatError {
  return new BcatError(
    "no-repository",
    `Cannot open the repository in "${location}": there is none; name another with --repo, or create it with bcat init`,
  );
}

/** What a backup leaves out where it meets it: the repository itself and its cache. */
export function ownFolders({ place, environment: { cacheDirectory } }: Site): Uint8Array[] {
  return [place.kind === "folder" ? place.path : undefined, cacheDirectory]
    .filter((path) => path !== undefined)
    .map((path) => Buffer.from(path));
}
