/** `bcat restore`: gives files of a snapshot back. */
import { availableParallelism } from "node:os";
import { folderPath } from "@bcat/host";
import type { RestoreProgress, RestoreSummary } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { countOption } from "../count-option.js";
import { exitCodes } from "../exit-code.js";
import { fileProgress } from "../file-progress.js";
import { formatBytes, formatDuration, formatItems } from "../format.js";
import { Progress } from "../progress.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { reportsPerSecond } from "../settings.js";
import { withRepository } from "../site.js";
import { snapshotPath } from "../snapshot-path.js";
import { printWarning } from "../warning.js";

const progressForm = fileProgress<RestoreProgress>((counts) => ({
  files_restored: counts.filesDone,
  bytes_restored: counts.bytesDone,
}));

export const restore: Command = {
  name: "restore",
  summary: "give files of a snapshot back",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "path", count: "one" },
    { name: "target", count: "one" },
  ],
  flags: {
    threads: {
      kind: "text",
      description:
        "threads that open packs and write files, 1 for the main one alone, 33 at most (default: one a core)",
    },
  },
  examples: [
    ["restore latest all /tmp/back", "everything, into the folder /tmp/back"],
    ["restore 12 /home/me/photos /tmp", "a folder of snapshot 12, as /tmp/photos"],
    ["restore latest ./all .", "a file that is really called all"],
  ],
  notes: [
    "<snapshot> is a number, latest, or latest~2. Nothing that exists is overwritten: such a restore is refused.",
  ],
  interrupted: "interrupted; what was restored so far is incomplete",
  async run(context) {
    const { operands, options, output, signal, variables } = context;
    const threads = countOption(options, "threads") ?? availableParallelism();
    const [selector = "", path = "", target = ""] = operands;
    const into = folderPath(target, { what: "target", variables, withColon: true });
    const progress = new Progress(progressForm, {
      output,
      now: Date.now,
      reportsPerSecond: reportsPerSecond(variables),
    });
    const packages = await import("@bcat/snapshot");
    packages.parseSelector(selector);
    return await withRepository(context, async (repository, { posix }) => {
      const snapshot = await packages.findSnapshot(repository, selector);
      const what = path === "all" ? "all" : (snapshotPath(path) ?? "all");
      const summary = await packages.restore(repository, posix, snapshot, what, Buffer.from(into), {
        threads,
        signal,
        onProgress: (counts) => progress.update(counts),
        onWarning: (warning) => printWarning(warning, "restore", output),
      });
      printSummary(summary, { elapsedMs: progress.finish(), number: snapshot.number, into }, context);
      return summary.errors > 0 ? exitCodes.failed : exitCodes.done;
    });
  },
};

interface Restored {
  readonly elapsedMs: number;
  readonly number: number;
  readonly into: string;
}

function printSummary(
  summary: RestoreSummary,
  { elapsedMs, number, into }: Restored,
  { output, meter }: Context,
): void {
  const { filesRestored, directoriesRestored, symlinksRestored, othersRestored, bytesRestored, errors, skipped } =
    summary;
  if (output.json) {
    output.message({
      message_type: "summary",
      seconds_elapsed: Math.floor(elapsedMs / 1000),
      snapshot_number: number,
      total_files: filesRestored + directoriesRestored + symlinksRestored + othersRestored,
      files_restored: filesRestored,
      directories_restored: directoriesRestored,
      symlinks_restored: symlinksRestored,
      others_restored: othersRestored,
      files_skipped: skipped,
      total_bytes: bytesRestored,
      bytes_restored: bytesRestored,
      error_count: errors,
      ...requestsField(meter),
    });
  } else if (!output.quiet) {
    const folders = formatItems(directoriesRestored, "folder");
    const links = formatItems(symlinksRestored, "symlink");
    output.print(`restored from snapshot ${number} to ${quoteText(into)}`);
    const others = othersRestored === 0 ? "" : `, ${formatItems(othersRestored, "special file")}`;
    output.print(`${formatItems(filesRestored, "file")}, ${folders}, ${links}${others}, ${formatBytes(bytesRestored)}`);
    if (errors + skipped > 0) output.print(`left out: ${formatItems(errors, "error")}, ${skipped} skipped`);
    output.print(`took: ${formatDuration(elapsedMs)}`);
  }
}
