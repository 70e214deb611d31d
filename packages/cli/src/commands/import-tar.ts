/** `bcat import-tar`: makes a snapshot of a tar archive. */
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import { BcatError, bytesOfText, describeSystemError } from "@bcat/errors";
import { loadKnownOwners, refuseReadOnly } from "@bcat/host";
import type { ImportProgress, ImportSummary } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { compressionFlag, compressionOf } from "../compression.js";
import { exitCodes } from "../exit-code.js";
import { fileProgress } from "../file-progress.js";
import { formatBytes, formatCount, formatDuration, formatItems, formatTimeMs } from "../format.js";
import { startProgress } from "../progress.js";
import { quoteName, quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { ScratchFile } from "../scratch-file.js";
import { openRepository, siteOf } from "../site.js";
import { snapshotPath } from "../snapshot-path.js";
import { snapshotTime } from "../snapshot-time.js";
import { tagFlag, tagsOf } from "../tags.js";
import { unpacked } from "../unpack.js";
import { usageError } from "../usage.js";
import { printNotice, printWarning } from "../warning.js";

/** What is read from a file at once, bytes. */
const READ_SIZE = 2 ** 20;

export const progressForm = fileProgress<ImportProgress & { readonly share: number | undefined }>((counts) => ({
  files_done: counts.filesDone,
  bytes_done: counts.bytesDone,
  error_count: counts.errors,
}));

export const importTar: Command = {
  name: "import-tar",
  summary: "keep what is in a tar archive as a new snapshot",
  operands: [{ name: "file", count: "optional" }],
  flags: {
    as: {
      kind: "text",
      value: "PATH",
      bytes: true,
      description: "path of the archive's top in the snapshot (default: the name of the file)",
    },
    ...tagFlag,
    host: { kind: "text", short: "H", description: "host to name in the snapshot instead of this one" },
    time: { kind: "text", description: 'time of the snapshot, such as "2012-11-01 22:08:41" (default: now)' },
    "with-atime": { kind: "switch", description: "store when each entry was read last, if the archive says it" },
    ...compressionFlag,
  },
  examples: [
    ["import-tar photos.tar.gz", "an archive, as /photos"],
    ['import-tar --as / --host server --time "2019-05-01 03:00:00" full.tar', "a backup that tar has made"],
    ["import-tar --as /server < etc.tar", "from stdin, where ssh server tar -c /etc may write, as /server/etc"],
  ],
  notes: [
    "Without a file, or for -, the archive is read from stdin. gzip is unpacked, and zstd where Node knows it.",
    "Exit code 3: the snapshot is there, but some entries could not be stored; each was named.",
  ],
  takesStdin: ({ operands: [file = "-"] }) => file === "-",
  interrupted: "interrupted; nothing was committed",
  async run(context) {
    const { operands, options, output, signal } = context;
    const [file = "-"] = operands;
    if (file === "-" && process.stdin.isTTY === true)
      throw usageError("Cannot read an archive from a terminal: name a file, or redirect stdin");
    const root = rootOf(options.text("as"), file);
    const tags = tagsOf(options);
    const time = snapshotTime(options.text("time"));
    const archive = await openArchive(file);
    using _ = { [Symbol.dispose]: () => void archive.stream.destroy() };
    const site = await siteOf(context);
    refuseReadOnly(site, "import into");
    const onNotice = (line: string, code: Parameters<typeof printNotice>[1]) => printNotice(line, code, output);
    const { importTar: importArchive } = await import("@bcat/snapshot");
    await using repository = await openRepository(site, context, { onNotice, writes: true });
    await using scratch = new ScratchFile(randomBytes(8).toString("hex"));
    const known = loadKnownOwners();
    const progress = startProgress(progressForm, context);
    const summary = await importArchive(repository, unpacked(archive.stream, signal), {
      root,
      tags,
      host: options.text("host"),
      time,
      compression: compressionOf(options),
      withAtime: options.switch("with-atime"),
      scratch,
      owners: { userId: known.users.number, groupId: known.groups.number },
      signal,
      onProgress: (counts) => progress.update({ ...counts, share: archive.shareRead() }),
      onWarning: (warning) => printWarning(warning, "import", output),
    });
    progress.finish();
    printSummary(summary, root, context);
    return summary.errors > 0 ? exitCodes.incomplete : exitCodes.done;
  },
};

interface OpenArchive {
  readonly stream: Readable;
  /** As it lies there, from 0 to 1; undefined where nobody knows how long it is. */
  readonly shareRead: () => number | undefined;
}

async function openArchive(file: string): Promise<OpenArchive> {
  if (file === "-") return { stream: process.stdin, shareRead: () => undefined };
  try {
    const handle = await open(Buffer.from(bytesOfText(file)));
    // A folder can be opened, but not read.
    const stat = await handle.stat();
    if (!stat.isDirectory()) {
      const stream = handle.createReadStream({ highWaterMark: READ_SIZE });
      return { stream, shareRead: () => (stat.size > 0 ? stream.bytesRead / stat.size : undefined) };
    }
    await handle.close();
    throw Object.assign(new Error("EISDIR"), { code: "EISDIR" });
  } catch (error) {
    const found = describeSystemError(error);
    throw new BcatError("source-failed", `Cannot read "${quoteText(file)}": ${found}`, { cause: error });
  }
}

/** `photos.tar.gz` is /photos; what has no name is /stdin. */
function rootOf(as: string | undefined, file: string): Uint8Array {
  if (as !== undefined) {
    if (!as.startsWith("/")) throw usageError(`Cannot use --as "${as}": give an absolute path, such as /photos`);
    return snapshotPath(as);
  }
  const stem = basename(file).replace(/(\.tar)?(\.(gz|zst|xz|bz2))?$|\.(tgz|tzst)$/i, "");
  return bytesOfText(file === "-" || stem === "" || stem === "." || stem === ".." ? "/stdin" : `/${stem}`);
}

function printSummary(summary: ImportSummary, root: Uint8Array, { output, meter }: Context): void {
  const { snapshotNumber: number, files, directories, symlinks, others, bytes, errors } = summary;
  if (output.json) {
    output.message({
      message_type: "summary",
      snapshot_id: String(number),
      snapshot_number: number,
      files_new: files,
      dirs_new: directories,
      total_files_processed: files,
      total_symlinks: symlinks,
      total_others: others,
      total_bytes_processed: bytes,
      data_added: summary.dataAdded,
      data_added_packed: summary.dataAddedPacked,
      backup_start: formatTimeMs(summary.start),
      backup_end: formatTimeMs(summary.end),
      total_duration: (summary.end - summary.start) / 1000,
      files_skipped: summary.skipped,
      error_count: errors,
      ...requestsField(meter),
    });
  } else if (!output.quiet) {
    const special = others === 0 ? "" : `, ${formatItems(others, "special file")}`;
    const entries = `${formatItems(directories, "folder")}, ${formatItems(symlinks, "symlink")}${special}`;
    output.print(`snapshot ${number}: ${quoteName(root)}, ${formatItems(files, "file")}, ${formatBytes(bytes)}`);
    output.print(`beside them: ${entries}`);
    output.print(`added: ${formatBytes(summary.dataAdded)}, stored as ${formatBytes(summary.dataAddedPacked)}`);
    if (errors > 0) output.print(`errors: ${formatCount(errors)}, each named above`);
    output.print(`took: ${formatDuration(summary.end - summary.start)}`);
  }
}
