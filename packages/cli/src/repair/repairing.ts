/** What all repairs have in common: how the repository is opened, and how it is told how far they are. */
import type { OnNotice } from "@bcat/errors";
import { refuseReadOnly } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { CheckProgress } from "@bcat/snapshot";
import { checkProgress } from "../check-report.js";
import type { Context } from "../command.js";
import { startProgress } from "../progress.js";
import { openRepository, siteOf, tellStanding } from "../site.js";
import { printNotice } from "../warning.js";

export interface Repairing {
  readonly repository: Repository;
  readonly onProgress: (progress: CheckProgress) => void;
  /** Takes the line of progress away. */
  readonly finish: () => void;
}

export interface RepairingOptions {
  /** What is written is the same in all copies of the repository. */
  readonly keepsHistory?: boolean;
}

/** Opens the repository to be written to, or only read with `--dry-run`, which is refused where the repair would be. */
export async function whileRepairing(
  context: Context,
  use: (repairing: Repairing) => Promise<number>,
  { keepsHistory = false }: RepairingOptions = {},
): Promise<number> {
  const { options, output } = context;
  const isDryRun = options.switch("dry-run");
  const site = await siteOf(context);
  if (!isDryRun) refuseReadOnly(site, "repair");
  const isAccepted = options.switch("accept-rollback");
  const onNotice: OnNotice = (line, code) => printNotice(line, code, output);
  // A dry run accepts nothing for good.
  const acceptRollback = isAccepted && !isDryRun;
  const opening = { onNotice, anew: true, writes: !isDryRun, acceptRollback };
  await using repository = await openRepository(site, context, opening);
  await tellStanding(repository, context);
  const { requireWritable } = await import("@bcat/repository");
  if (!keepsHistory && !(isDryRun && isAccepted)) requireWritable(repository);
  const progress = startProgress(checkProgress, context);
  const onProgress = (counts: CheckProgress) => progress.update(counts);
  return await use({ repository, onProgress, finish: () => progress.finish() });
}
