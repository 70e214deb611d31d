/** `bcat init`: creates a repository. */
import { createSite } from "@bcat/host";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { requestsField } from "../requests.js";
import { siteOf } from "../site.js";

/** Hexadecimal digits of a repository id that are enough to tell it from others. */
const shortIdLength = 10;

/** The words of the config: content-defined chunks, or chunks of one size. */
const chunkers = ["cdc", "fixed"] as const;

const oneWriterLine =
  "one writer at a time: begin no backup into it while another one runs, here or elsewhere; one of them would be lost";

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
    "create-bucket": { kind: "switch", description: "make the bucket too, unless it is there" },
    "single-writer": {
      kind: "switch",
      description: "for good: never do two backups run at a time, so the place need not keep them apart (bcat doctor)",
    },
  },
  examples: [
    ["init", "in the default folder, asking for a passphrase twice"],
    ["init -r /mnt/disk/backup -p ~/.bcat-passphrase", "with the passphrase of a file"],
    ["init --repo s3://bucket/laptop --create-bucket", "in a new bucket of S3"],
  ],
  notes: ["Keep the passphrase safe: without it nothing can be restored."],
  interrupted: "interrupted",
  async run(context) {
    const { options, output, signal } = context;
    const { DEFAULT_CHUNKER, DEFAULT_FIXED_CHUNKER } = await import("@bcat/chunker");
    const chunker = options.text("chunker") === "fixed" ? DEFAULT_FIXED_CHUNKER : DEFAULT_CHUNKER;
    const isForOneWriter = options.switch("single-writer");
    const site = await siteOf(context);
    const createBucket = options.switch("create-bucket");
    await using repository = await createSite(site, { signal, chunker, isForOneWriter, createBucket });
    const id = Buffer.from(repository.id).toString("hex");
    if (output.json) {
      const repository = site.place.location;
      output.message({ message_type: "initialized", id, repository, ...requestsField(context.meter) });
    }
    if (!output.json && !output.quiet)
      output.print(`created repository ${id.slice(0, shortIdLength)} in ${site.place.location}`);
    if (isForOneWriter && !output.json && !output.quiet) output.print(oneWriterLine);
    return exitCodes.done;
  },
};
