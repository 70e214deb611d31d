/** `bcat init`: creates a repository. */
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { createSite, prepareSite } from "../repository.js";

/** Hexadecimal digits of a repository id that are enough to tell it from others. */
const shortIdLength = 10;

export const init: Command = {
  name: "init",
  summary: "create a repository",
  operands: [],
  flags: {},
  examples: [
    ["init", "in the default folder, asking for a passphrase twice"],
    ["init --repo /mnt/disk/backup", "in a folder of your choice"],
    ["init -r /mnt/disk/backup -p ~/.bcat-passphrase", "with the passphrase of a file"],
  ],
  notes: ["Keep the passphrase safe: without it nothing can be restored."],
  interrupted: "interrupted",
  async run(context) {
    const { output, signal } = context;
    const site = await prepareSite(context);
    await using repository = await createSite(site, signal);
    const id = Buffer.from(repository.id).toString("hex");
    if (output.json) output.message({ message_type: "initialized", id, repository: site.location });
    else if (!output.quiet) output.print(`created repository ${id.slice(0, shortIdLength)} in ${site.location}`);
    return exitCodes.done;
  },
};
