/** `bcat repair parity`: gives parity to packs that have none, and makes damaged parity anew. */
import type { ParityRepair } from "@bcat/repository";
import type { Context } from "../command.js";
import { sentence } from "../errors.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatItems } from "../format.js";
import { requestsField } from "../requests.js";
import { usageError } from "../usage.js";
import { badMessage } from "./index-segments.js";
import { type Repairing, whileRepairing } from "./repairing.js";

/** @param names of parity objects; of none, all packs are gone through */
export async function repairParity(context: Context, names: readonly string[]): Promise<number> {
  const { signal, options } = context;
  if (options.isTyped("read-data-subset"))
    throw usageError("Cannot use --read-data-subset with repair parity: it reads all parity with --read-data, or none");
  const repair = async ({ repository, onProgress, finish }: Repairing) => {
    const packages = await import("@bcat/repository");
    const dryRun = options.switch("dry-run");
    const readData = options.switch("read-data");
    const given = names.length === 0 ? {} : { names: new Set(names) };
    const done = await packages.repairParity(repository, { ...given, readData, dryRun, signal, onProgress });
    finish();
    print(done, context);
    return done.bad.length > 0 ? exitCodes.damage : exitCodes.done;
  };
  return await whileRepairing(context, repair, { keepsHistory: true });
}

function print({ good, added, replaced, bytes, bad }: ParityRepair, { output, options, meter }: Context): void {
  const dryRun = options.switch("dry-run");
  if (output.json) {
    output.message({
      message_type: "repaired",
      ...(dryRun && { dry_run: true }),
      ...{ parity_good: good, parity_added: added, parity_replaced: replaced, parity_bytes: bytes },
      parity_bad: bad.map(badMessage),
      ...requestsField(meter),
    });
    return;
  }
  for (const { message } of bad) output.print(sentence(message));
  if (output.quiet) return;
  const had = `${formatItems(good, "pack")} had it`;
  const [add, make] = dryRun ? ["would add", "make"] : ["added", "made"];
  const anew = replaced === 0 ? "" : `, ${make} that of ${formatItems(replaced, "pack")} anew`;
  output.print(`${add} parity to ${formatItems(added, "pack")}${anew} (${formatBytes(bytes)}); ${had}`);
}
