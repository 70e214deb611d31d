/** `bcat tag`: changes the tags of snapshots. */
import type { Repository } from "@bcat/repository";
import type { ListedSnapshot, TagChange } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { type Options, onlyTyped } from "../options.js";
import { withRepository } from "../site.js";
import { createFilter, filterFlagsWithLetter, noneFound } from "../snapshot-filter.js";
import { findNumbers, parseNumberWords, requireAll } from "../snapshot-numbers.js";
import { refuseOwnTag } from "../tags.js";
import { usageError } from "../usage.js";

const changes = ["add", "remove", "set"] as const;

export const tag: Command = {
  name: "tag",
  summary: "change the tags of snapshots",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    ...onlyTyped({
      add: { kind: "list", value: "TAG", commas: true, description: "tag to add, or several with commas between" },
      remove: {
        kind: "list",
        value: "TAG",
        commas: true,
        description: "tag to take away, or several with commas between",
      },
      set: {
        kind: "list",
        value: "TAG",
        commas: true,
        mayBeEmpty: true,
        description: "the tags to have from now on; '' for none",
      },
    }),
    ...filterFlagsWithLetter,
  },
  examples: [
    ["tag 3 5-9 --add keep", "of these"],
    ["tag --set monthly,archive latest", "instead of those that it has"],
    ["tag --tag tmp --remove tmp", "of all that have it"],
  ],
  notes: [
    "Each snapshot that changes gets a new number, and stands in the list where it stood. No data is read or moved.",
  ],
  interrupted: "interrupted; bcat snapshots shows what has changed",
  async run(context) {
    const { operands, options, output } = context;
    const change = readChange(options);
    const words = parseNumberWords(operands);
    const use = async (repository: Repository) => {
      const { keptSnapshots } = await import("@bcat/snapshot");
      await repository.refresh();
      const all = keptSnapshots(repository).filter(({ snapshot }) => snapshot.complete);
      const known = all.map(({ number }) => number);
      const numbers = words.length === 0 ? known : await findNumbers(repository, words, known);
      await requireAll(repository, { numbers, known, action: "tag" });
      const named = all.filter(({ number }) => numbers.includes(number));
      const chosen = named.filter(createFilter(options));
      if (chosen.length === 0 && !output.quiet && !output.json) output.note(noneFound(named.length));
      const changed = await changeAll(repository, chosen, change, context);
      const done = changed === 0 ? "no snapshot has changed" : `changed ${formatItems(changed, "snapshot")}`;
      if (output.json) output.message({ message_type: "summary", changed_snapshots: changed });
      else if (!output.quiet) output.print(done);
      return exitCodes.done;
    };
    return await withRepository(context, use, { writes: true, change: "tag snapshots of" });
  },
};

/** @throws {BcatError} with code "usage" */
function readChange(options: Options): TagChange {
  const [add, remove, set] = changes.map((name) => options.list(name));
  if (add!.length + remove!.length + set!.length === 0)
    throw usageError("Cannot tag: say what to do, with --add, --remove or --set");
  if (set!.length > 0 && add!.length + remove!.length > 0)
    throw usageError("Cannot use --set with --add or --remove: it sets them all");
  refuseOwnTag([...add!, ...remove!, ...set!]);
  return set!.length === 0 ? { add: add!, remove: remove! } : { set: set!.filter((word) => word !== "") };
}

/** How many have changed. */
async function changeAll(
  repository: Repository,
  chosen: readonly ListedSnapshot[],
  change: TagChange,
  { output, signal }: Context,
): Promise<number> {
  const { tagSnapshot } = await import("@bcat/snapshot");
  let changed = 0;
  for (const info of chosen) {
    signal.throwIfAborted();
    const number = await tagSnapshot(repository, info, change, { signal });
    if (number === undefined) continue;
    changed++;
    const ids = { old_snapshot_id: String(info.number), new_snapshot_id: String(number) };
    if (output.json) output.message({ message_type: "changed", ...ids });
    else if (!output.quiet) output.print(`snapshot ${info.number} is snapshot ${number} now`);
  }
  return changed;
}
