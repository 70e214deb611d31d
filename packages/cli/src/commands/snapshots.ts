/** `bcat snapshots`: what is there. */
import { CorruptError } from "@bcat/errors";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { withRepository } from "../site.js";
import { createFilter } from "../snapshot-filter.js";
import { snapshotFields, snapshotTable } from "../snapshot-list.js";

export const snapshots: Command = {
  name: "snapshots",
  summary: "list the snapshots",
  operands: [],
  flags: {
    host: { kind: "list", short: "H", description: "only those of this host" },
    tag: { kind: "list", description: "only those with this tag, or with all of several with commas between" },
    path: { kind: "list", bytes: true, description: "only those of this path" },
  },
  examples: [
    ["snapshots", "all of them"],
    ["snapshots --tag daily --path /srv", "those of a tag and a path"],
    ["snapshots --json", "as a JSON array"],
  ],
  interrupted: "interrupted",
  async run(context) {
    const { options, output, signal } = context;
    const wanted = createFilter(options);
    return await withRepository(context, async (repository) => {
      const { listSnapshots } = await import("@bcat/snapshot");
      const damage: string[] = [];
      const all = await listSnapshots(repository, { onDamage: ({ message }) => damage.push(message) });
      const found = all.filter(wanted);
      signal.throwIfAborted();
      if (output.json) output.print(JSON.stringify(found.map(snapshotFields)));
      else if (found.length > 0) for (const line of snapshotTable(found)) output.print(line);
      else if (!output.quiet && damage.length === 0) output.note("no snapshots");
      if (damage.length > 0) throw new CorruptError(`Cannot list all snapshots: ${damage.join("; ")}`);
      return exitCodes.done;
    });
  },
};
