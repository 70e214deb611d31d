/** `bcat ls`: the files of a snapshot. */
import type { Entry } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { entryFields } from "../entry.js";
import { entryFlags, entryLines } from "../entry-flags.js";
import { sortEntries, sorts } from "../entry-order.js";
import { exitCodes } from "../exit-code.js";
import { divideSnapshot } from "../restore-words.js";
import { withRepository } from "../site.js";
import { latestAmong, latestFlags } from "../snapshot-filter.js";
import { printFlaws } from "../snapshot-flaws.js";
import { currentFolder, snapshotPath, snapshotPathIn } from "../snapshot-path.js";

export const ls: Command = {
  name: "ls",
  summary: "list the files of a snapshot",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "path", count: "many" },
  ],
  flags: {
    ...entryFlags,
    recursive: { kind: "switch", description: "of a path also what is in the folders below it" },
    sort: { kind: "text", value: "ORDER", short: "s", choices: sorts, description: "in this order (default: name)" },
    reverse: { kind: "switch", description: "in the opposite order" },
    ...latestFlags,
  },
  examples: [
    ["ls latest", "all paths of the newest snapshot"],
    ["ls -l 12 /home/me/photos", "a folder of snapshot 12, with details"],
    ["ls latest --recursive --long --sort size --reverse src", "all below a folder, the largest first"],
    ["ls latest~1 --json", "as a JSON array"],
  ],
  notes: [
    "<snapshot> is a number, latest, or latest~2. Of a folder that is named what is right in it is listed, also of one above what was backed up. Paths are absolute, or relative to the current folder or to what was backed up. In what is printed, \\xNN stands for a byte that cannot be shown; a path may be typed so, too.",
  ],
  interrupted: "interrupted",
  async run(context) {
    const { operands, options } = context;
    const [word = "", ...typed] = operands;
    const { selector, sub } = divideSnapshot(word);
    const inside = pathsOf(typed, sub);
    const { findSnapshot, listEntries, parseSelector } = await import("@bcat/snapshot");
    parseSelector(selector);
    const among = latestAmong(options, selector);
    return await withRepository(context, async (repository) => {
      const snapshot = await findSnapshot(repository, selector, { among });
      const walk = { currentFolder: currentFolder(), recursive: options.switch("recursive") };
      await printEntries(
        inOrder(
          each(inside, (path) => listEntries(repository, snapshot, path, walk)),
          context,
        ),
        context,
      );
      if (!context.output.quiet) printFlaws(snapshot, context.output);
      return exitCodes.done;
    });
  },
};

/** A path that was typed twice is listed once. */
function pathsOf(typed: readonly string[], sub: string | undefined): (Uint8Array | undefined)[] {
  if (typed.length === 0) return [sub === undefined ? undefined : snapshotPath(sub)];
  return [...new Set(typed)].map((word) => (sub === undefined ? snapshotPath(word) : snapshotPathIn(sub, word)));
}

async function* each<Path>(paths: readonly Path[], list: (path: Path) => AsyncGenerator<Entry>): AsyncGenerator<Entry> {
  for (const path of paths) yield* list(path);
}

/** As the walk gives them, unless another order was asked for: they are then all held in memory. */
async function* inOrder(entries: AsyncIterable<Entry>, { options, signal }: Context): AsyncGenerator<Entry> {
  const sort = sorts.find((name) => name === options.text("sort")) ?? "name";
  const reverse = options.switch("reverse");
  if (sort === "name" && !reverse) yield* entries;
  else yield* await sortEntries(entries, { sort, reverse, signal });
}

async function printEntries(entries: AsyncIterable<Entry>, { options, output, signal }: Context): Promise<void> {
  const lines = output.json ? jsonLines(entries) : entryLines(entries, options, output.columns);
  for await (const line of lines) {
    signal.throwIfAborted();
    output.print(line);
    await output.drain();
    if (output.closed) break;
  }
}

/** An array, of an element a line. */
async function* jsonLines(entries: AsyncIterable<Entry>): AsyncGenerator<string> {
  let separator = "[";
  for await (const entry of entries) {
    yield `${separator}${JSON.stringify(entryFields(entry))}`;
    separator = ",";
  }
  yield separator === "[" ? "[]" : "]";
}
