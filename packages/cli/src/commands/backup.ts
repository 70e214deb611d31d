/** `bcat backup`: keeps files and folders as a new snapshot. */
import { availableParallelism } from "node:os";
import { isBcatError, type OnNotice } from "@bcat/errors";
import { hadRepository, isPrivileged, loadOwnerNames, ownFolders, refuseReadOnly, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { AdoptedPacks, BackupOptions, BackupProgress, BackupSummary, RootParent } from "@bcat/snapshot";
import { acceptRollbackFlag } from "../accept-rollback.js";
import { parentsLine, parentsMessage, resumeLines } from "../backup-parents.js";
import { backupMessage, backupReport } from "../backup-report.js";
import { choiceFlags, printNeverMatching, readChoice } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { compressionFlag, compressionOf } from "../compression.js";
import { countOption } from "../count-option.js";
import { onEachFile } from "../each-entry.js";
import { exitCodes } from "../exit-code.js";
import { fileProgress } from "../file-progress.js";
import { pathsField } from "../json.js";
import type { OpenStream } from "../open-stream.js";
import type { Flags } from "../options.js";
import { startProgress } from "../progress.js";
import { requestsField } from "../requests.js";
import { createRepository, openRepository, siteOf, tellStanding } from "../site.js";
import { snapshotTime } from "../snapshot-time.js";
import { readSources, sourceFlags, takesListOnStdin } from "../sources.js";
import { type StreamSource, streamFlags, streamSourceOf } from "../stream-source.js";
import { tagFlag, tagsOf } from "../tags.js";
import { usageError } from "../usage.js";
import { printNotice, printWarning } from "../warning.js";

const flags: Flags = {
  init: { kind: "switch", description: "create the repository if there is none" },
  ...choiceFlags,
  ...sourceFlags,
  ...tagFlag,
  host: { kind: "text", short: "H", description: "host to name in the snapshot instead of this one" },
  parent: {
    kind: "text",
    value: "SNAPSHOT",
    description: "compare with this snapshot: a number, latest or latest~2 (default: newest that fits)",
  },
  force: { kind: "switch", short: "f", description: "compare with no snapshot: read every file" },
  "ignore-ctime": { kind: "switch", description: "do not read a file again for its change time alone" },
  "ignore-inode": { kind: "switch", description: "do not read a file again for its inode number or change time alone" },
  ...acceptRollbackFlag,
  "dry-run": { kind: "switch", short: "n", description: "read and count, but store nothing" },
  ...streamFlags,
  time: { kind: "text", description: 'time of the snapshot, such as "2012-11-01 22:08:41" (default: now)' },
  "skip-if-unchanged": { kind: "switch", description: "make no snapshot when nothing differs from the parent" },
  "read-special": { kind: "switch", description: "read block devices, and store what is on them as files" },
  "no-scan": { kind: "switch", description: "do not count the source ahead, for the progress of a first backup" },
  "with-atime": { kind: "switch", description: "store when each file and folder was read last" },
  ...compressionFlag,
  threads: {
    kind: "text",
    value: "N",
    description: "threads that read and pack, 1 for the main one alone, 33 at most (default: one a core)",
  },
  "read-concurrency": {
    kind: "text",
    value: "N",
    description: "threads where reading waits, such as on a network mount; the larger of the two counts",
  },
};

const STOPPING = "interrupted: what was done until now is brought to safety; once more ends it at once";

const ENDED_AT_ONCE =
  "ended at once; nothing was committed, but the next backup goes on from what is stored: checkpoints, and packs behind them";

export const progressForm = fileProgress<BackupProgress>((counts) => ({
  files_done: counts.filesDone,
  bytes_done: counts.bytesDone,
  error_count: counts.errors,
  current_files: counts.currentPath === undefined ? [] : pathsField([counts.currentPath]).paths,
}));

export const backup: Command = {
  name: "backup",
  summary: "keep files and folders as a new snapshot",
  operands: [{ name: "path", count: "many" }],
  flags,
  examples: [
    ["backup ~", "your home folder"],
    ["backup --init --tag daily /etc /srv", "two folders, creating the repository if there is none"],
    ["backup --stdin-filename shop.sql --stdin-from-command -- pg_dump shop", "what a command prints, if it ends well"],
    ['backup --exclude "*.o" --dry-run src', "see what a backup would add"],
  ],
  notes: [
    "Exit code 3: the snapshot is there, but some files could not be read, or changed whenever they were; each was named.",
  ],
  takesStdin: ({ options }) => options.switch("stdin") || takesListOnStdin(options),
  interrupted: "interrupted; nothing was committed",
  async run(context) {
    const { options, output } = context;
    tagsOf(options);
    if (options.text("parent") !== undefined && options.switch("force"))
      throw usageError("Cannot use both --parent and --force: one compares with that snapshot, the other with none");
    const stream = streamSourceOf(options, context.operands);
    const roots = stream === undefined ? await readSources(context) : [];
    const progress = startProgress(progressForm, context);
    const choice = await readChoice(context);
    const site = await siteOf(context);
    if (!options.switch("dry-run")) refuseReadOnly(site, "back up to");
    const { backupStream, neverMatching, PreparedBackup } = await import("@bcat/snapshot");
    if (stream === undefined) printNeverMatching(neverMatching(choice, roots), context);
    const onFile = onEachFile(context);
    const told: BackupOptions & { readonly now: () => number } = {
      ...backupOptions(context),
      ...choice,
      now: site.environment.now,
      ownFolders: ownFolders(site),
      owners: loadOwnerNames(),
      isPrivileged: isPrivileged(),
      onParents: (parents, adopted) => printParents(parents, adopted, context),
      ...(onFile && { onFile }),
      countAhead: progress.isTold && !options.switch("no-scan"),
      onProgress: (counts) => progress.update(counts),
      onWarning: (warning) => printWarning(warning, "archival", output),
    };
    await using prepared = new PreparedBackup(site.posix, roots, told);
    context.stop.defer(
      () => prepared.keepsAtStop,
      () => printNotice(STOPPING, "stopping", output),
      ENDED_AT_ONCE,
    );
    const lookAhead = () => stream === undefined && prepared.lookAhead();
    await using repository = await openOrCreate(site, roots, context, lookAhead);
    // Otherwise the backup says it when it is refused.
    if (options.switch("dry-run") || options.switch("accept-rollback")) await tellStanding(repository, context);
    using open = stream && (await openStream(stream, context.signal));
    // Who gives the stream may ask something first.
    const summary =
      open === undefined
        ? await prepared.run(repository)
        : await context.waiting.silently(() => backupStream(repository, open.toStore(), told));
    progress.finish();
    printSummary(summary, context);
    return summary.errors + summary.filesChangedWhileRead > 0 ? exitCodes.incomplete : exitCodes.done;
  },
};

async function openStream(stream: StreamSource, signal: AbortSignal): Promise<OpenStream> {
  const { OpenStream } = await import("../open-stream.js");
  return new OpenStream(stream, signal);
}

/** `onSecret` is called when a repository is about to be opened that is there, or was. */
async function openOrCreate(
  site: Site,
  roots: readonly Uint8Array[],
  context: Context,
  onSecret: () => void,
): Promise<Repository> {
  const { options, output } = context;
  const isDryRun = options.switch("dry-run");
  // A dry run accepts nothing for good.
  const acceptRollback = options.switch("accept-rollback") && !isDryRun;
  const onNotice: OnNotice = (line, code) => printNotice(line, code, output);
  const open = () => openRepository(site, context, { onSecret, onNotice, writes: !isDryRun, acceptRollback });
  try {
    return await open();
  } catch (error) {
    if (!isBcatError(error, "no-repository") || !options.switch("init") || isDryRun) throw error;
    if (await hadRepository(site)) throw error;
  }
  const { requireSource } = await import("@bcat/snapshot");
  if (roots.length > 0) requireSource(site.posix, roots, ownFolders(site));
  try {
    return await createRepository(site, context);
  } catch (error) {
    // Somebody else was faster.
    if (!isBcatError(error, "exists")) throw error;
    return await open();
  }
}

function backupOptions({ options, signal, stop }: Context): BackupOptions {
  const host = options.text("host");
  const compression = compressionOf(options);
  const parent = options.text("parent");
  const time = snapshotTime(options.text("time"));
  const ignoreInode = options.switch("ignore-inode");
  return {
    ...(parent === undefined ? {} : { parent }),
    force: options.switch("force"),
    // As restic has it: where inodes are made up, change times are too.
    ignoreCtime: ignoreInode || options.switch("ignore-ctime"),
    ignoreInode,
    tags: tagsOf(options),
    dryRun: options.switch("dry-run"),
    skipIfUnchanged: options.switch("skip-if-unchanged"),
    readSpecial: options.switch("read-special"),
    withAtime: options.switch("with-atime"),
    ...(time === undefined ? {} : { time }),
    signal,
    stop: stop.signal,
    ...(host === undefined ? {} : { host }),
    ...(compression === undefined ? {} : { compression }),
    threads: Math.max(
      countOption(options, "threads") ?? availableParallelism(),
      countOption(options, "read-concurrency") ?? 1,
    ),
  };
}

function printParents(parents: readonly RootParent[], adopted: AdoptedPacks, { options, output }: Context): void {
  if (output.quiet) return;
  if (output.json) {
    output.message(parentsMessage(parents, adopted));
    return;
  }
  const line = parentsLine(parents, options.text("parent"));
  if (line !== undefined) output.print(line);
  for (const found of resumeLines(parents, adopted)) output.print(found);
}

function printSummary(summary: BackupSummary, { output, meter }: Context): void {
  if (output.json) output.message({ ...backupMessage(summary), ...requestsField(meter) });
  else if (!output.quiet) for (const line of backupReport(summary)) output.print(line);
}
