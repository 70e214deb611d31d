/** `bcat dump`: a file of a snapshot, or a folder as an archive, as one stream. */
import { randomBytes } from "node:crypto";
import { BcatError } from "@bcat/errors";
import { ownFolders } from "@bcat/host";
import type { DumpForm, DumpProgress, DumpSummary } from "@bcat/snapshot";
import { archiveFormats, checkFormat, formatOfName } from "../archive-format.js";
import { type ByteSink, ClosedPipe, type FileSinkOptions, fileSink, isTerminal, stdoutSink } from "../byte-sink.js";
import type { Command, Context } from "../command.js";
import { DamageNote } from "../damage-note.js";
import { exitCodes } from "../exit-code.js";
import { fileProgress } from "../file-progress.js";
import { formatBytes, formatDuration, formatItems, formatLeftOut } from "../format.js";
import type { Options } from "../options.js";
import type { Output } from "../output.js";
import { startProgress } from "../progress.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { divideSnapshot } from "../restore-words.js";
import { withRepository } from "../site.js";
import { latestAmong, latestFlags } from "../snapshot-filter.js";
import { printPartial } from "../snapshot-flaws.js";
import { currentFolder, snapshotPath } from "../snapshot-path.js";
import { usageError } from "../usage.js";
import { printWarning } from "../warning.js";

export const progressForm = fileProgress<DumpProgress>((counts) => ({
  files_dumped: counts.filesDone,
  bytes_dumped: counts.bytesDone,
  error_count: counts.errors,
}));

export const dump: Command = {
  name: "dump",
  summary: "write a file of a snapshot, or a folder as an archive, to stdout",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "path", count: "one" },
  ],
  flags: {
    archive: {
      kind: "text",
      value: "FORM",
      short: "a",
      choices: archiveFormats,
      description: "form of an archive, also of a file (default for folders: what the name of --target says, or tar)",
    },
    target: {
      kind: "text",
      isOnlyTyped: true,
      bytes: true,
      short: "t",
      description: "file to write to instead of stdout; it has its name only when it is whole",
    },
    ...latestFlags,
  },
  examples: [
    ["dump latest /home/me/notes.txt | less", "a file"],
    ["dump 12 /home/me/photos | tar -x", "a folder, as home/me/photos below this one"],
    ["dump 12:/home/me/photos / -t photos.tar", "the same without home/me/photos/ before each name"],
    ["dump latest all -t all.zip", "everything, as a zip file"],
  ],
  notes: [
    "<snapshot> is a number, latest, or latest~2, and may end with :FOLDER. <path> all or / is everything.",
    "Exit code 141: whoever read stdout has stopped reading.",
  ],
  interrupted: "interrupted; nothing was dumped",
  async run(context) {
    const { operands, options, output } = context;
    const [place = "", path = ""] = operands;
    const { selector, sub } = divideSnapshot(place);
    const target = targetOf(options);
    const packages = await import("@bcat/snapshot");
    packages.parseSelector(selector);
    const among = latestAmong(options, selector);
    return await withRepository(context, async (repository, site) => {
      const snapshot = await packages.findSnapshot(repository, selector, { among });
      printPartial(snapshot, output);
      const sink = await openSink(target, output, {
        signal: context.signal,
        checkFolder: (folder) => packages.requireForeign(site.posix, folder, { ownFolders: ownFolders(site) }, "dump"),
      });
      const progress = startProgress(
        // Lines of JSON would stand among the bytes.
        target === undefined ? { ...progressForm, message: undefined } : progressForm,
        context,
      );
      const damage = new DamageNote(output);
      try {
        const summary = await packages.dump(repository, snapshot, path === "all" ? path : snapshotPath(path), sink, {
          format: archiveFormats.find((format) => format === options.text("archive")) ?? formatOfName(target),
          archivesFiles: options.text("archive") !== undefined,
          below: sub === undefined ? undefined : snapshotPath(sub),
          currentFolder: currentFolder(),
          signal: context.signal,
          countAhead: progress.isTold,
          onStart: (form) => checkTarget(form, target),
          onProgress: (counts) => progress.update(counts),
          onWarning: (warning) => {
            damage.take(warning);
            printWarning(warning, "dump", output);
          },
        });
        await sink.finish();
        const elapsedMs = progress.finish();
        if (target !== undefined) printSummary(summary, { elapsedMs, number: snapshot.number, target }, context);
        return summary.errors > 0 ? exitCodes.failed : exitCodes.done;
      } catch (error) {
        progress.hide();
        return await endOf(error, sink, { signal: context.signal, target });
      } finally {
        damage.tell();
      }
    });
  },
};

/** Under these names the file that the shell has opened would be replaced by another; `-` is one everywhere. */
const stdoutNames: readonly string[] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/** Undefined for stdout. */
function targetOf(options: Options): string | undefined {
  const target = options.text("target");
  return target === undefined || stdoutNames.includes(target) ? undefined : target;
}

async function openSink(
  target: string | undefined,
  output: Output,
  options: Omit<FileSinkOptions, "unique">,
): Promise<ByteSink> {
  if (target === undefined) return stdoutSink(output, options.signal);
  return await fileSink(target, { ...options, unique: randomBytes(6).toString("hex") });
}

/** Whoever stops reading knows why; the code tells a script that not all was read. */
async function endOf(
  error: unknown,
  sink: ByteSink,
  { signal, target }: { readonly signal: AbortSignal; readonly target: string | undefined },
): Promise<number> {
  await sink.discard();
  if (error instanceof ClosedPipe) return exitCodes.closedPipe;
  if (!signal.aborted) throw error;
  const left = sink.keepsPart ? "what was dumped so far is incomplete" : `"${quoteText(target ?? "")}" was not written`;
  throw new BcatError("interrupted", `interrupted; ${left}`, { cause: error });
}

function checkTarget(form: DumpForm, target: string | undefined): void {
  if (form === "file") return;
  if (target !== undefined) checkFormat(form, target);
  else if (isTerminal())
    throw usageError(`Cannot write a ${form} archive to a terminal: redirect stdout, or give --target`);
}

interface Dumped {
  readonly elapsedMs: number;
  readonly number: number;
  readonly target: string;
}

function printSummary(summary: DumpSummary, { elapsedMs, number, target }: Dumped, { output, meter }: Context): void {
  const { form, files, directories, symlinks, others, bytes, errors, skipped } = summary;
  if (output.json) {
    output.message({
      message_type: "summary",
      seconds_elapsed: Math.floor(elapsedMs / 1000),
      snapshot_number: number,
      form,
      files_dumped: files,
      directories_dumped: directories,
      symlinks_dumped: symlinks,
      others_dumped: others,
      files_skipped: skipped,
      bytes_dumped: bytes,
      error_count: errors,
      ...requestsField(meter),
    });
  } else if (!output.quiet) {
    const special = others === 0 ? "" : `, ${formatItems(others, "special file")}`;
    const entries = `${formatItems(directories, "folder")}, ${formatItems(symlinks, "symlink")}${special}`;
    output.print(`dumped from snapshot ${number} to ${quoteText(target)}, as ${form === "file" ? "a file" : form}`);
    output.print(`${formatItems(files, "file")}, ${entries}, ${formatBytes(bytes)}`);
    if (errors + skipped > 0) output.print(`left out: ${formatLeftOut(errors, skipped)}`);
    output.print(`took: ${formatDuration(elapsedMs)}`);
  }
}
