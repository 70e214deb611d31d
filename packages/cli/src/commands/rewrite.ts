/** `bcat rewrite`: makes snapshots anew without some of what is in them. */

import type { Repository } from "@bcat/repository";
import type { ListedSnapshot, RewriteOptions, Rewritten } from "@bcat/snapshot";
import { choiceFlags, readPatterns } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatItems } from "../format.js";
import { bytesField } from "../json.js";
import { type Flags, onlyTyped } from "../options.js";
import { countProgress } from "../phase-progress.js";
import { startProgress } from "../progress.js";
import { quoteName } from "../quote.js";
import { withRepository } from "../site.js";
import { createFilter, filterFlagsWithLetter, noneFound } from "../snapshot-filter.js";
import { findNumbers, parseNumberWords, requireAll } from "../snapshot-numbers.js";
import { snapshotTime } from "../snapshot-time.js";
import { usageError } from "../usage.js";

const patternNames = ["exclude", "exclude-file", "iexclude", "iexclude-file"];
const patternFlags: Flags = onlyTyped(Object.fromEntries(patternNames.map((name) => [name, choiceFlags[name]!])));

export const rewrite: Command = {
  name: "rewrite",
  summary: "make snapshots anew without some of their files, or under another host or time",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    ...patternFlags,
    forget: { kind: "switch", description: "forget the old ones (else the new ones get the tag rewrite)" },
    ...onlyTyped({
      "new-host": { kind: "text", value: "HOST", description: "host that the snapshots are to be of" },
      "new-time": {
        kind: "text",
        value: "TIME",
        description: "time that they are to be of, such as 2012-11-01 22:08:41",
      },
    }),
    "dry-run": { kind: "switch", short: "n", description: "change nothing: say what would be left out" },
    ...filterFlagsWithLetter,
  },
  examples: [
    ["rewrite --exclude '*.iso' --forget", "of all snapshots, for good when prune has run"],
    ["rewrite 12 --exclude /home/me/secret -n -v", "what would go of snapshot 12, each path"],
    ["rewrite --host old-name --new-host laptop --forget", "after a host was renamed"],
  ],
  notes: [
    "Each snapshot that changes gets a new number, and stands in the list where it stood. Data is neither read nor moved;",
    "what was left out is freed by bcat prune when no snapshot has it any more.",
  ],
  interrupted: "interrupted; bcat snapshots shows what has changed",
  async run(context) {
    const { operands, options, output } = context;
    const words = parseNumberWords(operands);
    const given = await readOptions(context);
    const isDryRun = options.switch("dry-run");
    const use = async (repository: Repository) => {
      const { keptSnapshots } = await import("@bcat/snapshot");
      await repository.refresh();
      const all = keptSnapshots(repository).filter(({ snapshot }) => snapshot.complete);
      const known = all.map(({ number }) => number);
      const numbers = words.length === 0 ? known : await findNumbers(repository, words, known);
      await requireAll(repository, { numbers, known, action: "rewrite" });
      const named = all.filter(({ number }) => numbers.includes(number));
      const chosen = named.filter(createFilter(options));
      if (chosen.length === 0 && !output.quiet && !output.json) output.note(noneFound(named.length));
      await rewriteAll(repository, chosen, given, context);
      return exitCodes.done;
    };
    return await withRepository(context, use, {
      writes: !isDryRun,
      change: isDryRun ? undefined : "rewrite snapshots of",
    });
  },
};

/** @throws {BcatError} with code "usage" */
async function readOptions(context: Context): Promise<RewriteOptions> {
  const { options, signal } = context;
  const patterns = await readPatterns(context);
  const host = options.text("new-host");
  const time = snapshotTime(options.text("new-time"), "--new-time");
  if (patterns.excludes.length + patterns.iexcludes.length === 0 && host === undefined && time === undefined)
    throw usageError("Cannot rewrite: say what to leave out, with --exclude, or give --new-host or --new-time");
  return { ...patterns, host, time, signal, forget: options.switch("forget"), dryRun: options.switch("dry-run") };
}

async function rewriteAll(
  repository: Repository,
  chosen: readonly ListedSnapshot[],
  given: RewriteOptions,
  context: Context,
): Promise<void> {
  const { output, signal, options } = context;
  const { rewriteSnapshot } = await import("@bcat/snapshot");
  let changed = 0;
  const progress = startProgress(countProgress, context);
  for (const [done, { number }] of chosen.entries()) {
    signal.throwIfAborted();
    progress.update({ phase: "rewriting snapshots", done, total: chosen.length });
    const onLeftOut = options.count("verbose") > 0 ? (path: Uint8Array) => printLeftOut(path, context) : undefined;
    const result = await rewriteSnapshot(repository, number, { ...given, onLeftOut });
    progress.hide();
    if (result.isChanged) changed++;
    printResult(number, result, context);
  }
  progress.finish();
  if (output.json) output.message({ message_type: "summary", changed_snapshots: changed });
  else if (!output.quiet && changed === 0) output.print("no snapshot has anything to leave out");
}

function printLeftOut(path: Uint8Array, { output }: Context): void {
  if (output.json) output.message({ message_type: "left_out", ...bytesField("item", path) });
  else output.print(`left out ${quoteName(path)}`);
}

function printResult(
  old: number,
  { number, leftOut, isChanged, files, bytes }: Rewritten,
  { output, options }: Context,
): void {
  if (output.json) {
    const made = number === undefined ? {} : { new_snapshot_id: String(number) };
    const counts = { left_out: leftOut, total_files: files, total_bytes: bytes };
    if (isChanged) output.message({ message_type: "changed", old_snapshot_id: String(old), ...made, ...counts });
  } else if (!output.quiet && isChanged) {
    const left = `${formatItems(leftOut, "entry", "entries")} left out, ${formatItems(files, "file")} and ${formatBytes(bytes)} left`;
    const made = options.switch("forget")
      ? `snapshot ${old} is snapshot ${number} now`
      : `snapshot ${old} stays, and was made anew as snapshot ${number}`;
    const what = number === undefined ? `snapshot ${old} would change` : made;
    output.print(`${what}: ${left}`);
  }
}
