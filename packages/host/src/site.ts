/** From what a user names to an open repository: where it is, its secret, and what the core needs of the world. */
import type { ChunkerSettings } from "@bcat/chunker";
import type { Secret } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { Environment, OpenOptions, Repository } from "@bcat/repository";
import type { Storage } from "@bcat/storage";
import { acceleratorsOf, loadAccelerated } from "./accelerated.js";
import { type CacheChoice, createCache, locateCache } from "./cache-directory.js";
import { createEnvironment } from "./environment.js";
import { locateRepository } from "./location.js";
import { openPlace, type Place, packSizeOf } from "./place.js";
import { getSecret, type SecretSource } from "./secret.js";
import type { Variables } from "./variables.js";

export interface SiteOptions {
  /** As the user names it: a path or a URL. Without one it is the default of the user. */
  readonly repository?: string | undefined;
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
  const { variables, program, signal } = options;
  const place = locateRepository(options.repository, variables);
  const cachePlace = locateCache(options.cache ?? {}, variables);
  const accelerated = await loadAccelerated(acceleratorsOf(variables));
  const { createAbortableStorage } = await import("@bcat/storage");
  const storage = createAbortableStorage(await openPlace(place, accelerated), signal);
  const cache = await createCache(cachePlace, options.onNotice);
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

export interface OpenSiteOptions extends Pick<OpenOptions, "acceptRollback"> {
  readonly signal: AbortSignal;
  /** Called when the secret is there, and what takes time begins. */
  readonly onSecret?: () => void;
}

/** Opens a repository. @throws {BcatError} with code "no-repository" before the secret is asked for. */
export async function openSite(site: Site, { signal, onSecret, acceptRollback }: OpenSiteOptions): Promise<Repository> {
  const { findConfig, openRepository, unlockRepository } = await import("@bcat/repository");
  const config = await findConfig(site.storage, site.environment);
  if (config === undefined) throw await noRepository(site);
  const secret = await site.secret(false);
  signal.throwIfAborted();
  onSecret?.();
  const { rootKey } = await unlockRepository(site.storage, secret, site.environment, config);
  signal.throwIfAborted();
  return await openRepository(site.storage, rootKey, site.environment, { acceptRollback, config });
}

/** Creates a repository. @throws {BcatError} with code "exists" before the secret is asked for. */
export async function createSite(
  site: Site,
  { signal, chunker }: { readonly signal: AbortSignal; readonly chunker?: ChunkerSettings },
): Promise<Repository> {
  const { initRepository, repositoryExists } = await import("@bcat/repository");
  if (await repositoryExists(site.storage))
    throw new BcatError("exists", `Cannot create a repository in "${site.place.location}": there is one already`);
  const secret = await site.secret(true);
  signal.throwIfAborted();
  return await initRepository(site.storage, { secret, ...(chunker && { chunker }) }, site.environment);
}

/** For a command that finds none. A place that had one is most often a disk that is not mounted. */
export async function noRepository({ place: { location }, environment }: Site): Promise<BcatError> {
  const { rememberedAt } = await import("@bcat/repository");
  const before = rememberedAt(environment);
  const found =
    before === undefined
      ? "there is none; name another with --repo, or create it with bcat init"
      : `there is none, and repository ${before.slice(0, 8)} was there before: is its disk mounted? bcat init creates a new one`;
  return new BcatError("no-repository", `Cannot open the repository in "${location}": ${found}`);
}

/** True when there was a repository at the place the last time: then only who asks for one makes another. */
export async function hadRepository({ environment }: Site): Promise<boolean> {
  const { rememberedAt } = await import("@bcat/repository");
  return rememberedAt(environment) !== undefined;
}

/** What a backup leaves out where it meets it: the repository itself and its cache. */
export function ownFolders({ place, environment: { cacheDirectory } }: Site): Uint8Array[] {
  return [place.path, cacheDirectory].filter((path) => path !== undefined).map((path) => Buffer.from(path));
}
