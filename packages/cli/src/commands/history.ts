/** `bcat history`: the versions of a file through all snapshots. */
import { BcatError } from "@bcat/errors";
import { absolutePathBytes } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { historyFields, historyLines } from "../history-report.js";
import { chooseSnapshots, choosingFlags } from "../named-snapshots.js";
import { quoteName } from "../quote.js";
import { withRepository } from "../site.js";

export const history: Command = {
  name: "history",
  summary: "show every version of a file or folder that snapshots have",
  operands: [{ name: "path", count: "one" }],
  flags: choosingFlags,
  examples: [
    ["history ~/thesis.odt", "when it was new, when it changed, when it was deleted, and where it went"],
    ["history /etc/passwd --host web1", "of one host"],
    ["history ~/thesis.odt --json", "as a JSON array, a host each"],
  ],
  notes: [
    "The path is absolute, or relative to the current folder. Of a folder, other content means that something in it changed. Restore a version with bcat restore NUMBER PATH TARGET.",
  ],
  interrupted: "interrupted",
  async run(context) {
    const path = absolutePathBytes(context.operands[0]!);
    return await withRepository(context, (repository) => tell(repository, path, context));
  },
};

async function tell(repository: Repository, path: Uint8Array, context: Context): Promise<number> {
  const { output, signal } = context;
  const { pathHistory } = await import("@bcat/snapshot");
  const snapshots = await chooseSnapshots(repository, { ...context, operands: [] });
  const hosts = await pathHistory(repository, { path, snapshots, signal });
  if (hosts.length === 0)
    throw new BcatError(
      "not-found",
      `Cannot find "${quoteName(path)}": no snapshot has it; bcat find looks for a name in all folders`,
    );
  if (output.json) output.print(JSON.stringify(hosts.map(historyFields)));
  else
    for (const line of hosts.flatMap((host, i) => [...(i === 0 ? [] : [""]), ...historyLines(host, output.columns)]))
      output.print(line);
  return exitCodes.done;
}
