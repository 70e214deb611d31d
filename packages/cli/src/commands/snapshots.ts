/** `bcat snapshots`: what is there. */
import { CorruptError } from "@bcat/errors";
import { absolutePathBytes } from "@bcat/host";
import type { ListedSnapshot } from "@bcat/snapshot";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import type { Options } from "../options.js";
import { withRepository } from "../site.js";
import { snapshotFields, snapshotTable } from "../snapshot-list.js";

export const snapshots: Command = {
  name: "snapshots",
  summary: "list the snapshots",
  operands: [],
  flags: {
    host: { kind: "list", short: "H", description: "only those of this host" },
    tag: { kind: "list", description: "only those with this tag, or with all of several with commas between" },
    path: { kind: "list", description: "only those of this path" },
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

/** As restic: one of the hosts, all tags of one of the flags, and all paths. */
function createFilter(options: Options): (info: ListedSnapshot) => boolean {
  const hosts = options.list("host");
  const tags = options.list("tag").map((words) => words.split(","));
  const paths = options.list("path").map((path) => Buffer.from(absolutePathBytes(path)));
  return ({ snapshot }) =>
    (hosts.length === 0 || hosts.includes(snapshot.host)) &&
    (tags.length === 0 || tags.some((all) => all.every((tag) => snapshot.tags.includes(tag)))) &&
    paths.every((path) => snapshot.roots.some((root) => path.equals(root.path)));
}
