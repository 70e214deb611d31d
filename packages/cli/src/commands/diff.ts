/** `bcat diff`: what differs between two snapshots, or between one and what is there now. */
import { lstatSync } from "node:fs";
import { BcatError, describeSystemError, isBcatError, SourceError } from "@bcat/errors";
import { absolutePathBytes, ownFolders, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { Difference, DiffPlace, LiveDiffOptions, SnapshotInfo } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { differenceFields, differenceLine, printDiffSums, printLiveSums } from "../diff-report.js";
import { exitCodes } from "../exit-code.js";
import { quoteName, quoteText } from "../quote.js";
import { divideSnapshot } from "../restore-words.js";
import { withRepository } from "../site.js";
import { latestAmong, latestFlags } from "../snapshot-filter.js";
import { currentFolder, snapshotPath } from "../snapshot-path.js";
import { sourcesOfSnapshot } from "../snapshot-sources.js";
import { usageError } from "../usage.js";
import { printWarning } from "../warning.js";

export const diff: Command = {
  name: "diff",
  summary: "show what differs between two snapshots, or a snapshot and a folder",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "other", count: "one", shown: "<snapshot>|<folder>" },
  ],
  flags: {
    metadata: { kind: "switch", description: "also what differs in metadata only: mode, owner, times, attributes" },
    "read-data": {
      kind: "switch",
      description: "with a folder: also read files whose size and time of change are as in the snapshot",
    },
    ...latestFlags,
  },
  examples: [
    ["diff 11 12", "what snapshot 12 has added, removed and changed"],
    ["diff latest ~/photos", "what has changed in ~/photos since the newest snapshot"],
    ["diff 12:/home/me /tmp/back --read-data", "whether a restored folder is what snapshot 12 has, byte for byte"],
    ["diff 11:/etc 12:/etc --metadata", "a folder only, with its metadata"],
  ],
  notes: [
    "+ only in the second, - only in the first, M another content, U other metadata, T another type, M? another content though size, time and all else are the same. The exit code is 0 whether they differ or not. A folder whose name is a number is written ./5. Of a folder, what the snapshot's own flags leave out is no difference.",
  ],
  interrupted: "interrupted",
  async run(context) {
    const [first = "", second = ""] = context.operands;
    const { parseSelector } = await import("@bcat/snapshot");
    parseSelector(divideSnapshot(first).selector);
    const isLive = !isSnapshotWord(second);
    if (!isLive && context.options.switch("read-data"))
      throw usageError("Cannot use --read-data with two snapshots: contents are compared by their ids");
    return await withRepository(context, async (repository, site) => {
      const left = await placeOf(first, repository, context);
      if (isLive) return await compareWithFolder({ left, folder: second, repository, site, context });
      return await compareSnapshots({ left, right: await placeOf(second, repository, context), repository, context });
    });
  },
};

/** `12`, `latest~1`, `12:/etc`. */
function isSnapshotWord(word: string): boolean {
  return /^(\d+|latest(~\d+)?)(:|$)/.test(word);
}

async function placeOf(word: string, repository: Repository, { options }: Context): Promise<DiffPlace> {
  const { findSnapshot } = await import("@bcat/snapshot");
  const { selector, sub } = divideSnapshot(word);
  const among = selector.startsWith("latest") ? latestAmong(options, selector) : undefined;
  const info = await findSnapshot(repository, selector, { among });
  return { info, path: sub === undefined ? undefined : snapshotPath(sub) };
}

interface Comparison {
  readonly left: DiffPlace;
  readonly repository: Repository;
  readonly context: Context;
}

async function compareSnapshots({
  left,
  right,
  repository,
  context,
}: Comparison & { readonly right: DiffPlace }): Promise<number> {
  const { signal } = context;
  const { diffSnapshots } = await import("@bcat/snapshot");
  printHead(left, `${right.info.number}`, context);
  const onDifference = (difference: Difference) => print(difference, context);
  const sums = await diffSnapshots(
    repository,
    { left, right },
    { signal, currentFolder: currentFolder(), onDifference },
  );
  printDiffSums(sums, { left: left.info.number, right: right.info.number }, context);
  return exitCodes.done;
}

async function compareWithFolder({
  left,
  folder,
  repository,
  site,
  context,
}: Comparison & { readonly folder: string; readonly site: Site }): Promise<number> {
  const { output, options, signal } = context;
  const { diffLive } = await import("@bcat/snapshot");
  const live = absolutePathBytes(folder);
  requireThere(live);
  // Elsewhere nothing is left out: it is no source.
  const isSource = left.path === undefined;
  const place = isSource ? { ...left, path: live } : left;
  if (isSource) await requireIn(repository, place, folder);
  printHead(left, quoteText(folder), context);
  const sums = await diffLive(
    repository,
    { place, live },
    {
      signal,
      posix: site.posix,
      now: performance.now.bind(performance),
      readsAll: options.switch("read-data"),
      currentFolder: currentFolder(),
      ...(isSource && { isWanted: await chooserOf(left.info, site) }),
      onDifference: (difference) => print(difference, context),
      onFault: (path, { message, messageCode }) =>
        printWarning({ path, message, kind: "error", code: messageCode ?? "unreadable" }, "archival", output),
    },
  );
  printLiveSums(sums, left.info.number, context);
  return sums.faults > 0 ? exitCodes.incomplete : exitCodes.done;
}

function printHead({ info }: DiffPlace, other: string, { output }: Context): void {
  if (!output.json && !output.quiet) output.print(`comparing snapshot ${info.number} to ${other}:`);
}

/** @throws BcatError source-failed */
function requireThere(path: Uint8Array): void {
  try {
    lstatSync(Buffer.from(path));
  } catch (error) {
    throw new SourceError(`Cannot compare with "${quoteName(path)}": ${describeSystemError(error)}`);
  }
}

/** @throws BcatError not-found */
async function requireIn(repository: Repository, { info, path }: DiffPlace, folder: string): Promise<void> {
  const { findEntries } = await import("@bcat/snapshot");
  try {
    await findEntries(repository, info, path!);
  } catch (error) {
    if (!isBcatError(error, "not-found")) throw error;
    const form = `bcat diff ${info.number}:/PATH ${folder}`;
    throw new BcatError(
      "not-found",
      `${error.message}; to compare another path of the snapshot with it, write ${form}`,
    );
  }
}

/** Whether a backup with the flags of the snapshot would keep what is at a path. */
async function chooserOf(info: SnapshotInfo, site: Site): Promise<NonNullable<LiveDiffOptions["isWanted"]>> {
  const { explain, recordedChoice } = await import("@bcat/snapshot");
  const { excludes, options } = info.snapshot;
  const given = {
    ...recordedChoice(excludes, options),
    sources: await sourcesOfSnapshot(info),
    ownFolders: ownFolders(site),
  };
  return (path) => explain(site.posix, path, given).isIncluded;
}

async function print(difference: Difference, { options, output }: Context): Promise<void> {
  if (difference.mark === "U" && !options.switch("metadata")) return;
  if (output.json) output.message({ message_type: "change", ...differenceFields(difference) });
  else output.print(differenceLine(difference));
  await output.drain();
}
