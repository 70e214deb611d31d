/** Groups of snapshots that a policy is applied to, each by itself. */
import { BcatError } from "@bcat/errors";
import type { ListedSnapshot } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";

/** What snapshots of one group have in common. */
export const groupings = ["host", "paths", "tags"] as const;
export type Grouping = (typeof groupings)[number];

/** By what it was grouped is there, the rest is not. */
export interface GroupKey {
  readonly host?: string;
  /** Absolute, in bytes, sorted. */
  readonly paths?: readonly Uint8Array[];
  /** Sorted. */
  readonly tags?: readonly string[];
}

export interface SnapshotsOfGroup {
  readonly key: GroupKey;
  /** In the order of all. */
  readonly snapshots: readonly ListedSnapshot[];
}

/** `host,paths`, with restic's short forms; empty for one group. @throws BcatError usage */
export function parseGroupings(source: string, text: string): Grouping[] {
  const words = text.split(",").filter((word) => word !== "");
  return words.map((word) => {
    const found = groupings.find((name) => name === word || name === `${word}s`);
    if (found !== undefined) return found;
    throw new BcatError("usage", `Cannot use ${source}: "${word}" is not one of ${groupings.join(", ")}`);
  });
}

export function groupSnapshots(snapshots: readonly ListedSnapshot[], by: readonly Grouping[]): SnapshotsOfGroup[] {
  const groups = new Map<string, { key: GroupKey; snapshots: ListedSnapshot[] }>();
  for (const info of snapshots) {
    const key = keyOf(info, by);
    const name = JSON.stringify([key.host, key.paths?.map((path) => Buffer.from(path).toString("latin1")), key.tags]);
    const group = groups.get(name) ?? { key, snapshots: [] };
    groups.set(name, group);
    group.snapshots.push(info);
  }
  return [...groups.values()];
}

/** The last `count` of each group, in the order of all. */
export function latestOfGroups(
  snapshots: readonly ListedSnapshot[],
  by: readonly Grouping[],
  count: number,
): ListedSnapshot[] {
  const kept = new Set(groupSnapshots(snapshots, by).flatMap((group) => group.snapshots.slice(-count)));
  return snapshots.filter((info) => kept.has(info));
}

function keyOf({ snapshot }: ListedSnapshot, by: readonly Grouping[]): GroupKey {
  const { host, roots, tags } = snapshot;
  return {
    ...(by.includes("host") ? { host } : {}),
    ...(by.includes("paths") ? { paths: roots.map(({ path }) => path).sort(compareBytes) } : {}),
    ...(by.includes("tags") ? { tags: [...tags].sort() } : {}),
  };
}
