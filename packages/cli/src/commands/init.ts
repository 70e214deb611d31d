/** `bcat init`: creates a repository. */
import type { ChunkerSettings } from "@bcat/chunker";
import { parseSize } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { fromFlags, fromSiteOf } from "../from-repository.js";
import { createRepository, openRepository, siteOf } from "../site.js";
import { usageError } from "../usage.js";

/** The words of the config: content-defined chunks, or chunks of one size. */
const chunkers = ["cdc", "fixed"] as const;

const bothLine =
  "Cannot use --single-writer with registers elsewhere: these keep several writers apart; leave one of the two out";

const twiceLine = "Cannot use --chunker with --copy-chunker-params: leave one of the two out";

const oneWriterLine =
  "one writer at a time: begin no backup into it while another one runs, here or elsewhere; one of them would be lost";

export const init: Command = {
  name: "init",
  summary: "create a repository",
  operands: [],
  flags: {
    chunker: {
      kind: "text",
      value: "HOW",
      choices: chunkers,
      description: "how files are cut, for good: by content (cdc), or every 64 MiB for disk images and media",
    },
    ...fromFlags,
    "copy-chunker-params": {
      kind: "switch",
      description: "cut files to the sizes of the repository --from-repo; where is another matter, as keys differ",
    },
    "create-bucket": { kind: "switch", description: "make the bucket too, unless it is there" },
    "single-writer": {
      kind: "switch",
      description: "for good: never do two backups run at a time, so the place need not keep them apart (bcat doctor)",
    },
    reserve: {
      kind: "text",
      value: "SIZE",
      description: "keep so much room for a prune on a full disk, such as 64M (at most 1G)",
    },
  },
  examples: [
    ["init", "in the default folder, asking for a passphrase twice"],
    ["init -r /mnt/disk/backup -p ~/.bcat-passphrase", "with the passphrase of a file"],
    ["init --parity 5%", "with parity beside packs, from which bcat repair mends them if a part rots"],
    ["init --repo s3://bucket/laptop --create-bucket", "in a new bucket of S3"],
  ],
  notes: ["Keep the passphrase safe: without it nothing can be restored."],
  interrupted: "interrupted",
  async run(context) {
    const { options, output } = context;
    const isForOneWriter = options.switch("single-writer");
    if (isForOneWriter && options.text("registers") !== undefined) throw usageError(bothLine);
    const createBucket = options.switch("create-bucket");
    const reserve = reserveOf(options);
    const site = await siteOf(context);
    const chunker = await chunkerOf(context);
    await using repository = await createRepository(site, context, { chunker, isForOneWriter, createBucket });
    if (reserve !== undefined) {
      const { putReserve } = await import("@bcat/repository");
      await putReserve(repository, reserve);
    }
    if (isForOneWriter && !output.json && !output.quiet) output.print(oneWriterLine);
    return exitCodes.done;
  },
};

/** That of the flags, or of the repository that they name. */
async function chunkerOf(context: Context): Promise<ChunkerSettings> {
  const { options } = context;
  const { DEFAULT_CHUNKER, DEFAULT_FIXED_CHUNKER } = await import("@bcat/chunker");
  if (!options.switch("copy-chunker-params")) {
    if (options.isTyped("from-repository") || options.isTyped("from-repository-file"))
      throw usageError("Cannot use --from-repo without --copy-chunker-params: nothing else is taken over");
    return options.text("chunker") === "fixed" ? DEFAULT_FIXED_CHUNKER : DEFAULT_CHUNKER;
  }
  if (options.text("chunker") !== undefined) throw usageError(twiceLine);
  await using from = await openRepository(await fromSiteOf(context), context);
  return from.chunker;
}

/** @throws {BcatError} with code "usage" */
function reserveOf(options: Context["options"]): number | undefined {
  const text = options.text("reserve");
  if (text === undefined) return undefined;
  const size = parseSize("--reserve", text);
  if (size >= 1 && size <= 2 ** 30) return size;
  throw usageError("Cannot use --reserve: give a size of 1G at most, such as 64M");
}
