/** Opening and making repositories for those who use bcat as a library. */
import { isBcatError } from "@bcat/errors";
import { createSite, openSite, prepareSite, type Site } from "@bcat/host";
import { describeStanding } from "@bcat/repository";
import { programVersion } from "../program-version.js";
import { OpenRepository } from "./open-repository.js";
import type { BcatError, Repository, RepositoryOptions } from "./options.js";

/** @throws an error with code "no-repository", "wrong-passphrase", … */
export async function openRepository(options: RepositoryOptions): Promise<Repository> {
  const signal = signalOf(options);
  const site = await prepare(options, signal);
  const repository = await openSite(site, { signal, writes: true });
  const standing = describeStanding(repository.standing);
  if (standing !== undefined) options.onNotice?.(standing);
  return new OpenRepository(repository, site);
}

/** Makes a repository where there is none, and opens it. @throws an error with code "exists", … */
export async function createRepository(options: RepositoryOptions): Promise<Repository> {
  const signal = signalOf(options);
  const site = await prepare(options, signal);
  return new OpenRepository(await createSite(site, { signal }), site);
}

/** True for the errors that say with a code what happened, or for those with this one. */
export function isError(error: unknown, code?: string): error is BcatError {
  return isBcatError(error) && (code === undefined || error.code === code);
}

function signalOf({ signal }: RepositoryOptions): AbortSignal {
  return signal ?? new AbortController().signal;
}

async function prepare(options: RepositoryOptions, signal: AbortSignal): Promise<Site> {
  const { repository, secret, cache, onNotice = () => {} } = options;
  return await prepareSite({
    repository,
    secret:
      "keyFile" in secret
        ? { kind: "key-file", path: secret.keyFile }
        : { kind: "value", value: secret.passphrase, where: "given" },
    cache: cache === false ? { wanted: false } : { directory: cache },
    variables: process.env,
    program: `bcat ${programVersion()}`,
    signal,
    onNotice: (line) => onNotice(line),
  });
}
