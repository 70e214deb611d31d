/** `bcat repair registers`: makes registers that live elsewhere anew, out of their copies in the repository. */
import { repairSiteRegisters } from "@bcat/host";
import type { Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { requestsField } from "../requests.js";
import { siteOf } from "../site.js";
import { usageError } from "../usage.js";

export async function repairRegisters(context: Context): Promise<number> {
  const { output, signal, waiting, meter, options } = context;
  if (options.switch("dry-run"))
    throw usageError("Cannot use --dry-run with repair registers: it makes all of them anew");
  const site = await siteOf(context);
  const { generation, rows } = await waiting.during("making the registers anew", () =>
    repairSiteRegisters(site, signal),
  );
  const { sessions, outcomes, log } = rows;
  const counts = { generation, sessions, outcomes, log_records: log };
  if (output.json) output.message({ message_type: "repaired", ...counts, ...requestsField(meter) });
  else if (!output.quiet) {
    const found = [formatItems(sessions, "session"), formatItems(outcomes, "outcome"), formatItems(log, "log record")];
    output.print(
      `made the registers anew in ${site.registers?.location}: ${found.join(", ")}; generation ${generation}`,
    );
  }
  return exitCodes.done;
}
