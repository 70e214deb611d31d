/** What all repairs have in common: how the repository is opened, and how it is told how far they are. */
import { openSite, refuseReadOnly } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { CheckProgress } from "@bcat/snapshot";
import { checkProgress } from "../check-report.js";
import type { Context } from "../command.js";
import { Progress } from "../progress.js";
import { reportsPerSecond } from "../settings.js";
import { siteOf, tellStanding } from "../site.js";

export interface Repairing {
  readonly repository: Repository;
  readonly onProgress: (progress: CheckProgress) => void;
  /** Takes the line of progress away. */
  readonly finish: () => void;
}

/** Opens the repository to be written to, or only read with `--dry-run`. */
export async function whileRepairing(
  context: Context,
  use: (repairing: Repairing) => Promise<number>,
): Promise<number> {
  const { options, output, signal, variables } = context;
  const isDryRun = options.switch("dry-run");
  const site = await siteOf(context);
  if (!isDryRun) refuseReadOnly(site, "repair");
  await using repository = await openSite(site, { signal, anew: true, writes: !isDryRun });
  await tellStanding(repository, context);
  const progress = new Progress(checkProgress, {
    output,
    now: Date.now,
    reportsPerSecond: reportsPerSecond(variables),
  });
  const onProgress = (counts: CheckProgress) => progress.update(counts);
  return await use({ repository, onProgress, finish: () => progress.finish() });
}
