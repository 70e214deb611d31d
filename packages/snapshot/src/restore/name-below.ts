/** Names what cannot be restored because the folder that it is in could not be made. */
import { ArchivedError, isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { joinPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import { NodeType } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { RestoreRun } from "./restore-run.js";

/** Reports everything below an entry that could not be made, as far as it can be read. */
export async function nameBelow(repository: Repository, run: RestoreRun, entry: Entry): Promise<void> {
  const waiting = entry.node.type === NodeType.directory ? [entry] : [];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    try {
      for await (const nodes of readNodes(repository, folder.node.subtree!)) {
        for (const child of nodes) {
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
