/** `bcat repair registers`: makes registers that live elsewhere anew, out of their copies in the repository. */
import { repairSiteRegisters } from "@bcat/host";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { requestsField } from "../requests.js";
import { siteOf } from "../site.js";
import { usageError } from "../usage.js";

export const repair: Command = {
  name: "repair",
  summary: "make the registers of a repository anew, where they live elsewhere",
  operands: [{ name: "registers", count: "word" }],
  flags: {},
  examples: [
    ["repair registers --registers postgres://bcat@db/bcat", "after the database was lost, or restored from a dump"],
    ["repair registers --registers /mnt/other/registers", "of a repository that has them in a folder"],
  ],
  notes: [
    "Nothing that was ever reported as done is lost. Backups that run meanwhile end with exit code 14: run them",
    "again. The database need not hold anything, but must exist.",
  ],
  interrupted: "interrupted; the registers may be closed until bcat repair registers is run again",
  async run(context) {
    const { operands, output, signal, meter } = context;
    const [what = ""] = operands;
    if (what !== "registers") throw usageError(`Cannot repair "${what}": only registers can be repaired`);
    const site = await siteOf(context);
    const { generation, rows } = await repairSiteRegisters(site, signal);
    const { sessions, outcomes, log } = rows;
    const counts = { generation, sessions, outcomes, log_records: log };
    if (output.json) output.message({ message_type: "repaired", ...counts, ...requestsField(meter) });
    else if (!output.quiet) {
      const found = [
        formatItems(sessions, "session"),
        formatItems(outcomes, "outcome"),
        formatItems(log, "log record"),
      ];
      output.print(
        `made the registers anew in ${site.registers?.location}: ${found.join(", ")}; generation ${generation}`,
      );
    }
    return exitCodes.done;
  },
};
