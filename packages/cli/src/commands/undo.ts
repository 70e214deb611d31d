/** `bcat undo`: puts back what a restore in place has overwritten or deleted. */
import { availableParallelism } from "node:os";
import { textOfBytes } from "@bcat/errors";
import { isPrivileged, ownFolders, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { RestoreOptions, RestoreProgress, RestoreSummary, SnapshotInfo } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { type Progress, startProgress } from "../progress.js";
import { requestsField } from "../requests.js";
import { keepOptions, noUndoFlag } from "../restore-overwrite.js";
import { forecastMessage, forecastReport, restoreMessage, restoreReport } from "../restore-report.js";
import { RestoreWarnings } from "../restore-warnings.js";
import { openRepository, siteOf, tellStanding } from "../site.js";
import { chooseUndo } from "../undo-choice.js";
import { keepingBy, runUndoable } from "../undoable-restore.js";
import { usageError } from "../usage.js";
import { progressForm } from "./restore.js";

export const undo: Command = {
  name: "undo",
  summary: "put back what a restore has overwritten or deleted",
  operands: [{ name: "snapshot", count: "optional" }],
  flags: {
    host: {
      kind: "text",
      isOnlyTyped: true,
      short: "H",
      description: "what was overwritten on this host, instead of here",
    },
    "dry-run": { kind: "switch", short: "n", description: "change nothing: say what would be put back and removed" },
    ...noUndoFlag,
  },
  examples: [
    ["undo", "what the last restore on this host has overwritten"],
    ["undo --dry-run", "what that would change, and where"],
    ["undo 17", "what was kept as snapshot 17"],
    ["undo --host old-name", "what the last restore has overwritten on a host of that name, as before it was renamed"],
  ],
  notes: ["What the restore has added stays. What undo overwrites is kept as well: to undo twice is to do it again."],
  interrupted: "interrupted; run bcat undo with the number of the same snapshot to go on",
  async run(context) {
    const { operands, options } = context;
    const [number] = operands;
    if (number !== undefined && !/^[1-9]\d{0,9}$/.test(number))
      throw usageError(`Cannot undo with "${number}": give the number of a snapshot`);
    const { findContinued } = await import("@bcat/snapshot");
    const site = await siteOf(context);
    const keeps = !options.switch("no-undo") && !options.switch("dry-run");
    await using repository = await openRepository(site, context, { writes: keeps });
    await tellStanding(repository, context);
    const parts = { repository, site, context, keeps };
    let errors = 0;
    let after: number | undefined;
    // The newest first: what was overwritten first is what was there.
    let snapshot: SnapshotInfo | undefined = await chooseUndo(repository, { number, host: options.text("host") });
    for (; snapshot !== undefined; snapshot = await findContinued(repository, snapshot)) {
      const summary = options.switch("dry-run")
        ? await forecast(snapshot, parts)
        : await putBack(snapshot, { ...parts, after });
      after = summary.undoSnapshot;
      errors += summary.errors;
    }
    return errors > 0 ? exitCodes.failed : exitCodes.done;
  },
};

interface Parts {
  readonly repository: Repository;
  readonly site: Site;
  readonly context: Context;
  /** What is overwritten is kept. */
  readonly keeps: boolean;
}

/** What that would do; of several snapshots each beside what is there now. */
async function forecast(snapshot: SnapshotInfo, { repository, site, context }: Parts): Promise<RestoreSummary> {
  const { forecastRestore } = await import("@bcat/snapshot");
  const { output, meter } = context;
  const { path } = snapshot.snapshot.roots[0]!;
  const progress = progressOf(context);
  const given = optionsOf(snapshot, progress, { site, context, keeps: false });
  const found = await new RestoreWarnings(output, textOfBytes(path)).during((onWarning) =>
    forecastRestore(repository, site.posix, snapshot, "all", path, {
      ...given,
      isPrivileged: isPrivileged(),
      onWarning,
    }),
  );
  const report = { snapshot, target: textOfBytes(path), forecast: found, elapsedMs: progress.finish() };
  if (output.json) output.message({ ...forecastMessage(report), ...requestsField(meter) });
  else if (!output.quiet) for (const line of forecastReport(report)) output.print(line);
  return found.summary;
}

/** @param after the snapshot of what the same undo has overwritten just before */
async function putBack(
  snapshot: SnapshotInfo,
  { after, ...parts }: Parts & { readonly after: number | undefined },
): Promise<RestoreSummary> {
  const { restore } = await import("@bcat/snapshot");
  const { repository, site, context } = parts;
  const { output, meter } = context;
  const { path } = snapshot.snapshot.roots[0]!;
  const target = textOfBytes(path);
  const progress = progressOf(context);
  const restoreOptions = optionsOf(snapshot, progress, parts);
  const begun = { kind: "undo", target, snapshot: snapshot.number, choice: "" } as const;
  const summary = await runUndoable({ repository, output, after }, begun, (keeping) => {
    const given = keepingBy(restoreOptions, keeping);
    return new RestoreWarnings(output, target).during((onWarning) =>
      restore(repository, site.posix, snapshot, "all", path, { ...given, onWarning }),
    );
  });
  const report = { snapshot, target, summary, elapsedMs: progress.finish() };
  if (output.json) output.message({ ...restoreMessage(report), ...requestsField(meter) });
  else if (!output.quiet) for (const line of restoreReport(report)) output.print(line);
  return summary;
}

function progressOf(context: Context): Progress<RestoreProgress> {
  return startProgress(progressForm, context);
}

function optionsOf(
  { number }: SnapshotInfo,
  progress: Progress<RestoreProgress>,
  { site, context, keeps }: Omit<Parts, "repository">,
): RestoreOptions {
  return {
    threads: availableParallelism(),
    signal: context.signal,
    goesOn: `bcat undo ${number}`,
    overwrite: "always",
    ownFolders: ownFolders(site),
    deletes: { onlyObstacles: true, onPlan: async () => {} },
    ...(keeps ? { keep: keepOptions(context, site) } : {}),
    onProgress: (counts) => progress.update(counts),
  };
}
