/** `bcat scrub`: reads everything, and finds rot without knowing the passphrase. */
import { noRepository } from "@bcat/host";
import type { ScrubSummary } from "@bcat/repository";
import { checkProgress, printFinding } from "../check-report.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatDuration, formatItems } from "../format.js";
import { startProgress } from "../progress.js";
import { requestsField } from "../requests.js";
import { siteOf } from "../site.js";

export const scrub: Command = {
  name: "scrub",
  summary: "read all of a repository and find what has rotted, without the passphrase",
  operands: [],
  flags: {},
  examples: [
    ["scrub --repo /srv/backups/bcat", "on the machine that holds the repository, such as a NAS, from cron"],
    ["scrub --json", "findings and summary as JSON lines"],
  ],
  notes: [
    "Every pack ends with a hash of itself, for which no key is needed. That an object was swapped for another, or that",
    "one is gone, only bcat check can tell. Exit code 21: there is damage.",
  ],
  interrupted: "interrupted; not all was read",
  async run(context) {
    const { signal } = context;
    const site = await siteOf(context);
    const { findConfig, scrub } = await import("@bcat/repository");
    const { storage, environment } = site;
    if ((await findConfig(storage, environment)) === undefined) throw await noRepository(site);
    const progress = startProgress(checkProgress, context);
    const summary = await scrub(storage, {
      blake3: environment.blake3,
      signal,
      onProgress: (counts) => progress.update(counts),
      onFinding: (finding) => printFinding(finding, context),
    });
    printSummary(summary, progress.finish(), context);
    if (summary.damage > 0) return exitCodes.damage;
    return summary.archived > 0 ? exitCodes.storage : exitCodes.done;
  },
};

function printSummary(summary: ScrubSummary, elapsedMs: number, { output, meter }: Context): void {
  const { damage, notes, objects, packs, archived, bytesRead } = summary;
  if (output.json) {
    output.message({
      message_type: "summary",
      num_errors: damage,
      num_notes: notes,
      ...{ objects, packs, archived, bytes_read: bytesRead },
      seconds_elapsed: Math.floor(elapsedMs / 1000),
      ...requestsField(meter),
    });
    return;
  }
  if (output.quiet) return;
  const read = `${formatItems(objects, "object")}, of which ${formatItems(packs, "whole pack")}`;
  output.print(`scrubbed ${read}; read ${formatBytes(bytesRead)} in ${formatDuration(elapsedMs)}`);
  if (archived > 0) output.print(`${formatItems(archived, "object")} could not be read: archived`);
  output.print(damage === 0 ? "no damage found" : `found ${formatItems(damage, "fault")}`);
}
