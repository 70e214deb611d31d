/** What of a snapshot a restore is to give back, and as whose: its options, made into what decides about each entry. */
import { type Repository, SnapshotRecords } from "@bcat/repository";
import { joinPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import type { Totals } from "../tree-count.js";
import type { RestoreOptions } from "./options.js";
import { OwnerMapping } from "./owners.js";
import { type PlannedEntry, planRestore, type Wanted } from "./plan.js";
import { compilePatterns, Selection } from "./selection.js";
import { UnreadPaths } from "./unread-paths.js";
import type { WantedNodes, WantedNodesParts } from "./wanted-nodes.js";

const ROOT = Uint8Array.of(0x2f);

export interface Choice extends Omit<WantedNodesParts, "repository" | "breathe"> {
  readonly plan: readonly PlannedEntry[];
  /** What there is to restore in all, where that is known. */
  readonly totals: Totals | undefined;
  /** The snapshot says which attributes its entries have, and they are all restored. */
  readonly recordsAttributes: boolean;
  /** Also those that take privileges to see. */
  readonly recordsAllAttributes: boolean;
  /** The snapshot says which inode flags its entries have. */
  readonly recordsFlags: boolean;
}

/** What a restore begins with. @throws BcatError not-found, usage */
export async function choose(
  repository: Repository,
  info: SnapshotInfo,
  wanted: Wanted,
  options: RestoreOptions,
): Promise<Choice> {
  // What was typed is looked at before anything of the repository.
  const takesAttribute = attributeTest(options);
  const isSelected = hasPatterns(options);
  if (isSelected) new Selection(options, ROOT);
  const { entries, base } = await planRestore(repository, info, wanted, options);
  const { counts, records = 0 } = info.snapshot;
  const isAll = (wanted === "all" || wanted === "full-paths") && !isSelected;
  return {
    plan: entries,
    owners: new OwnerMapping(options.owners ?? { by: "numbers" }),
    selection: isSelected ? new Selection(options, base) : undefined,
    takesAttribute,
    unread: new UnreadPaths(info.snapshot.errors),
    totals: isAll ? { files: counts.files, bytes: counts.bytes } : undefined,
    recordsAllAttributes: (records & SnapshotRecords.allAttributes) !== 0,
    recordsFlags: (records & SnapshotRecords.flags) !== 0,
    recordsAttributes: (records & SnapshotRecords.attributes) !== 0 && takesAttribute === undefined,
  };
}

/** Those of a plan that something is wanted of, with the owners and attributes that they are to have. */
export async function wantedEntries(
  nodes: WantedNodes,
  plan: readonly PlannedEntry[],
  wanted: Wanted,
): Promise<PlannedEntry[]> {
  const isNamed = wanted !== "all" && wanted !== "full-paths";
  const found: PlannedEntry[] = [];
  for (const planned of plan) {
    if (!(await nodes.begins(planned.entry, isNamed))) continue;
    nodes.begin(planned.entry.node);
    for (const { node } of planned.folders) if (node !== undefined) nodes.begin(node);
    found.push(planned);
  }
  return found;
}

function hasPatterns({ includes, excludes, iincludes, iexcludes }: RestoreOptions): boolean {
  return [includes, excludes, iincludes, iexcludes].some((patterns) => patterns?.some((one) => one !== "") === true);
}

/** As restic: patterns are about names as they are about paths, and it is either what to take or what to leave. */
function attributeTest({
  includeAttributes = [],
  excludeAttributes = [],
}: RestoreOptions): WantedNodesParts["takesAttribute"] {
  const [taken, left] = [compilePatterns(includeAttributes), compilePatterns(excludeAttributes)];
  if (taken === undefined && left === undefined) return undefined;
  return (name) => {
    const path = joinPath(ROOT, name);
    const isFile = () => false;
    return taken?.(path, isFile) !== false && left?.(path, isFile) !== true;
  };
}
