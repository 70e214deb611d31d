/** `bcat stats`: what snapshots take. */
import type { Repository } from "@bcat/repository";
import type { FileMode, ListedSnapshot, StatsOptions, StatsProgress } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { checkSelectors, chooseSnapshots, choosingFlags } from "../named-snapshots.js";
import { type Phases, phaseParts, shareOfPhases } from "../phase-progress.js";
import { type ProgressForm, startProgress } from "../progress.js";
import { withRepository } from "../site.js";
import { printFileSums, printRawData, printRestoreSize, printStats } from "../stats-report.js";

const modes = ["restore-size", "files-by-contents", "blobs-per-file", "raw-data"] as const;

const phases: Phases = { snapshots: 0.9, packs: 0.1 };

const progressForm: ProgressForm<StatsProgress> = {
  bytes: () => 0,
  share: ({ phase, done, total }) => shareOfPhases(phases, { phase, done, total }),
  line({ phase, done, total, trees }, pace) {
    const read = trees === 0 ? [] : [{ text: formatItems(trees, "folder or list", "folders and lists"), rank: 2 }];
    return phaseParts({ phase: `measuring ${phase}`, done, total }, pace, read);
  },
  // What comes of it is one document.
  message: undefined,
};

export const stats: Command = {
  name: "stats",
  summary: "tell what snapshots take, each alone and together",
  operands: [{ name: "snapshot", count: "many" }],
  flags: {
    mode: {
      kind: "text",
      choices: modes,
      description:
        "one size of the snapshots together, as restic's: as restored (restore-size), of different contents (files-by-contents), of different chunks of each path (blobs-per-file), as stored (raw-data)",
    },
    ...choosingFlags,
  },
  examples: [
    ["stats", "all snapshots, what each alone takes, packs, and growth by month"],
    ["stats latest", "the newest: what forgetting it alone would free"],
    ["stats --mode raw-data --host laptop", "what the snapshots of a host take as stored, in all"],
  ],
  notes: [
    "<snapshot> is a number, latest, or latest~2. Unique is what no other snapshot needs: forget and prune would free it.",
    "All trees are read, which takes time where the repository is far away; not with --mode restore-size.",
  ],
  interrupted: "interrupted",
  async run(context) {
    await checkSelectors(context);
    return await withRepository(context, async (repository) => {
      const chosen = await chooseSnapshots(repository, context);
      context.signal.throwIfAborted();
      await tell(repository, chosen, context);
      return exitCodes.done;
    });
  },
};

const choosing = Object.keys(choosingFlags);

async function tell(repository: Repository, chosen: readonly ListedSnapshot[], context: Context): Promise<void> {
  const { options, output, signal } = context;
  const { measureFiles, measureRawData, measureRepository } = await import("@bcat/snapshot");
  const progress = startProgress(progressForm, context);
  const measuring: StatsOptions = { signal, onProgress: (counts) => progress.update(counts) };
  const numbers = chosen.map(({ number }) => number);
  const mode = options.text("mode") as (typeof modes)[number] | undefined;
  if (mode === undefined) {
    const measured = await measureRepository(repository, measuring);
    progress.finish();
    // Who asks for all wants to know what the repository takes: what has been forgotten since was stored, too.
    const isAll = context.operands.length === 0 && choosing.every((name) => options.list(name).length === 0);
    const { history } = repository;
    const ever = [...history.summaries].map(([number, snapshot]) => ({ number, snapshot }));
    printStats(
      measured,
      { chosen, ever: isAll ? ever : chosen, isForgotten: (number) => history.isForgotten(number) },
      output,
    );
  } else if (mode === "restore-size") printRestoreSize(chosen, output);
  else if (mode === "raw-data") {
    const sums = await measureRawData(repository, numbers, measuring);
    progress.finish();
    printRawData(sums, chosen, output);
  } else {
    const sums = await measureFiles(repository, numbers, mode satisfies FileMode, measuring);
    progress.finish();
    printFileSums(sums, { mode, chosen }, output);
  }
}
