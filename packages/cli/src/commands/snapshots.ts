/** `bcat snapshots`: what is there. */
import { CorruptError } from "@bcat/errors";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { checkSelectors, choosingFlags, findSnapshots } from "../named-snapshots.js";
import { withRepository } from "../site.js";
import { snapshotFields, snapshotTable } from "../snapshot-list.js";

export const snapshots: Command = {
  name: "snapshots",
  summary: "list the snapshots",
  operands: [{ name: "snapshot", count: "many" }],
  flags: choosingFlags,
  examples: [
    ["snapshots", "all of them"],
    ["snapshots --tag daily --path /srv", "those of a tag and a path"],
    ["snapshots 12 latest", "these, with all of their paths"],
    ["snapshots --json", "as a JSON array"],
  ],
  notes: ["<snapshot> is a number, latest, or latest~2."],
  interrupted: "interrupted",
  async run(context) {
    const { operands, output, signal } = context;
    await checkSelectors(context);
    return await withRepository(context, async (repository) => {
      const { found, damage } = await findSnapshots(repository, context);
      signal.throwIfAborted();
      const pinNote = (number: number) => repository.history.pinNote(number);
      if (output.json) output.print(JSON.stringify(found.map((info) => snapshotFields(info, pinNote))));
      else if (found.length > 0)
        for (const line of snapshotTable(found, { allPaths: operands.length > 0, pinNote })) output.print(line);
      else if (!output.quiet && damage.length === 0) output.note("no snapshots");
      if (damage.length > 0) throw new CorruptError(`Cannot list all snapshots: ${damage.join("; ")}`);
      return exitCodes.done;
    });
  },
};
