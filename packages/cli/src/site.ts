/** From the options of a command to the place of its repository, and to the repository itself. */
import { openSite, prepareSite, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { Context } from "./command.js";
import { chooseSecretSource } from "./passphrase.js";
import { placeOptions } from "./place-flags.js";
import { programVersion } from "./program-version.js";
import { printNotice } from "./warning.js";

/** Looks at everything that the user can have got wrong before anything is touched. */
export async function siteOf(context: Context): Promise<Site> {
  const { options, variables, output, signal } = context;
  return await prepareSite({
    repository: options.text("repository"),
    placeOptions: placeOptions(options),
    secret: chooseSecretSource(context),
    cache: { directory: options.text("cache-dir"), wanted: !options.switch("no-cache") },
    variables,
    program: `bcat ${programVersion()}`,
    signal,
    onNotice: (line) => printNotice(line, output),
  });
}

/** Opens the repository of the options for the time of `use`. */
export async function withRepository<Result>(
  context: Context,
  use: (repository: Repository, site: Site) => Promise<Result>,
): Promise<Result> {
  const site = await siteOf(context);
  await using repository = await openSite(site, context);
  context.signal.throwIfAborted();
  return await use(repository, site);
}
