/** `bcat prune`: frees what no snapshot uses. */
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { pruneFlags, readPruneOptions, runPrune } from "../run-prune.js";
import { withRepository } from "../site.js";

export const prune: Command = {
  name: "prune",
  summary: "free what no snapshot uses",
  operands: [],
  flags: {
    ...pruneFlags,
    "dry-run": {
      kind: "switch",
      short: "n",
      description: "tell what this run would delete, give up and copy, and change nothing",
    },
  },
  examples: [
    ["prune", "delete what the last prune found, and find what is to go next"],
    ["prune --dry-run", "see what would be deleted, given up and copied"],
    ["prune --now --max-unused 0", "as much space as there is, in one run"],
  ],
  notes: [
    "Any number of prunes and backups may run at the same time, on any machines. A backup that began before has to end",
    "before anything is deleted. Exit code 22: there is no snapshot, or a place for one writer has an open session.",
  ],
  interrupted: "interrupted; nothing that is in use was deleted: the next prune goes on",
  async run(context) {
    const given = readPruneOptions(context);
    const isDryRun = context.options.switch("dry-run");
    return await withRepository(
      context,
      async (repository) => {
        await runPrune(repository, given, context, { isDryRun });
        return exitCodes.done;
      },
      { writes: !isDryRun, change: isDryRun ? undefined : "prune" },
    );
  },
};
