/** Writes what a snapshot has at a path as one stream: the bytes of a file, or an archive of a folder. */
import type { Repository } from "@bcat/repository";
import type { SnapshotInfo } from "../snapshots.js";
import { contentSize } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import { countingTurns, whileCounting } from "../tree-count.js";
import { walkEntries } from "./archive-walk.js";
import { DumpRun } from "./dump-run.js";
import { dumpFile } from "./file-dump.js";
import type { DumpOptions, DumpSink, DumpSummary } from "./options.js";
import { type DumpPlan, nameInArchive, planDump } from "./plan.js";
import { type ArchiveParts, TarDump } from "./tar-dump.js";
import { ZipDump } from "./zip-dump.js";

/**
 * Dumps `path` of a snapshot, or all of it. A file is its bytes; what is above, an archive of everything there.
 *
 * A file that cannot be read ends the dump with an error, whatever has been written of it. An entry of an archive that
 * cannot be read is reported and left out, as long as nothing of it has been written; otherwise the dump ends.
 *
 * @throws BcatError not-found, usage, interrupted; CorruptError; StorageError; what the sink throws
 */
export async function dump(
  given: Repository,
  info: SnapshotInfo,
  path: Uint8Array | "all",
  sink: DumpSink,
  options: DumpOptions,
): Promise<DumpSummary> {
  const repository = given.withSignal(options.signal);
  await repository.index();
  const plan = await planDump(repository, info, path, options);
  const { form, entries } = plan;
  options.onStart?.(form);
  const run = new DumpRun({ form, options, totals: totalsOf(info, path, plan) }, repository.environment.now);
  const work = async () => {
    if (form === "file") await dumpFile({ repository, run, sink }, entries[0]!);
    else await dumpArchive({ repository, run, sink }, plan);
  };
  if (options.countAhead === true && run.totals === undefined)
    await whileCounting(
      {
        entries,
        leavesOf: ({ node }) => readNodes(repository, node.subtree!),
        turns: countingTurns(repository.environment.now),
        repeatsNames: form === "zip",
        onTotals: run.expect,
      },
      work,
    );
  else await work();
  run.noteLeftOut();
  run.showEnd();
  return run.summary();
}

function totalsOf({ snapshot }: SnapshotInfo, path: Uint8Array | "all", { form, entries }: DumpPlan) {
  const content = form === "file" ? entries[0]?.node.content : undefined;
  if (content !== undefined) return { files: 1, bytes: contentSize(content) };
  // A zip has no links.
  return path === "all" && form !== "zip" ? { files: snapshot.counts.files, bytes: snapshot.counts.bytes } : undefined;
}

async function dumpArchive(parts: ArchiveParts, { form, entries, folders, below }: DumpPlan): Promise<void> {
  const archive = form === "zip" ? new ZipDump(parts) : new TarDump(parts);
  try {
    for (const folder of folders) await archive.add({ ...folder, name: nameInArchive(folder, below) });
    for (const start of entries) {
      for await (const entry of walkEntries(parts.repository, parts.run, start)) {
        parts.run.reach(entry.path);
        await archive.add({ ...entry, name: nameInArchive(entry, below) });
      }
    }
    await archive.finish();
  } finally {
    await archive.close();
  }
}
