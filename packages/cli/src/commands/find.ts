/** `bcat find`: entries of many snapshots. */
import { CorruptError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import type { Entry, ListedSnapshot, Search } from "@bcat/snapshot";
import type { Command, Context } from "../command.js";
import { entryFields } from "../entry.js";
import { entryFlags, entryPrinter } from "../entry-flags.js";
import { exitCodes } from "../exit-code.js";
import { checkFindWords, readSearch } from "../find-words.js";
import { formatCount, formatItems, formatLocalTime } from "../format.js";
import { checkSelectors, chooseSnapshots, choosingFlags } from "../named-snapshots.js";
import { paceParts } from "../pace.js";
import { type ProgressForm, startProgress } from "../progress.js";
import { quoteText } from "../quote.js";
import { withRepository } from "../site.js";
import { printWarning } from "../warning.js";

interface FindProgress {
  readonly done: number;
  readonly total: number;
  readonly folders: number;
}

const progressForm: ProgressForm<FindProgress> = {
  bytes: () => 0,
  share: ({ done, total }) => (total === 0 ? 1 : done / total),
  line({ done, total, folders }, pace) {
    const { share, time } = paceParts(pace, undefined);
    return [
      ...share,
      { text: `searched ${formatCount(done)} of ${formatItems(total, "snapshot")}`, rank: 1 },
      { text: formatItems(folders, "folder"), rank: 2 },
      time,
    ];
  },
  // What is found is one document.
  message: undefined,
};

export const find: Command = {
  name: "find",
  summary: "find files in all snapshots, by name, size, time or id",
  operands: [{ name: "pattern", count: "many" }],
  flags: {
    "ignore-case": { kind: "switch", short: "i", description: "whatever the case" },
    regex: { kind: "switch", description: "patterns are regular expressions, of the whole path" },
    newer: {
      kind: "text",
      value: "WHEN",
      alias: "oldest",
      short: "O",
      description: 'changed since then: 7d for the last seven days, 36h, or "2026-11-20 15:00:00"',
    },
    older: { kind: "text", value: "WHEN", alias: "newest", short: "N", description: "changed before then" },
    size: {
      kind: "text",
      value: "SIZE",
      description: "files of this size: +100M for more, -4K for less, 1M-2M between",
    },
    type: {
      kind: "list",
      value: "T",
      commas: true,
      description: "only f files, d folders, l links, b c p s the others",
    },
    blob: { kind: "switch", description: "patterns are ids of chunks of data, or their first 8 digits at least" },
    tree: { kind: "switch", description: "patterns are ids of folders, or their first 8 digits at least" },
    snapshot: { kind: "list", value: "SNAPSHOT", short: "s", description: "only in this one" },
    ...choosingFlags,
    ...entryFlags,
    reverse: { kind: "switch", short: "R", description: "the oldest snapshot first" },
  },
  examples: [
    ["find '*.odt'", "everything of such a name, newest snapshot first"],
    ["find -l --size +1G --newer 30d", "large files that were changed in the last 30 days"],
    ["find --host web1 '/etc/**/*.conf' --snapshot latest", "by path, in the newest snapshot of a host"],
    ["find --regex 'IMG_\\d{4}\\.jpe?g$' -i", "by a regular expression"],
  ],
  notes: [
    "Patterns are those of --exclude: a name, or with a / a path, ** for any number of names; quote them from the shell. What is in a folder that matches is not listed for that. Snapshots that have the same folders cost nothing more.",
  ],
  interrupted: "interrupted",
  async run(context) {
    const now = Date.now();
    checkFindWords(context, now);
    const among = { ...context, operands: context.options.list("snapshot") };
    await checkSelectors(among);
    return await withRepository(context, async (repository) => {
      const chosen = await chooseSnapshots(repository, among);
      const search = await readSearch(repository, context, now);
      const snapshots = context.options.switch("reverse") ? chosen : chosen.toReversed();
      await new Finding(repository, search, context).tell(snapshots);
      return exitCodes.done;
    });
  },
};

class Finding {
  readonly #repository: Repository;
  readonly #search: Search;
  readonly #context: Context;
  #separator = "[";

  constructor(repository: Repository, search: Search, context: Context) {
    this.#repository = repository;
    this.#search = search;
    this.#context = context;
  }

  async tell(snapshots: readonly ListedSnapshot[]): Promise<void> {
    const { output, signal } = this.#context;
    const { SnapshotSearch } = await import("@bcat/snapshot");
    const progress = startProgress(progressForm, this.#context);
    let [done, folders] = [0, 0];
    const total = snapshots.length;
    const onFolder = (count: number) => {
      folders = count;
      progress.update({ done, total, folders });
    };
    let damaged = 0;
    const onDamage = (path: Uint8Array, { message }: CorruptError) => {
      damaged++;
      printWarning({ path, message, kind: "error", code: "corrupt" }, "search", output);
    };
    const search = new SnapshotSearch(this.#repository, this.#search, { signal, onFolder, onDamage });
    for (const listed of snapshots) {
      await this.#tellOne(listed, search.in(listed.number), () => progress.hide());
      done++;
      progress.update({ done, total, folders });
      if (output.closed) break;
    }
    progress.finish();
    if (output.json) output.print(this.#separator === "[" ? "[]" : "]");
    if (damaged > 0)
      throw new CorruptError(`Cannot search ${formatItems(damaged, "folder")}: bcat check tells what else is damaged`);
  }

  async #tellOne(listed: ListedSnapshot, entries: AsyncIterable<Entry>, before: () => void): Promise<void> {
    const { output, options, signal } = this.#context;
    const lineOf = entryPrinter(options, output.columns);
    let hits = 0;
    for await (const entry of entries) {
      signal.throwIfAborted();
      if (hits++ === 0) {
        before();
        this.#begin(listed);
      }
      if (output.json) output.print(`${hits === 1 ? "" : ","}${JSON.stringify(entryFields(entry))}`);
      else output.print(lineOf(entry));
      await output.drain();
      if (output.closed) return;
    }
    if (output.json && hits > 0) output.print(`],"hits":${hits},"snapshot":"${listed.number}"}`);
  }

  #begin({ number, snapshot }: ListedSnapshot): void {
    const { output } = this.#context;
    if (output.json) {
      output.print(`${this.#separator}{"matches":[`);
      this.#separator = ",";
    } else if (!output.quiet)
      output.print(`in snapshot ${number} of ${quoteText(snapshot.host)}, ${formatLocalTime(snapshot.start)}:`);
  }
}
