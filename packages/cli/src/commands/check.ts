/** `bcat check`: looks whether everything is there and whole. */
import type { Repository } from "@bcat/repository";
import type { ArchivedObjects, CheckSummary, Finding } from "@bcat/snapshot";
import { archivedFields, listingArchived } from "../archived.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatCount, formatDuration, formatItems } from "../format.js";
import type { Output } from "../output.js";
import { Progress, type ProgressForm } from "../progress.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { reportsPerSecond } from "../settings.js";
import { withRepository } from "../site.js";

interface CheckProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly bytes: number;
}

const progressForm: ProgressForm<CheckProgress> = {
  bytes: ({ bytes }) => bytes,
  line({ phase, done, total, bytes }, { elapsedMs, bytesPerSecond }) {
    const of = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
    const speed = bytesPerSecond ? `, ${formatBytes(bytes)}, ${formatBytes(Math.round(bytesPerSecond))}/s` : "";
    const leftMs = total === undefined || done === 0 ? undefined : (elapsedMs * Math.max(0, total - done)) / done;
    return `checking ${phase}: ${of}${speed}${leftMs === undefined ? "" : `, ${formatDuration(leftMs)} left`}`;
  },
  message: ({ phase, done, total, bytes }, { elapsedMs }) => ({
    message_type: "status",
    seconds_elapsed: Math.floor(elapsedMs / 1000),
    phase,
    done,
    ...(total === undefined ? {} : { total, percent_done: total === 0 ? 1 : done / total }),
    bytes_done: bytes,
  }),
};

export const check: Command = {
  name: "check",
  summary: "look whether the repository is whole",
  operands: [],
  flags: { "read-data": { kind: "switch", description: "read and verify every pack, not only what describes them" } },
  examples: [
    ["check", "quick: everything is there and fits together"],
    ["check --read-data", "thorough: every byte is read and verified"],
    ["check --json", "findings and summary as JSON lines"],
  ],
  notes: ["Findings are printed one a line. Exit code 21: there is damage."],
  interrupted: "interrupted; the check is incomplete",
  async run(context) {
    const { options, output, signal, variables } = context;
    const progress = new Progress(progressForm, {
      output,
      now: Date.now,
      reportsPerSecond: reportsPerSecond(variables),
    });
    const checkAll = async (repository: Repository) => {
      const packages = await import("@bcat/snapshot");
      const archived = new packages.ArchivedObjects();
      const run = async () =>
        await packages.check(repository, {
          readData: options.switch("read-data"),
          archived,
          signal,
          onProgress: (counts) => progress.update(counts),
          onFinding: (finding) => printFinding(finding, output),
        });
      const listing = { repository, archived, command: "check" } as const;
      const summary = await listingArchived(listing, context, { run, isMissed: ({ isIncomplete }) => isIncomplete });
      printSummary(summary, { elapsedMs: progress.finish(), archived }, context);
      if (summary.damage > 0) return exitCodes.damage;
      if (summary.isIncomplete) return exitCodes.storage;
      // All that is here is whole, but something that was is not.
      return repository.standing.kind === "gone-back" ? exitCodes.identity : exitCodes.done;
    };
    return await withRepository(context, checkAll, { anew: true });
  },
};

function printFinding({ kind, code, object, message, snapshots }: Finding, output: Output): void {
  if (output.json) {
    const type = kind === "damage" ? "error" : "note";
    output.message({
      message_type: type,
      code,
      message,
      ...(object === undefined ? {} : { object }),
      ...(snapshots ? { snapshots } : {}),
    });
    return;
  }
  const where = object === undefined || message.includes(object) ? "" : ` ${object}:`;
  const hit = snapshots === undefined || snapshots.length === 0 ? "" : ` (snapshots ${snapshots.join(", ")})`;
  output.print(quoteText(`${kind}:${where} ${message}${hit}`));
}

interface Checked {
  readonly elapsedMs: number;
  readonly archived: ArchivedObjects;
}

function printSummary(summary: CheckSummary, { elapsedMs, archived }: Checked, { output, meter }: Context): void {
  const { damage, notes, snapshots, packs, segments, chunks, isIncomplete, bytesRead } = summary;
  if (output.json) {
    const counts = { snapshots, packs, segments, chunks, bytes_read: bytesRead };
    const seconds = Math.floor(elapsedMs / 1000);
    output.message({
      message_type: "summary",
      num_errors: damage,
      num_notes: notes,
      ...counts,
      seconds_elapsed: seconds,
      ...archivedFields(archived),
      ...requestsField(meter),
    });
  } else if (!output.quiet) {
    const read = [formatItems(snapshots, "snapshot"), formatItems(packs, "pack"), formatItems(chunks, "chunk")].join(
      ", ",
    );
    output.print(`checked ${read}; read ${formatBytes(bytesRead)} in ${formatDuration(elapsedMs)}`);
    const where = isIncomplete ? " in what could be read" : "";
    output.print(damage === 0 ? `no damage found${where}` : `found ${formatItems(damage, "fault")}`);
  }
}
