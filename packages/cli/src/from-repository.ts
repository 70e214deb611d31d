/** The second repository of commands that read from one, by flags and variables as restic spells them. */
import { prepareSite, type Site } from "@bcat/host";
import type { Context } from "./command.js";
import { keyHint } from "./key-hint.js";
import { namedRepository } from "./named-repository.js";
import type { Flags } from "./options.js";
import { chooseSecretSource } from "./passphrase.js";
import { placeOptions } from "./place-flags.js";
import { programVersion } from "./program-version.js";
import { withSilence } from "./site.js";
import { usageError } from "./usage.js";
import { printNotice } from "./warning.js";

export const fromFlags: Flags = {
  "from-repository": {
    kind: "text",
    value: "REPO",
    alias: "from-repo",
    description: "the repository to read from, as --repo; its passphrase may be in BCAT_FROM_PASSWORD",
  },
  "from-repository-file": { kind: "text", bytes: true, description: "file that holds what --from-repo would be" },
  "from-password-file": { kind: "text", bytes: true, description: "file that holds the passphrase of that" },
  "from-password-command": { kind: "text", description: "shell command that prints the passphrase of that" },
  "from-key-file": { kind: "text", bytes: true, description: "file that is the key of that" },
  "from-key-hint": { kind: "text", description: "number of the key of that to try first" },
};

/**
 * Its place, and its secret, which is not asked for yet.
 *
 * @param named as the user names it, where not with `--from-repo`
 * @throws {BcatError} with code "usage" when none is named
 */
export async function fromSiteOf(context: Context, named?: string): Promise<Site> {
  const repository = named ?? (await namedRepository(context.options, "from-"));
  const { options, variables, output, signal, meter } = context;
  if (repository === undefined) throw usageError("Missing --from-repo: name the repository to read from");
  const site = await prepareSite({
    repository,
    secret: chooseSecretSource(context, "from-"),
    keyHint: keyHint(options, "from-key-hint"),
    cache: { directory: options.text("cache-dir"), wanted: !options.switch("no-cache") },
    placeOptions: placeOptions(options),
    meter,
    variables,
    program: `bcat ${programVersion()}`,
    signal,
    onNotice: (line, code) => printNotice(line, code, output),
  });
  return withSilence(site, context);
}
