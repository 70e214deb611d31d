/** `bcat forget`: stops keeping snapshots, by their numbers or by a policy. */

import type { Repository } from "@bcat/repository";
import type { ForgetGroup } from "@bcat/snapshot";
import { parseSize } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { forgottenLine, freedLines, groupFields, groupLines, nothingLine } from "../forget-report.js";
import { countProgress } from "../phase-progress.js";
import { policyFlags, readPolicy, typedPolicyFlag } from "../policy-flags.js";
import { startProgress } from "../progress.js";
import { pruneFlags, readPruneOptions, runPrune } from "../run-prune.js";
import { withRepository } from "../site.js";
import { createFilter, filterFlags, noneFound } from "../snapshot-filter.js";
import { findNumbers, type NumberWord, parseNumberWords } from "../snapshot-numbers.js";
import { usageError } from "../usage.js";

const GROUP_BY = "host,paths";

export const forget: Command = {
  name: "forget",
  summary: "stop keeping snapshots, by their numbers or by a policy",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    ...policyFlags,
    "keep-size": {
      kind: "text",
      value: "SIZE",
      description: "keep the newest that together take at most this, such as 500G",
    },
    ...filterFlags,
    "group-by": {
      kind: "text",
      value: "WORDS",
      short: "g",
      mayBeEmpty: true,
      description: `apply the policy to each host, paths and/or tags by itself (default: ${GROUP_BY}); '' to all as one`,
    },
    "unsafe-allow-remove-all": {
      kind: "switch",
      isOnlyTyped: true,
      description: "with --host, --path or --tag and no policy: forget them all; with numbers: also when none is left",
    },
    prune: {
      kind: "switch",
      description: "prune when something was forgotten; the flags below are those of bcat prune",
    },
    ...pruneFlags,
    "dry-run": { kind: "switch", short: "n", description: "change nothing: say what would be forgotten and freed" },
  },
  examples: [
    ["forget 3 5-9", "these"],
    ["forget --keep-daily 7 --keep-weekly 5 --prune", "all but those, of each host and paths, and free their space"],
    ["forget --keep-within-daily 1m --keep-tag always --dry-run", "what that would forget, and free"],
    ["forget --keep-size 500G", "the oldest, until the others take no more"],
    ["forget --host old-laptop --unsafe-allow-remove-all", "all of one host"],
  ],
  notes: [
    "A snapshot is kept that fits any flag. Hours, days, weeks, months and years are those of the zone of the host that the",
    "snapshot is of. Pinned snapshots, and those whose time cannot be right, are kept. Nothing is freed before bcat prune.",
  ],
  interrupted: "interrupted; bcat snapshots shows what is kept",
  async run(context) {
    const { operands, options } = context;
    const words = parseNumberWords(operands);
    const flag = typedPolicyFlag(options) ?? ["host", "tag", "path", "group-by"].find((name) => options.isTyped(name));
    if (words.length > 0 && flag !== undefined)
      throw usageError(`Cannot use --${flag} with numbers of snapshots: give the one or the other`);
    const choose = words.length > 0 ? byNumber(words, options) : await byPolicy(context);
    const given = readPruneOptions(context);
    refuseIdleFlags(options);
    const use = async (repository: Repository) => {
      const numbers = await forgetChosen(repository, choose, context);
      const isDryRun = options.switch("dry-run");
      const forgotten = isDryRun ? { forgotten: new Set(numbers) } : {};
      if (numbers.length > 0 && options.switch("prune"))
        await runPrune(repository, { ...given, ...forgotten }, context, { isDryRun });
      return exitCodes.done;
    };
    return await withRepository(context, use, {
      writes: !options.switch("dry-run"),
      change: options.switch("dry-run") ? undefined : "forget snapshots of",
    });
  },
};

/** What is to be forgotten, and how that was found, if by a policy. */
interface Chosen {
  readonly numbers: readonly number[];
  readonly groups?: readonly ForgetGroup[];
  /** Those named that were forgotten before: as it was to be. */
  readonly gone?: readonly number[];
  /** How many there are that the filters leave out, where they leave nothing. */
  readonly others?: number;
}

type Choose = (repository: Repository, context: Context) => Promise<Chosen>;

function byNumber(words: readonly NumberWord[], options: Context["options"]): Choose {
  return async (repository) => {
    const { keptSnapshots, requireForgettable, requireSomeLeft, requireUnreplaced } = await import("@bcat/snapshot");
    await repository.refresh();
    const known = keptSnapshots(repository).map(({ number }) => number);
    const named = await findNumbers(
      repository,
      words,
      known.toSorted((a, b) => a - b),
      repository.history.summaries.keys(),
    );
    requireForgettable(repository, named);
    const gone = named.filter((number) => !known.includes(number));
    requireUnreplaced(repository, gone);
    if (!options.switch("unsafe-allow-remove-all")) requireSomeLeft(repository, named);
    return { numbers: named.filter((number) => known.includes(number)), gone };
  };
}

