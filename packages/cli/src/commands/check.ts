/** `bcat check`: looks whether everything is there and whole. */
import type { Repository } from "@bcat/repository";
import type { ArchivedObjects, CheckSummary, DataSubset } from "@bcat/snapshot";
import { archivedFields, listingArchived } from "../archived.js";
import { checkProgress, printFinding } from "../check-report.js";
import type { Command, Context } from "../command.js";
import { dataFlags, dataToRead } from "../data-subset.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatCount, formatDuration, formatItems, formatLocalTime, formatTimeMs } from "../format.js";
import { startProgress } from "../progress.js";
import { requestsField } from "../requests.js";
import { withRepository } from "../site.js";

export const check: Command = {
  name: "check",
  summary: "look whether the repository is whole",
  operands: [],
  flags: dataFlags,
  examples: [
    ["check", "quick: everything is there and fits together"],
    ["check --read-data", "thorough: every byte is read and verified"],
    ["check --read-data-subset 5%", "of the data as much as that, what was read longest ago first"],
    ["check --json", "findings and summary as JSON lines"],
  ],
  notes: [
    "Findings are printed one a line, with what heals each. Exit code 21: there is damage. -v also names what is as it",
    "should be, such as backups that run now. bcat scrub reads every byte without the passphrase.",
  ],
  interrupted: "interrupted; the check is incomplete",
  async run(context) {
    const { signal } = context;
    const readData = dataToRead(context);
    const progress = startProgress(checkProgress, context);
    const checkAll = async (repository: Repository) => {
      const packages = await import("@bcat/snapshot");
      const archived = new packages.ArchivedObjects();
      const run = async () =>
        await packages.check(repository, {
          readData,
          archived,
          signal,
          onProgress: (counts) => progress.update(counts),
          onFinding: (finding) => printFinding(finding, context),
        });
      const listing = { repository, archived, command: "check" } as const;
      const summary = await listingArchived(listing, context, { run, isMissed: ({ isIncomplete }) => isIncomplete });
      printSummary(summary, { elapsedMs: progress.finish(), archived, readData }, context);
      if (summary.damage > 0) return exitCodes.damage;
      if (summary.isIncomplete) return exitCodes.storage;
      // All that is here is whole, but something that was is not.
      return repository.standing.kind === "gone-back" ? exitCodes.identity : exitCodes.done;
    };
    return await withRepository(context, checkAll, { anew: true });
  },
};

interface Checked {
  readonly readData: boolean | DataSubset;
  readonly elapsedMs: number;
  readonly archived: ArchivedObjects;
}

function printSummary(summary: CheckSummary, checked: Checked, { output, meter }: Context): void {
  const { damage, notes, snapshots, packs, packsRead, segments, chunks, isIncomplete, bytesRead } = summary;
  const { elapsedMs, archived } = checked;
  if (output.json) {
    const counts = { snapshots, packs, packs_read: packsRead, segments, chunks, bytes_read: bytesRead };
    const seconds = Math.floor(elapsedMs / 1000);
    output.message({
      message_type: "summary",
      num_errors: damage,
      num_notes: notes,
      ...counts,
      ...unreadFields(summary, checked),
      seconds_elapsed: seconds,
      ...archivedFields(archived),
      ...requestsField(meter),
    });
  } else if (!output.quiet) {
    const read = [formatItems(snapshots, "snapshot"), formatItems(packs, "pack"), formatItems(chunks, "chunk")].join(
      ", ",
    );
    output.print(`checked ${read}; read ${formatBytes(bytesRead)} in ${formatDuration(elapsedMs)}`);
    const unread = unreadLine(summary, checked);
    if (unread !== undefined) output.print(unread);
    const where = isIncomplete ? " in what could be read" : "";
    output.print(damage === 0 ? `no damage found${where}` : `found ${formatItems(damage, "fault")}`);
  }
}

/** What a check that reads a part has left for the next ones. */
function unreadLine({ packs, packsRead, neverRead, oldestRead }: CheckSummary, { readData }: Checked) {
  if (typeof readData === "boolean") return undefined;
  const never =
    neverRead === 0 ? "" : `; ${formatCount(neverRead)} of the others ${neverRead === 1 ? "was" : "were"} not read yet`;
  const oldest =
    oldestRead === undefined ? "" : `; the oldest reading of the others is of ${formatLocalTime(oldestRead)}`;
  return `read the data of ${formatCount(packsRead)} of ${formatItems(packs, "pack")}${never}${oldest}`;
}

function unreadFields({ neverRead, oldestRead }: CheckSummary, { readData }: Checked): object {
  if (typeof readData === "boolean") return {};
  return { packs_never_read: neverRead, ...(oldestRead !== undefined && { oldest_read: formatTimeMs(oldestRead) }) };
}
