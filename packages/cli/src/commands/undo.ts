/** `bcat undo`: puts back what a restore in place has overwritten or deleted. */
import { availableParallelism } from "node:os";
import { textOfBytes } from "@bcat/errors";
import { openSite, ownFolders } from "@bcat/host";
import type { RestoreOptions, SnapshotInfo } from "@bcat/snapshot";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { Progress } from "../progress.js";
import { requestsField } from "../requests.js";
import { keepOptions, noUndoFlag } from "../restore-overwrite.js";
import { restoreMessage, restoreReport } from "../restore-report.js";
import { reportsPerSecond } from "../settings.js";
import { siteOf, tellStanding } from "../site.js";
import { chooseUndo } from "../undo-choice.js";
import { keepingBy, runUndoable } from "../undoable-restore.js";
import { usageError } from "../usage.js";
import { printWarning } from "../warning.js";
import { progressForm } from "./restore.js";

export const undo: Command = {
  name: "undo",
  summary: "put back what a restore has overwritten or deleted",
  operands: [{ name: "snapshot", count: "optional" }],
  flags: {
    host: { kind: "text", short: "H", description: "what was overwritten on this host, instead of here" },
    ...noUndoFlag,
  },
  examples: [
    ["undo", "what the last restore on this host has overwritten"],
    ["undo 17", "what was kept as snapshot 17"],
    ["undo --host old-name", "what the last restore has overwritten on a host of that name, as before it was renamed"],
  ],
  notes: ["What the restore has added stays. What undo overwrites is kept as well: to undo twice is to do it again."],
  interrupted: "interrupted; run bcat undo with the number of the same snapshot to go on",
  async run(context) {
    const { operands, options, output, signal, variables } = context;
    const [number] = operands;
    if (number !== undefined && !/^[1-9]\d{0,9}$/.test(number))
      throw usageError(`Cannot undo with "${number}": give the number of a snapshot`);
    const { findContinued, restore } = await import("@bcat/snapshot");
    const site = await siteOf(context);
    const keeps = !options.switch("no-undo");
    await using repository = await openSite(site, { signal, writes: keeps });
    await tellStanding(repository, context);
    let errors = 0;
    let after: number | undefined;
    const putBack = async (snapshot: SnapshotInfo) => {
      const target = snapshot.snapshot.roots[0]!.path;
      const restored = { snapshot, target: textOfBytes(target) };
      const progress = new Progress(progressForm, {
        output,
        now: Date.now,
        reportsPerSecond: reportsPerSecond(variables),
      });
      const restoreOptions: RestoreOptions = {
        threads: availableParallelism(),
        signal,
        goesOn: `bcat undo ${snapshot.number}`,
        overwrite: "always",
        ownFolders: ownFolders(site),
        deletes: { onlyObstacles: true, onPlan: async () => {} },
        ...(keeps ? { keep: keepOptions(context, site) } : {}),
        onProgress: (counts) => progress.update(counts),
        onWarning: (warning) => printWarning(warning, "restore", output),
      };
      const begun = { kind: "undo", target: restored.target, snapshot: snapshot.number, choice: "" } as const;
      const summary = await runUndoable({ repository, output, after }, begun, (keeping) =>
        restore(repository, site.posix, snapshot, "all", target, keepingBy(restoreOptions, keeping)),
      );
      after = summary.undoSnapshot;
      errors += summary.errors;
      const report = { ...restored, summary, elapsedMs: progress.finish() };
      if (output.json) output.message({ ...restoreMessage(report), ...requestsField(context.meter) });
      else if (!output.quiet) for (const line of restoreReport(report)) output.print(line);
    };
    // The newest first: what was overwritten first is what was there.
    let snapshot: SnapshotInfo | undefined = await chooseUndo(repository, { number, host: options.text("host") });
    for (; snapshot !== undefined; snapshot = await findContinued(repository, snapshot)) await putBack(snapshot);
    return errors > 0 ? exitCodes.failed : exitCodes.done;
  },
};
