/** `bcat init`: creates a repository. */
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { createRepository, siteOf } from "../site.js";

/** The words of the config: content-defined chunks, or chunks of one size. */
const chunkers = ["cdc", "fixed"] as const;

export const init: Command = {
  name: "init",
  summary: "create a repository",
  operands: [],
  flags: {
    chunker: {
      kind: "text",
      choices: chunkers,
      description: "how files are cut, for good: by content (cdc), or every 64 MiB for disk images and media",
    },
  },
  examples: [
    ["init", "in the default folder, asking for a passphrase twice"],
    ["init -r /mnt/disk/backup -p ~/.bcat-passphrase", "with the passphrase of a file"],
    ["init --chunker fixed --repo /mnt/images", "for disk images and media"],
  ],
  notes: ["Keep the passphrase safe: without it nothing can be restored."],
  interrupted: "interrupted",
  async run(context) {
    const { options } = context;
    const { DEFAULT_CHUNKER, DEFAULT_FIXED_CHUNKER } = await import("@bcat/chunker");
    const chunker = options.text("chunker") === "fixed" ? DEFAULT_FIXED_CHUNKER : DEFAULT_CHUNKER;
    await using _ = await createRepository(await siteOf(context), context, chunker);
    return exitCodes.done;
  },
};
