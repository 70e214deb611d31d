/** `bcat undelete`: brings forgotten snapshots back. */

import { inSentence, isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { countProgress } from "../phase-progress.js";
import { type Progress, startProgress } from "../progress.js";
import { withRepository } from "../site.js";
import { findNumbers, parseNumberWords } from "../snapshot-numbers.js";
import { printNotice } from "../warning.js";

export const undelete: Command = {
  name: "undelete",
  summary: "bring forgotten snapshots back, until prune has taken their data",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "snapshot", count: "many" },
  ],
  flags: {},
  examples: [
    ["undelete 12", "snapshot 12, under a new number"],
    ["undelete 3-9", "all forgotten ones of these"],
  ],
  notes: ["bcat snapshots --forgotten lists what there may be. What comes back stands in the list where it stood."],
  interrupted: "interrupted; bcat snapshots shows what is back",
  async run(context) {
    const words = parseNumberWords(context.operands);
    const use = async (repository: Repository) => {
      const { forgottenSnapshots } = await import("@bcat/snapshot");
      await repository.refresh();
      const known = forgottenSnapshots(repository).map(({ number }) => number);
      const failures: Error[] = [];
      const ascending = known.toSorted((a, b) => a - b);
      const chosen = await findNumbers(repository, words, ascending);
      const progress = startProgress(countProgress, context);
      for (const [done, number] of chosen.entries()) {
        progress.update({ phase: "looking whether all of the snapshots is still there", done, total: chosen.length });
        const failure = await bringBack(repository, number, { context, progress });
        if (failure !== undefined) failures.push(failure);
      }
      progress.finish();
      const last = failures.pop();
      for (const { message } of failures) printNotice(inSentence(message), "not-found", context.output);
      if (last !== undefined) throw last;
      return exitCodes.done;
    };
    return await withRepository(context, use, { writes: true, change: "bring snapshots back to" });
  },
};

/** Why it cannot be brought back, where that is no reason not to try the next. */
async function bringBack(
  repository: Repository,
  number: number,
  { context, progress }: { readonly context: Context; readonly progress: Pick<Progress<unknown>, "hide"> },
): Promise<Error | undefined> {
  const { output, signal } = context;
  const { undelete: make } = await import("@bcat/snapshot");
  let made: Awaited<ReturnType<typeof make>>;
  try {
    made = await make(repository, number, { signal });
  } catch (error) {
    if (!isBcatError(error, "not-found")) throw error;
    return error;
  } finally {
    progress.hide();
  }
  if (output.json) {
    const ids = { old_snapshot_id: String(number), new_snapshot_id: String(made.number) };
    output.message({ message_type: "changed", ...ids, chunks_copied: made.copied });
  } else if (!output.quiet) {
    const copied =
      made.copied === 0 ? "" : `; ${formatItems(made.copied, "chunk")} that prune had given up stored again`;
    output.print(`snapshot ${number} is back${made.wasThere ? " already," : ""} as snapshot ${made.number}${copied}`);
  }
  return undefined;
}
