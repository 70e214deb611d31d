/** The entries of an archive, in order: a folder before what is in it, by name. A folder that cannot be read is reported. */
import { isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { joinPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import { type Node, NodeType } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { DumpRun } from "./dump-run.js";

/** A folder that is being walked: the rest of a leaf, and the leaves behind it. */
interface Level {
  readonly path: Uint8Array;
  readonly leaves: AsyncGenerator<readonly Node[]>;
  nodes: readonly Node[];
  next: number;
}

/** With the levels in a list: depth costs nothing. */
export async function* walkEntries(repository: Repository, run: DumpRun, start: Entry): AsyncGenerator<Entry> {
  yield start;
  const levels = [openLevel(repository, start)];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (level.next === level.nodes.length) {
      if (!(await hasMore(level, repository, run))) levels.pop();
      continue;
    }
    const node = level.nodes[level.next++]!;
    const entry = { path: joinPath(level.path, node.name), node };
    yield entry;
    if (node.type === NodeType.directory) levels.push(openLevel(repository, entry));
  }
}

function openLevel(repository: Repository, { path, node }: Entry): Level {
  const leaves = node.subtree === undefined ? noLeaves() : readNodes(repository, node.subtree);
  return { path, leaves, nodes: [], next: 0 };
}

async function* noLeaves(): AsyncGenerator<readonly Node[]> {}

/** Reads the next leaf. @throws StorageError when the storage is gone */
async function hasMore(level: Level, repository: Repository, run: DumpRun): Promise<boolean> {
  try {
    const { value, done } = await level.leaves.next();
    if (done === true) return false;
    level.nodes = value;
    level.next = 0;
    return true;
  } catch (error) {
    await tolerate(repository, error);
    run.report(level.path, error);
    return false;
  }
}

/** Passes on what says nothing of one entry: a storage that is gone, an interrupt, a fault of this program. */
export async function tolerate(repository: Repository, error: unknown): Promise<void> {
  if (isBcatError(error, "corrupt")) return;
  if (isBcatError(error, "storage-failed") && (await repository.isOfObject(error))) return;
  throw error;
}
