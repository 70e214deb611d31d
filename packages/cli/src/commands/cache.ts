/** `bcat cache`: what the cache holds, and what of it may go. */
import { BcatError, describeSystemError } from "@bcat/errors";
import { locateCache } from "@bcat/host";
import type { CacheFolder } from "@bcat/repository";
import { cacheLines, folderFields } from "../cache-report.js";
import { parseSize } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatItems } from "../format.js";
import { quoteText } from "../quote.js";
import { usageError } from "../usage.js";

const DAY_MS = 24 * 3_600_000;
const AGE_MAX_DAYS = 30;

export const cache: Command = {
  name: "cache",
  summary: "list or clean the local cache",
  operands: [],
  flags: {
    clean: {
      kind: "switch",
      alias: "cleanup",
      description: "remove copies of repositories that are gone, or were not used for long",
    },
    "max-age": {
      kind: "text",
      value: "DAYS",
      description: `how long that is, with --clean (default: ${AGE_MAX_DAYS} days)`,
    },
    "max-size": {
      kind: "text",
      value: "SIZE",
      description: "with --clean: then the oldest, until the rest is at most this",
    },
    "no-size": { kind: "switch", description: "leave the sizes out of the list" },
    "forget-repository": {
      kind: "text",
      value: "ID",
      isOnlyTyped: true,
      description: "remove all of this one, also what guards against its going back in time",
    },
  },
  examples: [
    ["cache", "of which repositories it has something, how much, and when that was used last"],
    ["cache --clean", "remove copies that were not used for 30 days, or of repositories that are gone"],
    ["cache --clean --max-size 2G", "and more, until the rest is no more than that"],
  ],
  notes: [
    "No passphrase is needed. Only copies of what lies in repositories are removed: what was seen there is small and stays, as a repository that has gone back in time is noticed by it. Copies that were not used for 90 days go by themselves. What was used within a day stays: a command may be using it.",
  ],
  interrupted: "interrupted; what is left of the cache is used as before",
  async run(context) {
    const { options, output } = context;
    const { clean, maxAgeDays, sizeMax } = readLimits(context);
    const place = cacheOf(context);
    const { emptyCacheFolder, forgetCachedRepository } = await import("@bcat/repository");
    const forgotten = options.text("forget-repository");
    if (forgotten !== undefined) {
      const id = forgetCachedRepository(place, readId(forgotten));
      if (output.json) output.message({ message_type: "summary", forgotten: id });
      else if (!output.quiet)
        output.print(`forgot repository ${id.slice(0, 10)}: whatever is there next is taken as it is`);
      return exitCodes.done;
    }
    const now = Date.now();
    const folders = await foldersOf(place);
    const removed = clean ? chooseRemovable(folders, { now, maxAgeDays, sizeMax }) : [];
    for (const folder of removed) emptyCacheFolder(folder);
    const shown = { now, withSizes: !options.switch("no-size"), maxAgeDays };
    if (!clean) {
      if (output.json) output.print(JSON.stringify(folders.map((folder) => folderFields(folder, shown))));
      else for (const line of cacheLines(folders, shown, output.columns)) output.print(line);
      if (!output.json && !output.quiet) output.note(`the cache is "${quoteText(place)}"`);
      return exitCodes.done;
    }
    const bytes = removed.reduce((sum, { disposableSize }) => sum + disposableSize, 0);
    if (output.json) output.message({ message_type: "summary", removed: removed.length, removed_bytes: bytes });
    else if (!output.quiet)
      output.print(
        removed.length === 0
          ? "nothing to remove"
          : `removed ${formatBytes(bytes)} of ${formatItems(removed.length, "repository", "repositories")}`,
      );
    return exitCodes.done;
  },
};

interface Limits {
  readonly maxAgeDays: number;
  /** Bytes of all copies; undefined for any. */
  readonly sizeMax: number | undefined;
}

/** @throws BcatError usage */
function readLimits({ options }: Context): Limits & { readonly clean: boolean } {
  const clean = options.switch("clean");
  const age = options.text("max-age");
  const size = options.text("max-size");
  const idle = ["max-age", "max-size"].find((name) => options.isTyped(name));
  if (idle !== undefined && !clean) throw usageError(`Cannot use --${idle} without --clean`);
  if (age !== undefined && !/^\d{1,5}$/.test(age))
    throw usageError(`Cannot use --max-age ${quoteText(age)}: give a number of days, such as ${AGE_MAX_DAYS}`);
  return {
    clean,
    maxAgeDays: age === undefined ? AGE_MAX_DAYS : Number(age),
    sizeMax: size === undefined ? undefined : parseSize("--max-size", size),
  };
}

function readId(text: string): string {
  const id = text.toLowerCase();
  if (/^[0-9a-f]{8,32}$/.test(id)) return id;
  throw usageError(`Cannot use --forget-repository ${quoteText(text)}: give 8 to 32 digits of an id of bcat cache`);
}

function cacheOf({ options, variables }: Context): string {
  const place = locateCache({ directory: options.text("cache-dir"), wanted: !options.switch("no-cache") }, variables);
  if (place === "none") throw usageError("Cannot use --no-cache with bcat cache: there would be none to look at");
  if (typeof place === "string") return place;
  throw usageError(`Cannot find the cache (${place.found}): --cache-dir names it`);
}

/** @throws BcatError target-failed where the cache cannot be read, such as one that another user has made there */
async function foldersOf(place: string): Promise<CacheFolder[]> {
  const { listCacheFolders } = await import("@bcat/repository");
  try {
    return listCacheFolders(place);
  } catch (cause) {
    const found = `Cannot read the cache "${quoteText(place)}": ${describeSystemError(cause)}`;
    throw new BcatError("target-failed", found, { cause });
  }
}

/** Those used last come last; never one that was used within a day. */
function chooseRemovable(
  folders: readonly CacheFolder[],
  { now, maxAgeDays, sizeMax }: Limits & { readonly now: number },
): CacheFolder[] {
  const oldestFirst = folders.filter(({ disposableSize }) => disposableSize > 0).reverse();
  let size = oldestFirst.reduce((sum, { disposableSize }) => sum + disposableSize, 0);
  return oldestFirst.filter(({ isThere, lastUse, disposableSize }) => {
    const age = now - lastUse;
    const isOld = isThere === false || age > maxAgeDays * DAY_MS || size > (sizeMax ?? Number.POSITIVE_INFINITY);
    if (!isOld || (isThere !== false && age < DAY_MS)) return false;
    size -= disposableSize;
    return true;
  });
}
