/** `bcat list`: names of what lies in a repository. */

import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { objectKinds } from "../inspected.js";
import { withRepository } from "../site.js";
import { usageError } from "../usage.js";

export const list: Command = {
  name: "list",
  summary: "list what lies in the repository, by name",
  operands: [{ name: "what", count: "one", shown: objectKinds.join("|") }],
  flags: {},
  examples: [
    ["list packs", "the packs that the index names"],
    ["list blobs --json", "all chunks: their kind and the first half of their ids"],
  ],
  notes: ["For whoever looks for a fault: bcat cat shows each, and docs/format.md says what it means."],
  interrupted: "interrupted",
  async run(context) {
    const { operands, output, signal } = context;
    const what = objectKinds.find((kind) => kind === operands[0]);
    if (what === undefined) throw usageError(`Cannot list "${operands[0]}": say ${objectKinds.join(", ")}`);
    return await withRepository(context, async (repository) => {
      const { listObjectNames } = await import("@bcat/repository");
      let separator = "[";
      for await (const name of listObjectNames(repository.withSignal(signal), what)) {
        signal.throwIfAborted();
        output.print(output.json ? `${separator}${JSON.stringify(name)}` : name);
        separator = ",";
        await output.drain();
        if (output.closed) break;
      }
      if (output.json) output.print(separator === "[" ? "[]" : "]");
      return exitCodes.done;
    });
  },
};
