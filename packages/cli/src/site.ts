/** From the options of a command to the place of its repository, and to the repository itself. */
import { type OpenOptions, openSite, prepareSite, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { Context } from "./command.js";
import { chooseSecretSource } from "./passphrase.js";
import { placeOptions } from "./place-flags.js";
import { programVersion } from "./program-version.js";
import { printNotice } from "./warning.js";

/** Looks at everything that the user can have got wrong before anything is touched. */
export async function siteOf(context: Context): Promise<Site> {
  const { options, variables, output, signal, meter } = context;
  return await prepareSite({
    repository: options.text("repository"),
    registers: options.text("registers"),
    secret: chooseSecretSource(context),
    cache: { directory: options.text("cache-dir"), wanted: !options.switch("no-cache") },
    placeOptions: placeOptions(options),
    meter,
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
  options: Pick<OpenOptions, "anew"> = {},
): Promise<Result> {
  const site = await siteOf(context);
  await using repository = await openSite(site, { ...options, signal: context.signal });
  context.signal.throwIfAborted();
  return await use(repository, site);
}
