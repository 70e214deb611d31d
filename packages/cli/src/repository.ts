/** From options to an open repository: where it is, its passphrase, and what the core needs of the world. */

import type { ChunkerSettings } from "@bcat/chunker";
import type { Secret } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { Environment, Repository } from "@bcat/repository";
import type { Storage } from "@bcat/storage";
import { loadAccelerated } from "./accelerated.js";
import { createCache, locateCache } from "./cache-directory.js";
import type { Context } from "./command.js";
import { createEnvironment, random } from "./environment.js";
import { locateRepository } from "./location.js";
import { choosePassphraseSource, getPassphrase } from "./passphrase.js";
import { acceleratorsOf } from "./settings.js";
import { printNotice } from "./warning.js";

/** The place of a repository, which may not be there yet. */
export interface Site {
  /** Absolute path. */
  readonly location: string;
  readonly storage: Storage;
  readonly environment: Environment;
  readonly posix: Posix;
  /** Gets the passphrase from its source, which was chosen before. */
  readonly secret: (isNew: boolean) => Promise<Secret>;
}

/** Looks at everything that the user can have got wrong before anything is touched. */
export async function prepareSite(context: Context): Promise<Site> {
  const { options, variables, output, signal, ask } = context;
  const location = locateRepository(options.text("repository"), variables);
  const source = choosePassphraseSource(options, variables);
  const cachePlace = locateCache(options, variables);
  const accelerated = await loadAccelerated(acceleratorsOf(variables));
  const { openLocalStorage } = await import("@bcat/storage");
  const cache = await createCache(cachePlace, (line) => printNotice(line, output));
  return {
    location,
    storage: openLocalStorage(location, { suffix: randomSuffix, posix: accelerated.posix }),
    environment: await createEnvironment({ location, cache }, accelerated),
    posix: accelerated.posix,
    secret: async (isNew) => ({ passphrase: await getPassphrase({ source, ask, isNew, signal }) }),
  };
}

/** For names of temporary files. */
function randomSuffix(): string {
  return Buffer.from(random(8)).toString("hex");
}

/** @throws {BcatError} with code "no-repository" before the passphrase is asked for. */
export async function openSite(site: Site, signal: AbortSignal): Promise<Repository> {
  const { openRepository, repositoryExists, unlockRepository } = await import("@bcat/repository");
  if (!(await repositoryExists(site.storage))) throw noRepository(site.location);
  const secret = await site.secret(false);
  signal.throwIfAborted();
  const { rootKey } = await unlockRepository(site.storage, secret, site.environment);
  signal.throwIfAborted();
  return await openRepository(site.storage, rootKey, site.environment);
}

/** Creates a repository. @throws {BcatError} with code "exists" before the passphrase is asked for. */
export async function createSite(
  site: Site,
  { signal, chunker }: { readonly signal: AbortSignal; readonly chunker?: ChunkerSettings },
): Promise<Repository> {
  const { initRepository, repositoryExists } = await import("@bcat/repository");
  if (await repositoryExists(site.storage))
    throw new BcatError("exists", `Cannot create a repository in "${site.location}": there is one already`);
  const secret = await site.secret(true);
  signal.throwIfAborted();
  return await initRepository(site.storage, { secret, ...(chunker && { chunker }) }, site.environment);
}

export function noRepository(location: string): BcatError {
  return new BcatError(
    "no-repository",
    `Cannot open the repository in "${location}": there is none; name another with --repo, or create it with bcat init`,
  );
}

/** Opens the repository of the options for the time of `use`. */
export async function withRepository<Result>(
  context: Context,
  use: (repository: Repository, site: Site) => Promise<Result>,
): Promise<Result> {
  const site = await prepareSite(context);
  await using repository = await openSite(site, context.signal);
  context.signal.throwIfAborted();
  return await use(repository, site);
}
