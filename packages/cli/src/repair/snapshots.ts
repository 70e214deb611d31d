/** `bcat repair snapshots`: makes snapshots anew without what is lost, and lists that. */
import type { SnapshotRepair } from "@bcat/snapshot";
import type { Context } from "../command.js";
import { dataToRead } from "../data-subset.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { bytesField } from "../json.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { usageError } from "../usage.js";
import { whileRepairing } from "./repairing.js";

/** Losses of one snapshot that are printed without `--verbose`. */
const lossesShown = 20;

/** @param words numbers of snapshots; of none, all are looked at */
export async function repairSnapshots(context: Context, words: readonly string[]): Promise<number> {
  const numbers = words.length === 0 ? undefined : new Set(words.map(numberOf));
  const readData = dataToRead(context);
  return await whileRepairing(context, async ({ repository, onProgress, finish }) => {
    const { signal, options } = context;
    const { findBadPacks } = await import("@bcat/repository");
    const { describeLoss, repairSnapshots: repair, showName } = await import("@bcat/snapshot");
    const bad = await findBadPacks(repository, { readData, signal, onProgress });
    const dryRun = options.switch("dry-run");
    const forget = options.switch("forget");
    const told = { signal, onProgress };
    const repairs = await repair(repository, {
      numbers,
      badPacks: [...bad.keys()],
      dryRun,
      forget,
      ...told,
    });
    finish();
    for (const one of repairs) print(one, { describeLoss, showName }, context);
    printSummary(repairs, context);
    if ([...bad.values()].some(({ isCondemned }) => !isCondemned) && !context.output.json)
      context.output.complain(
        "there are bad packs that are not condemned: bcat repair packs, lest later backups refer to them",
      );
    return exitCodes.done;
  });
}

function numberOf(word: string): number {
  if (/^[1-9]\d{0,9}$/.test(word)) return Number(word);
  throw usageError(`Cannot repair snapshot "${word}": give the number of a snapshot`);
}

type Words = Pick<typeof import("@bcat/snapshot"), "describeLoss" | "showName">;

function print(
  { number, by, wasDone, lost, lostCount }: SnapshotRepair,
  words: Words,
  { output, options }: Context,
): void {
  if (output.json) {
    output.message({
      message_type: "repaired_snapshot",
      snapshot: number,
      ...(by !== undefined && { made_anew_as: by }),
      ...(wasDone && { made_before: true }),
      lost_count: lostCount,
      lost: lost.map(({ path, what }) => ({ ...bytesField("path", path), what })),
    });
    return;
  }
  const dryRun = options.switch("dry-run");
  const made = wasDone ? "was made anew before as" : "made anew as";
  const anew = by === undefined ? (dryRun ? "would be made anew" : "nothing of it is left") : `${made} ${by}`;
  output.print(
    `snapshot ${number}: ${anew} without ${formatItems(lostCount, "thing")} that ${lostCount === 1 ? "is" : "are"} lost`,
  );
  const shown = options.count("verbose") > 0 ? lost : lost.slice(0, lossesShown);
  for (const { path, what } of shown) output.print(quoteText(`  ${words.showName(path)}: ${words.describeLoss(what)}`));
  if (shown.length < lostCount) output.print(`  and ${lostCount - shown.length} more`);
}

function printSummary(repairs: readonly SnapshotRepair[], { output, options, meter }: Context): void {
  const dryRun = options.switch("dry-run");
  const made = repairs.filter(({ by, wasDone }) => by !== undefined && !wasDone).length;
  if (output.json) {
    const counts = { snapshots_damaged: repairs.length, snapshots_made: made };
    output.message({ message_type: "repaired", ...(dryRun && { dry_run: true }), ...counts, ...requestsField(meter) });
    return;
  }
  if (output.quiet) return;
  if (repairs.length === 0) output.print("no snapshot has lost anything");
  else if (!dryRun && made > 0 && !options.switch("forget"))
    output.print(
      "the old ones are still there, in case what is lost turns up: bcat forget, or repair snapshots --forget",
    );
}
