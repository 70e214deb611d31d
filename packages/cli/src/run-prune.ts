/** Running prune: its flags, what they mean, and what is told of it. For `prune`, and for `forget --prune`. */
import type { Repository } from "@bcat/repository";
import type { PruneOptions, PruneProgress } from "@bcat/snapshot";
import { parseSize } from "./choice-flags.js";
import type { Context } from "./command.js";
import { compressionFlag, compressionOf } from "./compression.js";
import type { Flags } from "./options.js";
import { type Phases, phaseFields, phaseParts, shareOfPhases } from "./phase-progress.js";
import { type ProgressForm, startProgress } from "./progress.js";
import { pruneMessage } from "./prune-message.js";
import { pruneLines } from "./prune-report.js";
import { quoteText } from "./quote.js";
import { requestsField } from "./requests.js";
import { parseSpan } from "./span.js";
import { usageError } from "./usage.js";

const phases: Phases = { walking: 0.4, copying: 0.5, deleting: 0.1 };

export const pruneProgress: ProgressForm<PruneProgress> = {
  bytes: () => 0,
  share: (counts) => shareOfPhases(phases, counts),
  line: (counts, pace) => phaseParts(counts, pace),
  message: phaseFields,
};

export const pruneFlags: Flags = {
  now: {
    kind: "switch",
    description: "delete at once what this run finds, not only what the last one has: running restores may miss it",
  },
  "max-unused": {
    kind: "text",
    value: "LIMIT",
    description: "how much may stay unused, as 5%, a size or unlimited: less is copied less often (default: 5%)",
  },
  "max-repack-size": {
    kind: "text",
    value: "SIZE",
    description: "copy out of packs of this size at most, such as 10G",
  },
  "void-after": {
    kind: "text",
    value: "TIME",
    description: "take a session without a sign of life for dead after this time (default: 7d)",
  },
  "ignore-minimum-duration": {
    kind: "switch",
    description: "delete, too, what its class of storage is charged for all the same (of S3: STANDARD_IA, GLACIER …)",
  },
  ...compressionFlag,
};

/** Prunes, and tells what has come of it. */
export async function runPrune(
  repository: Repository,
  given: Omit<PruneOptions, "level">,
  context: Context,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<void> {
  const { options, output, signal, meter } = context;
  const { compressionLevel, prune } = await import("@bcat/snapshot");
  const progress = startProgress(pruneProgress, context);
  const level = compressionLevel(compressionOf(options));
  const onProgress = (counts: PruneProgress) => progress.update(counts);
  const summary = await prune(repository, { ...given, level, isDryRun, signal, onProgress });
  progress.finish();
  if (output.json) output.message({ ...pruneMessage(summary), dry_run: isDryRun, ...requestsField(meter) });
  else if (!output.quiet) for (const line of pruneLines(summary, { isDryRun })) output.print(line);
}

/** @throws {BcatError} with code "usage" */
export function readPruneOptions({ options }: Context): Omit<PruneOptions, "level"> {
  const repack = options.text("max-repack-size");
  return {
    isAtOnce: options.switch("now"),
    isEarly: options.switch("ignore-minimum-duration"),
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
