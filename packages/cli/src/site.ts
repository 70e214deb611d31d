/** From the options of a command to the place of its repository, and to the repository itself. */
import {
  type CreateOptions,
  createSite,
  findOtherThing,
  type OpenOptions,
  openSite,
  prepareSite,
  refuseReadOnly,
  type Site,
} from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { Context } from "./command.js";
import { keyHint } from "./key-hint.js";
import { namedRepository } from "./named-repository.js";
import { parityOption } from "./parity-option.js";
import { chooseSecretSource } from "./passphrase.js";
import { placeOptions } from "./place-flags.js";
import { programVersion } from "./program-version.js";
import { quoteText } from "./quote.js";
import { requestsField } from "./requests.js";
import { tellResticVariables } from "./restic/variables.js";
import { printNotice } from "./warning.js";

/** Hexadecimal digits of a repository id that are enough to tell it from others. */
const shortIdLength = 10;

/** Looks at everything that the user can have got wrong before anything is touched. */
export async function siteOf(context: Context): Promise<Site> {
  const { options, variables, output, signal, stop, meter } = context;
  const repository = await namedRepository(options);
  const secret = chooseSecretSource(context);
  tellResticVariables({ repository, secret }, context);
  const site = await prepareSite({
    repository,
    registers: options.text("registers"),
    keyHint: keyHint(options),
    secret,
    cache: { directory: options.text("cache-dir"), wanted: !options.switch("no-cache") },
    placeOptions: placeOptions(options),
    parity: parityOption(options),
    meter,
    variables,
    program: `bcat ${programVersion()}`,
    signal,
    stop: stop.signal,
    onNotice: (line, code) => printNotice(line, code, output),
  });
  if (options.count("verbose") > 0 && !output.json && !output.quiet) output.note(chosenLine(site));
  return withSilence(site, context);
}

/** Who is asked for the secret has the terminal. */
export function withSilence(site: Site, { waiting }: Context): Site {
  return { ...site, secret: (isNew) => waiting.silently(() => site.secret(isNew)) };
}

/** What flags, variables and defaults have come to. */
function chosenLine({ place, environment: { cacheDirectory } }: Site): string {
  const cache = cacheDirectory === undefined ? "no cache" : `cache in ${quoteText(cacheDirectory)}`;
  return `repository in ${quoteText(place.location)}, ${cache}`;
}

export interface UseOptions extends Pick<OpenOptions, "anew" | "writes"> {
  /** What is to be changed there, `prune`: a place that can only be read is refused before anything is asked. */
  readonly change?: string | undefined;
}

/** Opens the repository of the options for the time of `use`. */
export async function withRepository<Result>(
  context: Context,
  use: (repository: Repository, site: Site) => Promise<Result>,
  { change, ...options }: UseOptions = {},
): Promise<Result> {
  const site = await siteOf(context);
  if (change !== undefined) refuseReadOnly(site, change);
  await using repository = await openRepository(site, context, options);
  context.signal.throwIfAborted();
  await tellStanding(repository, context);
  return await use(repository, site);
}

/** Opens the repository, and says so where that takes its time. @throws as openSite */
export async function openRepository(
  site: Site,
  { waiting, signal }: Context,
  options: Omit<OpenOptions, "signal"> = {},
): Promise<Repository> {
  return await waiting.during("opening the repository", () => openSite(site, { ...options, signal }));
}

/** Creates the repository and says where it is, and that it is not alone there. @throws as createSite */
export async function createRepository(
  site: Site,
  { output, signal, meter }: Context,
  options: Omit<CreateOptions, "signal"> = {},
): Promise<Repository> {
  const { location } = site.place;
  const other = await findOtherThing(site.place);
  const repository = await createSite(site, { ...options, signal });
  if (other !== undefined) {
    const found = `there are other things in "${location}" beside the repository, such as "${other}"`;
    printNotice(`${found}; one in a folder of its own is easier to copy and to remove`, "other-things", output);
  }
  const id = Buffer.from(repository.id).toString("hex");
  if (output.json) output.message({ message_type: "initialized", id, repository: location, ...requestsField(meter) });
  else if (!output.quiet) {
    const registers = site.registers === undefined ? "" : `, its registers in ${quoteText(site.registers.location)}`;
    output.print(`created repository ${id.slice(0, shortIdLength)} in ${quoteText(location)}${registers}`);
  }
  return repository;
}

/** Says when a repository is older than it was seen. */
export async function tellStanding({ standing }: Repository, { output }: Context): Promise<void> {
  const { describeStanding } = await import("@bcat/repository");
  const line = describeStanding(standing);
  if (line !== undefined) printNotice(line, "repository-older", output);
}
