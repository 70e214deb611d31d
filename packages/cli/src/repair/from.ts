/** `bcat repair --from`: brings missing chunks back out of the files that another repository has. */
import type { HealedFrom } from "@bcat/snapshot";
import type { Context } from "../command.js";
import { dataToRead } from "../data-subset.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { fromSiteOf } from "../from-repository.js";
import { bytesField } from "../json.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { openRepository, tellStanding } from "../site.js";
import { whileRepairing } from "./repairing.js";

/** Files and folders that are still lost and printed without `--verbose`. */
const unhealedShown = 20;

/** @param from the other repository, as the user names it */
export async function repairFrom(context: Context, from: string): Promise<number> {
  const readData = dataToRead(context);
  const { signal, options } = context;
  const fromSite = await fromSiteOf(context, from);
  return await whileRepairing(context, async ({ repository, onProgress, finish }) => {
    await using other = await openRepository(fromSite, context);
    await tellStanding(other, context);
    const { findBadPacks } = await import("@bcat/repository");
    const { healFrom, showName } = await import("@bcat/snapshot");
    const bad = await findBadPacks(repository, { readData, signal, onProgress });
    const dryRun = options.switch("dry-run");
    const done = await healFrom(repository, other, { badPacks: [...bad.keys()], dryRun, signal, onProgress });
    finish();
    print(done, showName, context);
    return done.unhealedCount > 0 ? exitCodes.damage : exitCodes.done;
  });
}

function print(done: HealedFrom, showName: (name: Uint8Array) => string, { output, options, meter }: Context): void {
  const { files, folders, chunks, sessions, unhealed, unhealedCount } = done;
  const dryRun = options.switch("dry-run");
  if (output.json) {
    output.message({
      message_type: "repaired",
      ...(dryRun && { dry_run: true }),
      ...{ files_healed: files, folders_healed: folders, chunks_healed: chunks, sessions },
      unhealed_count: unhealedCount,
      unhealed: unhealed.map(({ path, snapshot }) => ({ ...bytesField("path", path), snapshot })),
      ...requestsField(meter),
    });
    return;
  }
  const shown = options.count("verbose") > 0 ? unhealed : unhealed.slice(0, unhealedShown);
  for (const { path, snapshot } of shown)
    output.print(quoteText(`not healed: ${showName(path)} of snapshot ${snapshot}: the other repository has not that`));
  if (shown.length < unhealedCount) output.print(`and ${unhealedCount - shown.length} more`);
  if (output.quiet) return;
  if (files + folders + unhealedCount === 0) output.print("no snapshot has lost anything");
  else {
    const what = `${formatItems(files, "file")} and ${formatItems(folders, "folder")}, ${formatItems(chunks, "chunk")}`;
    output.print(`${dryRun ? "would heal" : "healed"}: ${what}`);
  }
}
