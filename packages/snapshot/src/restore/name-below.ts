/** Names what cannot be restored because the folder that it is in could not be made. */
import { ArchivedError, isBcatError } from "@bcat/errors";
import { joinPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import { NodeType } from "../tree/node.js";
import type { RestoreRun } from "./restore-run.js";
import type { WantedNodes } from "./wanted-nodes.js";

/** Reports everything that is wanted below an entry that could not be made, as far as it can be read. */
export async function nameBelow(nodes: WantedNodes, run: RestoreRun, entry: Entry): Promise<void> {
  const waiting = entry.node.type === NodeType.directory ? [entry] : [];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    try {
      for await (const children of nodes.in(folder)) {
        for (const child of children) {
          const below = { path: joinPath(folder.path, child.name), node: child };
          run.report(below.path, "the folder that it is in could not be made", "folder-not-made");
          if (child.type === NodeType.directory) waiting.push(below);
          await run.breathe(0);
        }
      }
    } catch (error) {
      // The folder is named already; what is in it nobody can tell.
      if (!isBcatError(error, "corrupt") && !(error instanceof ArchivedError)) throw error;
    }
  }
}
