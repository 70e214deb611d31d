/** `bcat snapshots`: what is there. */
import { CorruptError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import type { ListedSnapshot } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { withRepository } from "../site.js";
import { createFilter, latestAmong } from "../snapshot-filter.js";
import { snapshotFields, snapshotTable } from "../snapshot-list.js";

export const snapshots: Command = {
  name: "snapshots",
  summary: "list the snapshots",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    host: { kind: "list", short: "H", description: "only those of this host" },
    tag: { kind: "list", description: "only those with this tag, or with all of several with commas between" },
    path: { kind: "list", bytes: true, description: "only those of this path" },
  },
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
    const { parseSelector } = await import("@bcat/snapshot");
    for (const selector of operands) parseSelector(selector);
    const named = operands.map((selector) => ({ selector, among: latestAmong(context.options, selector) }));
    return await withRepository(context, async (repository) => {
      const { found, damage } = named.length > 0 ? await findNamed(repository, named) : await list(repository, context);
      signal.throwIfAborted();
      if (output.json) output.print(JSON.stringify(found.map(snapshotFields)));
      else if (found.length > 0)
        for (const line of snapshotTable(found, { allPaths: named.length > 0 })) output.print(line);
      else if (!output.quiet && damage.length === 0) output.note("no snapshots");
      if (damage.length > 0) throw new CorruptError(`Cannot list all snapshots: ${damage.join("; ")}`);
      return exitCodes.done;
    });
  },
};

interface Listed {
  readonly found: readonly ListedSnapshot[];
  readonly damage: readonly string[];
}

async function list(repository: Repository, { options }: Context): Promise<Listed> {
  const { listSnapshots } = await import("@bcat/snapshot");
  const damage: string[] = [];
  const all = await listSnapshots(repository, { onDamage: ({ message }) => damage.push(message) });
  return { found: all.filter(createFilter(options)), damage };
}

interface Named {
  readonly selector: string;
  readonly among: ReturnType<typeof latestAmong>;
}

/** In the order of their numbers, each once. */
async function findNamed(repository: Repository, named: readonly Named[]): Promise<Listed> {
  const { findSnapshot } = await import("@bcat/snapshot");
  const found = new Map<number, ListedSnapshot>();
  for (const { selector, among } of named) {
    const info = await findSnapshot(repository, selector, { among });
    found.set(info.number, info);
  }
  return { found: [...found.values()].sort((a, b) => a.number - b.number), damage: [] };
}
