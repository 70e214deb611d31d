/**
 * Counts, beside work on entries of a snapshot, how many files they are, and of how many bytes: trees have no such counts.
 * It takes turns with the work, and what it meets is told by that alone.
 */
import { EntryInFolder } from "./restore/entry-in-folder.js";
import { groupOf } from "./restore/restore-run.js";
import type { Entry } from "./root-entries.js";
import { contentSize, type Node, NodeType } from "./tree/node.js";
import { Turns } from "./turns.js";

export interface Totals {
  readonly files: number;
  readonly bytes: number;
}

export interface Counting {
  /** With all below them. */
  readonly entries: readonly Entry[];
  /** What counts of a folder, a leaf at a time. */
  readonly leavesOf: (folder: Entry) => AsyncIterator<readonly Node[]>;
  /** When the work gets to run. */
  readonly turns: Turns;
  /** Files have their bytes once for each name. */
  readonly repeatsNames?: boolean;
  /** Told when all is counted. */
  readonly onTotals: (totals: Totals) => void;
}

/** Entries that are counted between two turns: to count one takes a hundredth of the work on it. */
const ENTRIES_A_TURN = 10_000;
/** Groups of names of one file that are remembered, about 100 bytes each; beyond, the file counts for each name. */
const GROUPS_MAX = 65_536;

/** For a {@link Counting}. @param now milliseconds */
export function countingTurns(now: () => number): Turns {
  return new Turns(now, ENTRIES_A_TURN);
}

/** Runs `action`, and counts meanwhile, as long as it runs. @throws what `action` does */
export async function whileCounting<T>(counting: Counting, action: () => Promise<T>): Promise<T> {
  const count = new TreeCount(counting);
  const counted = count.run();
  try {
    return await action();
  } finally {
    count.end();
    await counted;
  }
}

/** A folder on the way down: the folders of one leaf that are to be counted, and the leaves behind it. */
interface Level {
  readonly folder: Entry;
  readonly leaves: AsyncIterator<readonly Node[]>;
  folders: Entry[];
}

class TreeCount {
  readonly #counting: Counting;
  readonly #groups = new Set<string>();
  #files = 0;
  #bytes = 0;
  #isWanted = true;

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  /** Ends the count soon. */
  end(): void {
    this.#isWanted = false;
  }

  /** Never rejects: an estimate is worth no failure. */
  async run(): Promise<void> {
    const { entries, onTotals } = this.#counting;
    try {
      for (const entry of entries) await this.#entry(entry);
    } catch {
      // The work meets it, too, and tells.
      return;
    }
    if (this.#isWanted) onTotals({ files: this.#files, bytes: this.#bytes });
  }

  async #entry(entry: Entry): Promise<void> {
    if (entry.node.type !== NodeType.directory) this.#countFile(entry.node);
    else await this.#below(entry);
  }

  /** With the levels in a list: depth costs nothing. */
  async #below(start: Entry): Promise<void> {
    const levels = [this.#open(start)];
    for (let level = levels.at(-1); level !== undefined && this.#isWanted; level = levels.at(-1)) {
      const folder = level.folders.pop();
      if (folder !== undefined) levels.push(this.#open(folder));
      else if (!(await this.#countLeaf(level))) levels.pop();
    }
  }

  #open(folder: Entry): Level {
    return { folder, leaves: this.#counting.leavesOf(folder), folders: [] };
  }

  /** False when there is none any more. */
  async #countLeaf(level: Level): Promise<boolean> {
    const { value, done } = await level.leaves.next();
    if (done === true) return false;
    const { turns } = this.#counting;
    for (const node of value) {
      if (turns.entry()) await turns.take();
      if (node.type === NodeType.directory) level.folders.push(new EntryInFolder(level.folder, node, undefined));
      else this.#countFile(node);
    }
    return true;
  }

  #countFile(node: Node): void {
    if (node.type !== NodeType.file) return;
    this.#files++;
    if (node.content !== undefined && this.#isFirstName(node)) this.#bytes += contentSize(node.content);
  }

  #isFirstName({ linkGroup }: Node): boolean {
    if (linkGroup === undefined || this.#counting.repeatsNames === true) return true;
    const group = groupOf(linkGroup);
    if (this.#groups.has(group)) return false;
    if (this.#groups.size < GROUPS_MAX) this.#groups.add(group);
    return true;
  }
}
