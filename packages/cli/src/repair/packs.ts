/** `bcat repair packs`: saves what still opens of bad packs, and condemns them, so that the next backup heals the rest. */
import type { PackRepair } from "@bcat/repository";
import type { Context } from "../command.js";
import { dataToRead } from "../data-subset.js";
import { sentence } from "../errors.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { requestsField } from "../requests.js";
import { badMessage } from "./index-segments.js";
import { whileRepairing } from "./repairing.js";

/** zstd level of what is saved: that of a backup. */
const level = 3;

/** @param names of packs; of none, a check finds them */
export async function repairPacks(context: Context, names: readonly string[]): Promise<number> {
  const readData = dataToRead(context);
  return await whileRepairing(context, async ({ repository, onProgress, finish }) => {
    const { signal, options } = context;
    const packages = await import("@bcat/repository");
    const given = names.length === 0 ? {} : { names: new Set(names) };
    const bad = await packages.findBadPacks(repository, { ...given, readData, signal, onProgress });
    const dryRun = options.switch("dry-run");
    const done = await packages.repairPacks(repository, bad, { dryRun, level, signal, onProgress });
    finish();
    const condemnedBefore = bad.size - done.condemned.length;
    print({ ...done, condemnedBefore, isUnread: names.length === 0 && readData !== true }, context);
    return exitCodes.done;
  });
}

interface Done extends PackRepair {
  /** Bad packs that were condemned before. */
  readonly condemnedBefore: number;
  /** Not all packs were read. */
  readonly isUnread: boolean;
}

function print(
  { condemned, condemnedBefore, opened, lost, saved, mended, session, isUnread }: Done,
  { output, options, meter }: Context,
): void {
  const dryRun = options.switch("dry-run");
  if (output.json) {
    output.message({
      message_type: "repaired",
      ...(dryRun && { dry_run: true }),
      packs_condemned: condemned.map(badMessage),
      packs_condemned_before: condemnedBefore,
      packs_mended: mended,
      ...{ chunks_good: opened, chunks_saved: saved, chunks_lost: lost },
      ...(session !== undefined && { session }),
      ...requestsField(meter),
    });
    return;
  }
  for (const { message } of condemned) output.print(sentence(message));
  if (output.quiet) return;
  if (condemned.length === 0 && saved === 0) output.print("no pack is bad that was not condemned before");
  else {
    const [condemn, save] = dryRun ? ["would condemn", "would save"] : ["condemned", "saved"];
    const chunks = `${save} ${formatItems(saved, "chunk")} that lay nowhere else`;
    output.print(`${condemn} ${formatItems(condemned.length, "pack")}; ${chunks}`);
  }
  if (condemnedBefore > 0)
    output.print(
      `${formatItems(condemnedBefore, "bad pack")} ${condemnedBefore === 1 ? "was" : "were"} condemned before: bcat prune deletes what nothing needs any more`,
    );
  if (isUnread)
    output.print("not all data were read, in which more may be damaged: bcat repair packs --read-data reads them");
  if (mended > 0) output.print(`${formatItems(mended, "pack")} came back whole by parity`);
  if (lost > 0)
    output.print(
      `${formatItems(lost, "chunk")} cannot be read: the next backup heals those that the source still has; bcat check tells who needs the others`,
    );
}
