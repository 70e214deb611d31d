/** `bcat repair index`: makes segments of the index anew out of the packs. */
import type { BadObject, IndexRepair } from "@bcat/repository";
import type { Context } from "../command.js";
import { sentence } from "../errors.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { requestsField } from "../requests.js";
import { whileRepairing } from "./repairing.js";

export async function repairIndex(context: Context): Promise<number> {
  return await whileRepairing(context, async ({ repository, onProgress, finish }) => {
    const { signal, options } = context;
    const packages = await import("@bcat/repository");
    const dryRun = options.switch("dry-run");
    const done = await packages.repairIndex(repository, { dryRun, signal, onProgress });
    finish();
    print(done, context);
    return done.unreadable.length > 0 ? exitCodes.damage : exitCodes.done;
  });
}

function print({ good, bad, packs, chunks, unreadable, written, session }: IndexRepair, context: Context): void {
  const { output, options, meter } = context;
  const dryRun = options.switch("dry-run");
  if (output.json) {
    output.message({
      message_type: "repaired",
      ...(dryRun && { dry_run: true }),
      segments_good: good,
      segments_bad: bad.map(badMessage),
      segments_written: written,
      ...{ packs, chunks },
      packs_unreadable: unreadable.map(badMessage),
      ...(session !== undefined && { session }),
      ...requestsField(meter),
    });
    return;
  }
  for (const { message } of [...bad, ...unreadable]) output.print(sentence(message));
  if (output.quiet) return;
  if (bad.length === 0) {
    output.print(`the index is whole: ${formatItems(good, "segment")}`);
    return;
  }
  const found = `${formatItems(packs, "pack")} with ${formatItems(chunks, "chunk")}`;
  const kept = `${formatItems(good, "good segment")} kept`;
  output.print(
    dryRun
      ? `would replace ${formatItems(bad.length, "segment")} by what ${found} say; ${kept}`
      : `replaced ${formatItems(bad.length, "segment")} by ${formatItems(written, "new one")}, which ${packs === 1 ? "names" : "name"} ${found}; ${kept}`,
  );
  if (unreadable.length > 0)
    output.print(
      `what ${formatItems(unreadable.length, "pack")} had is not known any more; bcat check tells who needs it`,
    );
}

/** An object and what was found, in JSON. */
export function badMessage({ name, message }: BadObject): object {
  return { object: name, message };
}
