/** `bcat ls`: the files of a snapshot. */
import type { Command } from "../command.js";
import { entryFields, entryLine } from "../entry.js";
import { exitCodes } from "../exit-code.js";
import { quoteName } from "../quote.js";
import { withRepository } from "../site.js";
import { printFlaws } from "../snapshot-flaws.js";
import { snapshotPath } from "../snapshot-path.js";

export const ls: Command = {
  name: "ls",
  summary: "list the files of a snapshot",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "path", count: "optional" },
  ],
  flags: { long: { kind: "switch", short: "l", description: "show mode, owner, size and time too" } },
  examples: [
    ["ls latest", "all paths of the newest snapshot"],
    ["ls -l 12 /home/me/photos", "a folder of snapshot 12, with details"],
    ["ls latest~1 --json", "as a JSON array"],
  ],
  notes: ["<snapshot> is a number, latest, or latest~2. In paths, \\xNN stands for a byte that cannot be shown."],
  interrupted: "interrupted",
  async run(context) {
    const { operands, options, output, signal } = context;
    const [selector = "", path] = operands;
    const inside = path === undefined ? undefined : snapshotPath(path);
    const long = options.switch("long");
    const { findSnapshot, listEntries, parseSelector } = await import("@bcat/snapshot");
    parseSelector(selector);
    return await withRepository(context, async (repository) => {
      const snapshot = await findSnapshot(repository, selector);
      let separator = "[";
      for await (const entry of listEntries(repository, snapshot, inside)) {
        signal.throwIfAborted();
        if (output.json) output.print(`${separator}${JSON.stringify(entryFields(entry))}`);
        else output.print(long ? entryLine(entry) : quoteName(entry.path));
        separator = ",";
        await output.drain();
        if (output.closed) break;
      }
      if (output.json) output.print(separator === "[" ? "[]" : "]");
      if (!output.quiet) printFlaws(snapshot, output);
      return exitCodes.done;
    });
  },
};