/** @throws {BcatError} with code "usage" */
async function byPolicy({ options }: Context): Promise<Choose> {
  const { isEmptyPolicy, keptSnapshots, parseGroupings, planForget } = await import("@bcat/snapshot");
  const policy = await readPolicy(options);
  const size = options.text("keep-size");
  const sizeMax = size === undefined ? undefined : parseSize("--keep-size", size);
  const allowRemoveAll = options.switch("unsafe-allow-remove-all");
  const isFiltered = ["host", "tag", "path"].some((name) => options.list(name).length > 0);
  if (isEmptyPolicy(policy) && sizeMax === undefined) {
    if (!allowRemoveAll)
      throw usageError("Cannot forget: say what to keep, such as --keep-daily 7, or give numbers of snapshots");
    if (!isFiltered) throw usageError("Cannot use --unsafe-allow-remove-all without --host, --path or --tag");
  } else if (allowRemoveAll) throw usageError("Cannot use --unsafe-allow-remove-all with a policy: it keeps none");
  const groupBy = parseGroupings("--group-by", options.text("group-by") ?? GROUP_BY);
  const has = createFilter(options);
  return async (repository, context) => {
    const { signal } = context;
    const dryRun = options.switch("dry-run");
    const progress = startProgress(countProgress, context);
    const onProgress = (done: number) => progress.update({ phase: "measuring what snapshots need", done });
    const given = { policy, groupBy, has, sizeMax, allowRemoveAll, dryRun, signal, onProgress };
    const groups = await planForget(repository, given);
    progress.finish();
    const others = groups.length === 0 ? keptSnapshots(repository).length : 0;
    return { groups, others, numbers: groups.flatMap(({ remove }) => remove.map(({ number }) => number)) };
  };
}

/** @throws {BcatError} with code "usage" for a flag of prune that would not be heard */
function refuseIdleFlags(options: Context["options"]): void {
  const typed = Object.keys(pruneFlags).find((name) => options.isTyped(name));
  if (typed !== undefined && !options.switch("prune")) throw usageError(`Cannot use --${typed} without --prune`);
}

/** The numbers that were forgotten, or would be. */
async function forgetChosen(repository: Repository, choose: Choose, context: Context): Promise<readonly number[]> {
  const { options, output, signal } = context;
  const { forgetSnapshots } = await import("@bcat/snapshot");
  const chosen = await choose(repository, context);
  if (!output.json && !output.quiet) await printGroups(chosen, context);
  if (options.switch("dry-run")) await printForecast(repository, chosen, context);
  else {
    signal.throwIfAborted();
    const keepsSome = !options.switch("unsafe-allow-remove-all");
    await forgetSnapshots(repository.withSignal(signal), chosen.numbers, { keepsSome });
    printForgotten(chosen, context);
  }
  return chosen.numbers;
}

async function printGroups({ groups, others = 0 }: Chosen, { options, output }: Context): Promise<void> {
  if (groups === undefined) return;
  const { describePolicy, isEmptyPolicy } = await import("@bcat/snapshot");
  const policy = await readPolicy(options);
  const size = options.text("keep-size");
  const bySize = size === undefined ? [] : [`keep the newest that together take at most ${size}`];
  const byRules = isEmptyPolicy(policy) && size !== undefined ? [] : [describePolicy(policy)];
  output.print(`policy: ${[...byRules, ...bySize].join(", ")}`);
  if (groups.length === 0) output.note(noneFound(others));
  for (const group of groups) for (const line of groupLines(group, output.columns)) output.print(line);
}

async function printForecast(
  repository: Repository,
  { numbers, groups, gone }: Chosen,
  context: Context,
): Promise<void> {
  const { output, signal } = context;
  const { forecastFreed, keptSnapshots } = await import("@bcat/snapshot");
  const total = new Set([...keptSnapshots(repository).map(({ number }) => number), ...numbers]).size;
  const progress = startProgress(countProgress, context);
  const onProgress = (done: number) =>
    progress.update({ phase: "measuring what would be freed, snapshots", done, total });
  const freed = await forecastFreed(repository, numbers, { signal, onProgress });
  progress.finish();
  if (output.json) {
    if (groups !== undefined) output.print(JSON.stringify(groups.map(groupFields)));
    const { bytes, openSessions } = freed;
    const fields = { snapshots: numbers, dry_run: true, freed_bytes: bytes, waiting_for: openSessions };
    output.message({ message_type: "summary", ...fields });
  } else if (!output.quiet) for (const line of freedLines(numbers, freed, gone)) output.print(line);
}

function printForgotten({ numbers, groups, gone }: Chosen, { output }: Context): void {
  if (output.json) {
    // As restic: of a policy the groups, and nothing else.
    if (groups !== undefined) output.print(JSON.stringify(groups.map(groupFields)));
    else output.message({ message_type: "summary", snapshots: numbers, dry_run: false });
  } else if (!output.quiet) output.print(numbers.length === 0 ? nothingLine(gone) : forgottenLine(numbers));
}
