/** `bcat restore`: gives files of a snapshot back. */
import { availableParallelism } from "node:os";
import { bytesOfText } from "@bcat/errors";
import { isPrivileged, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { RestoreOptions, RestoreProgress, RestoreSummary, SnapshotInfo } from "@bcat/snapshot";
import { archivedFields, listingArchived } from "../archived.js";
import type { Command, Context } from "../command.js";
import { countOption } from "../count-option.js";
import { onEachEntry } from "../each-entry.js";
import { exitCodes } from "../exit-code.js";
import { fileProgress } from "../file-progress.js";
import type { Output } from "../output.js";
import { startProgress } from "../progress.js";
import { requestsField } from "../requests.js";
import { choiceOf, isSelective, restoreChoiceFlags } from "../restore-choice.js";
import { hashChoice } from "../restore-memory.js";
import { checkOverwrite, inPlaceOptions, keepsOld, overwriteFlags } from "../restore-overwrite.js";
import { ownerFlags, ownersOf } from "../restore-owners.js";
import {
  type Forecast,
  forecastMessage,
  forecastReport,
  type Restored,
  restoreMessage,
  restoreReport,
} from "../restore-report.js";
import { RestoreWarnings } from "../restore-warnings.js";
import { readRestoreWords } from "../restore-words.js";
import { withRepository } from "../site.js";
import { latestAmong, latestFlags } from "../snapshot-filter.js";
import { printPartial } from "../snapshot-flaws.js";
import { currentFolder } from "../snapshot-path.js";
import { keepingBy, runUndoable } from "../undoable-restore.js";
import { printNotice } from "../warning.js";

export const progressForm = fileProgress<RestoreProgress>((counts) => ({
  files_restored: counts.summary.filesRestored,
  bytes_restored: counts.summary.bytesRestored,
  files_skipped: counts.summary.skipped,
  files_unchanged: counts.summary.filesUnchanged,
  bytes_unchanged: counts.summary.bytesUnchanged,
  files_deleted: counts.summary.deleted,
  error_count: counts.errors,
}));

export const restore: Command = {
  name: "restore",
  summary: "give files of a snapshot back",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "path", count: "many", shown: "<path>… <target>" },
  ],
  flags: {
    target: {
      kind: "text",
      isOnlyTyped: true,
      bytes: true,
      short: "t",
      description: "folder to restore into, instead of a last word that names it",
    },
    ...latestFlags,
    ...restoreChoiceFlags,
    ...overwriteFlags,
    ...ownerFlags,
    "dry-run": { kind: "switch", short: "n", description: "write nothing: say what would be restored and fetched" },
    sparse: {
      kind: "switch",
      description: "make holes of zeros in all files, and not only in those that had holes",
    },
    threads: {
      kind: "text",
      value: "N",
      description:
        "threads that open packs and write files, 1 for the main one alone, 33 at most (default: one a core)",
    },
  },
  examples: [
    ["restore latest all /tmp/back", "everything, into the folder /tmp/back"],
    ["restore 12 /home/me/photos /home/me/notes /tmp", "folders of snapshot 12, as /tmp/photos and /tmp/notes"],
    ["restore 12 /etc/fstab /tmp/fstab.old", "a file, under another name"],
    ["restore latest:/home/me --target /tmp/back", "what is in a folder, into /tmp/back"],
    ["restore latest --target / --include /home/me --overwrite if-changed", "back to where it was"],
  ],
  notes: [
    "<snapshot> is a number, latest, or latest~2. Paths are absolute, or relative to the current folder or to what was backed up; an entry that is really called all is ./all.",
    "Without --overwrite, nothing may be in the way. An interrupted restore goes on with --overwrite if-changed.",
  ],
  interrupted: "interrupted; nothing was restored or deleted",
  async run(context) {
    const { options, output, signal } = context;
    const threads = countOption(options, "threads") ?? availableParallelism();
    const { selector, wanted, target } = readRestoreWords(context);
    checkOverwrite(context);
    const choice = await choiceOf(context);
    const owners = ownersOf(options);
    const progress = startProgress(progressForm, context);
    const warnings = new RestoreWarnings(output, target);
    const packages = await import("@bcat/snapshot");
    packages.parseSelector(selector);
    const among = latestAmong(options, selector);
    const use = async (repository: Repository, site: Site) => {
      const snapshot = await packages.findSnapshot(repository, selector, { among });
      printPartial(snapshot, output);
      const archived = new packages.ArchivedObjects();
      const onEntry = onEachEntry(context);
      const restoreOptions: RestoreOptions = {
        ...choice,
        owners,
        threads,
        sparse: options.switch("sparse"),
        signal,
        archived,
        currentFolder: currentFolder(),
        ...inPlaceOptions(context, site),
        ...(onEntry && { onEntry }),
        countAhead: progress.isTold,
        onProgress: (counts) => progress.update(counts),
      };
      const into = bytesOfText(target);
      if (options.switch("dry-run")) {
        const forecast = await warnings.during((onWarning) =>
          packages.forecastRestore(repository, site.posix, snapshot, wanted, into, {
            ...restoreOptions,
            isPrivileged: isPrivileged(),
            onWarning,
          }),
        );
        if (isSelective(choice) && isEmpty(forecast.summary)) printNothingMatches(snapshot, output);
        printForecast({ forecast, snapshot, target, elapsedMs: progress.finish() }, context);
        return forecast.summary.errors > 0 ? exitCodes.failed : exitCodes.done;
      }
      const restoreWith = async (given: RestoreOptions) =>
        await warnings.during((onWarning) =>
          packages.restore(repository, site.posix, snapshot, wanted, into, { ...given, onWarning }),
        );
      const begun = {
        kind: "restore",
        target,
        snapshot: snapshot.number,
        choice: hashChoice([wanted, choice]),
      } as const;
      const run = async () =>
        restoreOptions.overwrite === undefined
          ? await restoreWith(restoreOptions)
          : await runUndoable({ repository, output }, begun, (keeping) =>
              restoreWith(keepingBy(restoreOptions, keeping)),
            );
      const listing = { repository, archived, command: "restore" } as const;
      const summary = await listingArchived(listing, context, { run, isMissed: ({ errors }) => errors > 0 });
      if (isSelective(choice) && isEmpty(summary)) printNothingMatches(snapshot, output);
      printRestored({ summary, snapshot, target, elapsedMs: progress.finish() }, archivedFields(archived), context);
      if (summary.errors > summary.archived) return exitCodes.failed;
      return summary.errors > 0 ? exitCodes.storage : exitCodes.done;
    };
    return await withRepository(context, use, { writes: keepsOld(options) });
  },
};

function isEmpty(summary: RestoreSummary): boolean {
  const { filesRestored, directoriesRestored, symlinksRestored, othersRestored, filesUnchanged } = summary;
  const { errors, skipped } = summary;
  return [filesRestored, directoriesRestored, symlinksRestored, othersRestored, filesUnchanged, errors, skipped].every(
    (count) => count === 0,
  );
}

function printNothingMatches({ number }: SnapshotInfo, output: Output): void {
  printNotice(`nothing of snapshot ${number} matches`, "nothing-matches", output);
}

function printForecast(forecast: Forecast, { output, meter }: Context): void {
  if (output.json) output.message({ ...forecastMessage(forecast), ...requestsField(meter) });
  else if (!output.quiet) for (const line of forecastReport(forecast)) output.print(line);
}

function printRestored(restored: Restored, archived: object, { output, meter }: Context): void {
  if (output.json) output.message({ ...restoreMessage(restored), ...archived, ...requestsField(meter) });
  else if (!output.quiet) for (const line of restoreReport(restored)) output.print(line);
}
