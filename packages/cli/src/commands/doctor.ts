/** `bcat doctor`: whether a place is good enough for a repository. */
import { probePlace, probeRegistersOf, refuseReadOnly } from "@bcat/host";
import type { Command } from "../command.js";
import { canBeUsed, reportLines, reportMessage } from "../doctor-report.js";
import { exitCodes } from "../exit-code.js";
import { siteOf } from "../site.js";

export const doctor: Command = {
  name: "doctor",
  summary: "find out whether a place is good enough for a repository",
  operands: [],
  flags: {},
  examples: [
    ["doctor --repo s3://bucket/laptop", "before a repository is made there, or afterwards"],
    ["doctor --registers postgres://bcat@db/bcat", "also of registers elsewhere"],
    ["doctor --json", "findings and speed in one message"],
  ],
  notes: [
    "Writes objects below probe/ in the place, reads them, and removes them. No passphrase is needed.",
    "With --registers, so too where they are; in PostgreSQL, rows of an id of nobody's.",
    "Exit code 22: several writers must not use the place, or registers that were named, or nobody should; it says which.",
  ],
  interrupted: "interrupted; objects below probe/ may be left in the place",
  async run(context) {
    const { output, signal, meter } = context;
    const site = await siteOf(context);
    refuseReadOnly(site, "write, as it takes to try it out, to");
    const isThere = (await site.storage.get("config")) !== undefined;
    const onCheck = (check: string) => output.status({ line: `probing: ${check}` });
    const report = await probePlace(site, { form: "full", onCheck });
    const registers = await probeRegistersOf(site, { isThere, signal, onCheck });
    output.status(undefined);
    const found = { report, registers, isThere, location: site.place.location };
    if (output.json) output.message(reportMessage(found, meter));
    else for (const line of reportLines(found, output.columns)) output.print(line);
    return canBeUsed(found) ? exitCodes.done : exitCodes.conditions;
  },
};
