/** Counts what cannot be restored because the folder that it is in could not be made, or not be entered. */
import { ArchivedError, isBcatError } from "@bcat/errors";
import { joinPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import { NodeType } from "../tree/node.js";
import type { RestoreRun } from "./restore-run.js";
import type { WantedNodes } from "./wanted-nodes.js";

/** Entries that are wanted below one, as far as the trees can be read. */
export async function countBelow(nodes: WantedNodes, run: RestoreRun, entry: Entry): Promise<number> {
  let count = 0;
  const waiting = entry.node.type === NodeType.directory ? [entry] : [];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    try {
      for await (const children of nodes.in(folder)) {
        count += children.length;
        for (const child of children) {
          if (child.type === NodeType.directory) waiting.push({ path: joinPath(folder.path, child.name), node: child });
          await run.breathe(0);
        }
      }
    } catch (error) {
      // The folder is named; what is in it nobody can tell.
      if (!isBcatError(error, "corrupt") && !(error instanceof ArchivedError)) throw error;
    }
  }
  return count;
}
