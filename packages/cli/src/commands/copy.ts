/** `bcat copy`: snapshots of another repository become snapshots of this one. */
import { availableParallelism } from "node:os";
import { refuseReadOnly } from "@bcat/host";
import type { CopyBetween, CopyProgress, ListedSnapshot, SnapshotToCopy } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { compressionFlag, compressionOf } from "../compression.js";
import { type CopyOutcome, copiedLine, incompleteLine, printCopies, printDryRun } from "../copy-report.js";
import { countOption } from "../count-option.js";
import { DamageNote } from "../damage-note.js";
import { exitCodes } from "../exit-code.js";
import { fileProgress, progressParts } from "../file-progress.js";
import { formatCount } from "../format.js";
import { fromFlags, fromSiteOf } from "../from-repository.js";
import { checkSelectors, chooseSnapshots, choosingFlags } from "../named-snapshots.js";
import { type ProgressForm, startProgress } from "../progress.js";
import { openRepository, siteOf, tellStanding } from "../site.js";
import { printNotice, printWarning } from "../warning.js";

const files = fileProgress<CopyProgress>((counts) => ({
  snapshot: counts.snapshot,
  snapshots_done: counts.snapshotsDone,
  total_snapshots: counts.snapshotsTotal,
  files_done: counts.filesDone,
  bytes_done: counts.bytesDone,
  error_count: counts.errors,
}));

export const progressForm: ProgressForm<CopyProgress> = {
  ...files,
  line(counts, pace) {
    const { snapshot, snapshotsDone, snapshotsTotal } = counts;
    const which = `snapshot ${snapshot} (${formatCount(snapshotsDone + 1)} of ${formatCount(snapshotsTotal)})`;
    // Of what the snapshot has, most may be there already.
    const read = { ...counts, filesTotal: undefined, bytesTotal: undefined };
    return progressParts(read, pace, [{ text: which, rank: 1 }]);
  },
};

export const copy: Command = {
  name: "copy",
  summary: "copy snapshots of another repository into this one",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    ...fromFlags,
    ...choosingFlags,
    "dry-run": { kind: "switch", short: "n", description: "only say what would be copied" },
    "skip-damaged": {
      kind: "switch",
      description: "copy a snapshot also when some of its files are damaged, without these",
    },
    ...compressionFlag,
    threads: {
      kind: "text",
      value: "N",
      description: "threads that pack large files, 1 for the main one alone, 33 at most (default: one a core)",
    },
  },
  examples: [
    ["copy --from-repo /mnt/disk/backup --from-password-file f", "all snapshots that are not here yet"],
    ["copy --from-repo s3://bucket/laptop latest --repo /mnt/disk", "the newest, out of a bucket into a folder"],
    ["copy --from-repo /mnt/disk --host laptop --dry-run", "what would be copied of a host"],
  ],
  notes: [
    "<snapshot> is a number of the other repository, latest, or latest~2. What is copied gets numbers of this one.",
    "A run that was interrupted goes on when it is begun again: what is here already is not copied, and not read.",
    "Exit code 3: copied, but with --skip-damaged some files were left out, now or before; each was named.",
    "A copy that lacks files is replaced by one that lacks fewer, as soon as the other repository can give them.",
  ],
  interrupted: "interrupted; what was named as copied stays",
  async run(context) {
    const { options, output } = context;
    await checkSelectors(context);
    const fromSite = await fromSiteOf(context);
    const site = await siteOf(context);
    refuseReadOnly(site, "copy into");
    await using source = await openRepository(fromSite, context);
    await tellStanding(source, context);
    const onNotice = (line: string, code: Parameters<typeof printNotice>[1]) => printNotice(line, code, output);
    await using target = await openRepository(site, context, { onNotice, writes: !options.switch("dry-run") });
    await tellStanding(target, context);
    const chosen = await choose(source, context);
    const { planCopy } = await import("@bcat/snapshot");
    const plan = await planCopy({ source, target }, chosen);
    // Who names a snapshot wants it back.
    const isNamed = context.operands.length > 0;
    const wanted = [...plan.missing, ...plan.incomplete, ...(isNamed ? plan.forgotten : [])];
    const left = {
      present: plan.present.length + plan.rewritten.length,
      forgotten: isNamed ? 0 : plan.forgotten.length,
    };
    for (const { from, copy: found } of plan.rewritten) incompleteLine(from, found, output);
    if (options.switch("dry-run")) {
      printDryRun(wanted, left, context);
      return exitCodes.done;
    }
    const outcome = await copyAll({ source, target }, wanted, context);
    printCopies(outcome, left, context);
    const lack = outcome.incomplete + plan.rewritten.length;
    return lack > 0 || outcome.copied.some(({ errors }) => errors > 0) ? exitCodes.incomplete : exitCodes.done;
  },
};

/** Those of undo belong to the files that a restore has overwritten, on the machine where it did: only when named. */
async function choose(source: CopyBetween["source"], context: Context): Promise<readonly ListedSnapshot[]> {
  const { undoTag } = await import("@bcat/snapshot");
  const chosen = await chooseSnapshots(source, context);
  if (context.operands.length > 0) return chosen;
  return chosen.filter(({ snapshot }) => !snapshot.tags.includes(undoTag));
}

async function copyAll(
  between: CopyBetween,
  wanted: readonly SnapshotToCopy[],
  context: Context,
): Promise<CopyOutcome> {
  const { options, output, signal } = context;
  const { copySnapshots } = await import("@bcat/snapshot");
  const progress = startProgress(progressForm, context);
  const damage = new DamageNote(output, "the repository that is copied from");
  let incomplete = 0;
  const copying = copySnapshots(between, wanted, {
    compression: compressionOf(options),
    threads: countOption(options, "threads") ?? availableParallelism(),
    skipDamaged: options.switch("skip-damaged"),
    signal,
    onProgress: (counts) => progress.update(counts),
    onWarning: (warning) => {
      damage.take(warning);
      printWarning(warning, "copy", output);
    },
    onCopied: (one) => copiedLine(one, output),
    onStillIncomplete: (from, found) => {
      incomplete++;
      incompleteLine(from, found, output);
    },
  });
  const copied = await copying.finally(() => damage.tell());
  return { copied, incomplete, elapsedMs: progress.finish() };
}
