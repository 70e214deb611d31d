/** `bcat prune`: frees what no snapshot uses. */
import { refuseReadOnly } from "@bcat/host";
import type { PruneOptions, PruneProgress } from "@bcat/snapshot";
import { parseSize } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { compressionFlag, compressionOf } from "../compression.js";
import { exitCodes } from "../exit-code.js";
import { formatCount } from "../format.js";
import { Progress, type ProgressForm } from "../progress.js";
import { pruneLines, pruneMessage } from "../prune-report.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { reportsPerSecond } from "../settings.js";
import { withRepository } from "../site.js";
import { parseSpan } from "../span.js";
import { usageError } from "../usage.js";

const progressForm: ProgressForm<PruneProgress> = {
  bytes: () => 0,
  line: ({ phase, done, total }) =>
    `${phase}: ${formatCount(done)}${total === undefined ? "" : ` of ${formatCount(total)}`}`,
  message: ({ phase, done, total }, { elapsedMs }) => ({
    message_type: "status",
    seconds_elapsed: Math.floor(elapsedMs / 1000),
    phase,
    done,
    ...(total === undefined ? {} : { total, percent_done: total === 0 ? 1 : done / total }),
  }),
};

export const prune: Command = {
  name: "prune",
  summary: "free what no snapshot uses",
  operands: [],
  flags: {
    now: {
      kind: "switch",
      description: "delete at once what this run finds, not only what the last one has: running restores may miss it",
    },
    "max-unused": {
      kind: "text",
      description: "how much may stay unused, as 5%, a size or unlimited: less is copied less often (default: 5%)",
    },
    "max-repack-size": { kind: "text", description: "copy out of packs of this size at most, such as 10G" },
    "void-after": {
      kind: "text",
      description: "take a session without a sign of life for dead after this time (default: 7d)",
    },
    ...compressionFlag,
    "dry-run": { kind: "switch", short: "n", description: "tell what would come free, and change nothing" },
  },
  examples: [
    ["prune", "delete what the last prune found, and find what is to go next"],
    ["prune --dry-run", "see what would come free"],
    ["prune --now --max-unused 0", "as much space as there is, in one run"],
  ],
  notes: [
    "Any number of prunes and backups may run at the same time, on any machines. A backup that began before has to end",
    "before anything is deleted. Exit code 22: there is no snapshot, or a place for one writer has an open session.",
  ],
  interrupted: "interrupted; nothing that is in use was deleted: the next prune goes on",
  async run(context) {
    const { options, output, variables, signal, meter } = context;
    const given = pruneOptions(context);
    const progress = new Progress(progressForm, {
      output,
      now: Date.now,
      reportsPerSecond: reportsPerSecond(variables),
    });
    const isDryRun = options.switch("dry-run");
    return await withRepository(
      context,
      async (repository, site) => {
        if (!isDryRun) refuseReadOnly(site, "prune");
        const { compressionLevel, prune: run } = await import("@bcat/snapshot");
        const level = compressionLevel(compressionOf(options));
        const onProgress = (counts: PruneProgress) => progress.update(counts);
        const summary = await run(repository, { ...given, level, isDryRun, signal, onProgress });
        progress.finish();
        if (output.json) output.message({ ...pruneMessage(summary), dry_run: isDryRun, ...requestsField(meter) });
        else if (!output.quiet) for (const line of pruneLines(summary, { isDryRun })) output.print(line);
        return exitCodes.done;
      },
      { writes: !isDryRun },
    );
  },
};

function pruneOptions({ options }: Context): Omit<PruneOptions, "level"> {
  const repack = options.text("max-repack-size");
  return {
    isAtOnce: options.switch("now"),
    maxUnused: unusedLimit(options.text("max-unused") ?? "5%"),
    voidAfterMs: parseSpan("--void-after", options.text("void-after") ?? "7d"),
    ...(repack === undefined ? {} : { maxRepackSize: parseSize("--max-repack-size", repack) }),
  };
}

/** As restic has it. @throws {BcatError} with code "usage" */
function unusedLimit(text: string): PruneOptions["maxUnused"] {
  if (text === "unlimited") return "unlimited";
  const [, percent] = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text) ?? [];
  if (percent === undefined) return { bytes: parseSize("--max-unused", text) };
  if (Number(percent) <= 100) return { share: Number(percent) / 100 };
  throw usageError(`Cannot use --max-unused: "${quoteText(text)}" is more than 100%`);
}
