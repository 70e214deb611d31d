/** What a restore does with what is there already: its flags, and what is said of it at the end. */
import { isPrivileged, loadOwnerNames, ownFolders, refuseReadOnly, type Site } from "@bcat/host";
import type { Overwrite, RestoreOptions, RestoreSummary } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { announceDeletion } from "./deletion.js";
import { formatBytes, formatItems } from "./format.js";
import type { Flags, Options } from "./options.js";
import { keptLine } from "./undoable-restore.js";
import { usageError } from "./usage.js";

/** As in the package, which is loaded only when there is something to restore. */
const modes: readonly Overwrite[] = ["always", "if-changed", "if-newer", "never"];

export const noUndoFlag: Flags = {
  "no-undo": { kind: "switch", description: "keep no snapshot of what is overwritten or deleted" },
};

export const overwriteFlags: Flags = {
  overwrite: {
    kind: "text",
    value: "HOW",
    choices: modes,
    description:
      "restore over what is there: always (what differs), if-changed (trusting size and time), if-newer (in the snapshot), never (only what is missing)",
  },
  delete: {
    kind: "switch",
    isOnlyTyped: true,
    description: "with --overwrite: delete what is in restored folders and not in the snapshot, after 15 seconds",
  },
  yes: {
    kind: "switch",
    short: "y",
    description: "with --delete: do not wait; needed without a terminal, and with --json",
  },
  ...noUndoFlag,
  verify: { kind: "switch", description: "read back what was restored, and compare it with the snapshot" },
};

/** Undefined when nothing may be in the way. */
export function overwriteOf(options: Options): Overwrite | undefined {
  const word = options.text("overwrite");
  return modes.find((mode) => mode === word);
}

/** True when the restore may write into the repository: what it overwrites. */
export function keepsOld(options: Options): boolean {
  return overwriteOf(options) !== undefined && !options.switch("no-undo") && !options.switch("dry-run");
}

/** @throws BcatError usage */
export function checkOverwrite({ options, output }: Context): void {
  const deletes = options.switch("delete");
  const overwrite = overwriteOf(options);
  for (const name of ["delete", "no-undo"] as const) {
    if (!options.switch(name) || overwrite !== undefined) continue;
    const found =
      name === "delete" ? "nothing that is there is touched" : "nothing is overwritten, and nothing to keep";
    throw usageError(`Cannot use --${name} without --overwrite: ${found} then; add --overwrite if-changed, or always`);
  }
  if (options.switch("yes") && !deletes)
    throw usageError("Cannot use --yes without --delete: there is nothing to wait for then");
  if (deletes && !options.switch("yes") && !options.switch("dry-run") && (output.json || !output.terminal))
    throw usageError("Cannot use --delete without --yes where nobody can see what will be deleted; --dry-run shows it");
}

/** @throws BcatError target-failed when the repository can only be read, and what is overwritten was to be kept */
export function inPlaceOptions(
  context: Context,
  site: Site,
): Pick<RestoreOptions, "overwrite" | "deletes" | "keep" | "ownFolders" | "verify"> {
  const { options } = context;
  const verify = options.switch("verify");
  const overwrite = overwriteOf(options);
  const common = { verify, ownFolders: ownFolders(site) };
  if (overwrite === undefined) return common;
  const onPlan: NonNullable<RestoreOptions["deletes"]>["onPlan"] = (plan) => announceDeletion(plan, context);
  return {
    ...common,
    overwrite,
    ...(options.switch("delete") ? { deletes: { onPlan } } : {}),
    ...(keepsOld(options) ? { keep: keepOptions(context, site) } : {}),
  };
}

export function keepOptions({ signal }: Context, site: Site): NonNullable<RestoreOptions["keep"]> {
  return {
    signal,
    owners: loadOwnerNames(),
    isPrivileged: isPrivileged(),
    begin: () => refuseReadOnly(site, "keep what is overwritten (--no-undo goes without) in"),
  };
}

/** In the summary of `--json`. */
export function inPlaceFields({
  filesUnchanged,
  bytesUnchanged,
  deleted,
  filesVerified,
  undoSnapshot,
}: RestoreSummary): object {
  return {
    files_unchanged: filesUnchanged,
    bytes_unchanged: bytesUnchanged,
    files_deleted: deleted,
    files_verified: filesVerified,
    ...(undoSnapshot === undefined ? {} : { undo_snapshot: undoSnapshot }),
  };
}

/** Lines for people; none when everything was restored anew. */
export function inPlaceLines({
  filesUnchanged,
  bytesUnchanged,
  deleted,
  filesVerified,
  undoSnapshot,
}: RestoreSummary): string[] {
  const unchanged = formatItems(filesUnchanged, "file or link", "files and links");
  return [
    ...(filesUnchanged === 0 && bytesUnchanged === 0
      ? []
      : [`already there: ${unchanged}; not fetched: ${formatBytes(bytesUnchanged)}`]),
    ...(deleted === 0 ? [] : [`deleted: ${formatItems(deleted, "entry", "entries")}`]),
    ...(filesVerified === 0 ? [] : [`read back and right: ${formatItems(filesVerified, "file")}`]),
    ...(undoSnapshot === undefined ? [] : [keptLine(undoSnapshot)]),
  ];
}
