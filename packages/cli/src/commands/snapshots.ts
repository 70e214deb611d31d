/** `bcat snapshots`: what is there. */
import { CorruptError } from "@bcat/errors";
import type { ListedSnapshot, SnapshotsOfGroup } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { checkSelectors, choosingFlags, findSnapshots } from "../named-snapshots.js";
import { withRepository } from "../site.js";
import { createFilter, noneFound } from "../snapshot-filter.js";
import { type Division, divide, groupFields, groupFlags, groupLines, readDivision } from "../snapshot-groups.js";
import { snapshotFields, snapshotTable, type TableOptions } from "../snapshot-list.js";
import { formatNumbers } from "../snapshot-numbers.js";
import { snapshotScreen } from "../snapshot-screen.js";
import { createTimeThere } from "../time-there.js";
import { usageError } from "../usage.js";

export const snapshots: Command = {
  name: "snapshots",
  summary: "list the snapshots",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    ...choosingFlags,
    ...groupFlags,
    compact: { kind: "switch", short: "c", description: "a line each, without paths" },
    forgotten: { kind: "switch", description: "instead those that were forgotten, and bcat undelete may bring back" },
    partial: { kind: "switch", description: "also what was kept of backups that did not end" },
  },
  examples: [
    ["snapshots", "all of them"],
    ["snapshots --tag daily --path /srv", "those of a tag and a path"],
    ["snapshots 12 latest", "these, with all of their paths"],
    ["snapshots --latest 1", "the newest of each host and paths"],
    ["snapshots --group-by host --compact", "a short list for each host"],
  ],
  notes: [
    '<snapshot> is a number, latest, or latest~2. Times are those of this machine; "there" is what clocks showed where a snapshot was made.',
  ],
  interrupted: "interrupted",
  async run(context) {
    const { options, output, signal } = context;
    await checkSelectors(context);
    const division = await readDivision(context);
    if (options.switch("forgotten")) return await listForgotten(context);
    return await withRepository(context, async (repository) => {
      const { found, others, damage } = await findSnapshots(repository, context, {
        withPartial: options.switch("partial"),
      });
      signal.throwIfAborted();
      const pinNote = (number: number) => repository.history.pinNote(number);
      const fields = (info: ListedSnapshot) => snapshotFields(info, pinNote);
      const groups = await divide(found, division);
      if (output.json) output.print(JSON.stringify(jsonOf(groups, division, fields)));
      else if (found.length > 0) printList(groups, { pinNote, zone: repository.environment.zone }, context);
      else if (!output.quiet && damage.length === 0) output.note(noneFound(others));
      if (damage.length > 0) throw new CorruptError(`Cannot list all snapshots: ${damage.join("; ")}`);
      return exitCodes.done;
    });
  },
};

function jsonOf(groups: readonly SnapshotsOfGroup[], { by }: Division, fields: (info: ListedSnapshot) => object) {
  if (by.length > 0) return groups.map((group) => groupFields(group, fields));
  return groups.flatMap(({ snapshots }) => snapshots.map(fields));
}

function printList(
  groups: readonly SnapshotsOfGroup[],
  { zone, ...given }: TableOptions & { readonly zone: string },
  { operands, options, output }: Context,
): void {
  const table = { ...given, allPaths: operands.length > 0, timeThere: createTimeThere(zone) };
  const screen = { ...table, compact: options.switch("compact"), width: output.columns ?? Number.POSITIVE_INFINITY };
  const isTable = output.columns === undefined && !screen.compact;
  const list = (infos: readonly ListedSnapshot[]) =>
    isTable ? snapshotTable(infos, table) : snapshotScreen(infos, screen);
  for (const line of groupLines(groups, list)) output.print(line);
}

async function listForgotten(context: Context): Promise<number> {
  const { operands, options, output } = context;
  const typed = Object.keys(groupFlags).find((name) => options.isTyped(name));
  if (typed !== undefined) throw usageError(`Cannot use --${typed} with --forgotten: it lists them all`);
  if (operands.length > 0) throw usageError("Cannot use --forgotten with numbers of snapshots: it lists them all");
  return await withRepository(context, async (repository) => {
    const { forgottenSnapshots, takenByPrune } = await import("@bcat/snapshot");
    await repository.refresh();
    const all = forgottenSnapshots(repository);
    const forgotten = all.filter(createFilter(options));
    const taken = await takenByPrune(repository, forgotten);
    const found = forgotten.filter(({ number }) => !taken.has(number));
    const fields = (info: (typeof found)[number]) => ({
      ...snapshotFields(info),
      forgotten: true,
      whole: info.isWhole,
      ...(info.successor === undefined ? {} : { successor: String(info.successor) }),
    });
    if (output.json) output.print(JSON.stringify(found.map(fields)));
    else if (found.length > 0) {
      const successors = new Map(found.map(({ number, successor }) => [number, successor]));
      const successor = (number: number) => successors.get(number);
      printList([{ key: {}, snapshots: found }], { successor, zone: repository.environment.zone }, context);
    } else if (!output.quiet && forgotten.length < all.length) output.note(noneFound(all.length - forgotten.length));
    else if (!output.quiet) output.note(`no forgotten snapshots${taken.size === 0 ? "" : " that may be brought back"}`);
    if (taken.size > 0 && !output.json && !output.quiet)
      output.note(`prune has taken data of ${formatNumbers([...taken])}: not shown`);
    const doubtful = found.filter(({ isWhole }) => !isWhole).map(({ number }) => number);
    if (doubtful.length > 0 && !output.json && !output.quiet)
      output.note(`prune may have taken data of ${formatNumbers(doubtful)}: bcat undelete tells`);
    return exitCodes.done;
  });
}
