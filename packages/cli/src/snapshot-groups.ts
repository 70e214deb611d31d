/** The flags that divide a list of snapshots: `--group-by`, and `--latest` of each group. */
import type { Grouping, ListedSnapshot, SnapshotsOfGroup } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { groupHeading } from "./group-heading.js";
import { pathsOrNull } from "./json.js";
import { type Flags, onlyTyped } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** Of what `--latest` counts, where nothing else is said; as restic does. */
const GROUPS_OF_LATEST: readonly Grouping[] = ["host", "paths"];

export const groupFlags: Flags = onlyTyped({
  latest: { kind: "text", value: "N", description: "of each group only the newest N (default group: host,paths)" },
  "group-by": {
    kind: "text",
    value: "WORDS",
    short: "g",
    mayBeEmpty: true,
    description: "a list for each host, paths and/or tags by itself, such as host,tags",
  },
});

/** What was asked for; `by` is empty for one list of all. */
export interface Division {
  readonly by: readonly Grouping[];
  readonly latest: number | undefined;
}

/** @throws BcatError usage */
export async function readDivision({ options, operands }: Pick<Context, "options" | "operands">): Promise<Division> {
  const { parseGroupings } = await import("@bcat/snapshot");
  const by = parseGroupings("--group-by", options.text("group-by") ?? "");
  const text = options.text("latest");
  if (text === undefined) return { by, latest: undefined };
  if (operands.length > 0) throw usageError("Cannot use --latest with numbers of snapshots: they say which");
  if (!/^[1-9]\d{0,8}$/.test(text)) throw usageError(`Cannot use --latest ${quoteText(text)}: give a number from 1 on`);
  return { by, latest: Number(text) };
}

export async function divide(infos: readonly ListedSnapshot[], { by, latest }: Division): Promise<SnapshotsOfGroup[]> {
  const { groupSnapshots, latestOfGroups } = await import("@bcat/snapshot");
  const of = by.length === 0 ? GROUPS_OF_LATEST : by;
  return groupSnapshots(latest === undefined ? infos : latestOfGroups(infos, of, latest), by);
}

/** The lists of all groups, each below its heading. */
export function groupLines(
  groups: readonly SnapshotsOfGroup[],
  list: (infos: readonly ListedSnapshot[]) => string[],
): string[] {
  return groups.flatMap(({ key, snapshots }, index) => [
    ...(index === 0 ? [] : [""]),
    ...groupHeading(key),
    ...list(snapshots),
  ]);
}

/** An element of the array of `--json --group-by`, as restic has it. */
export function groupFields({ key, snapshots }: SnapshotsOfGroup, fields: (info: ListedSnapshot) => object): object {
  return {
    group_key: { hostname: key.host ?? "", ...pathsOrNull(key.paths), tags: key.tags ?? null },
    snapshots: snapshots.map(fields),
  };
}
