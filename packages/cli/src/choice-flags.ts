/** The flags that say what of the sources to keep, for `backup` and `explain`. */
import type { OnNotice } from "@bcat/errors";
import type { ChoiceOptions, GivenPattern, NeverMatching } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { readExcludeFiles } from "./exclude.js";
import type { Flags } from "./options.js";
import { tellMeanings } from "./pattern-meaning.js";
import { quoteName, quoteText } from "./quote.js";
import { usageError } from "./usage.js";
import { printNotice } from "./warning.js";

export const choiceFlags: Flags = {
  exclude: { kind: "list", value: "PATTERN", bytes: true, short: "e", description: "pattern of what to leave out" },
  "exclude-file": { kind: "list", bytes: true, description: "file with a pattern on each line; # begins a comment" },
  iexclude: { kind: "list", value: "PATTERN", bytes: true, description: "as --exclude, whatever the case" },
  "iexclude-file": { kind: "list", bytes: true, description: "as --exclude-file, whatever the case" },
  "exclude-if-present": {
    kind: "list",
    value: "FILE[:HEADER]",
    bytes: true,
    description: "FILE[:header]: leave out what is in folders that have such a file, but not the file",
  },
  "exclude-caches": { kind: "switch", description: "leave out what is in folders that a CACHEDIR.TAG marks as caches" },
  "exclude-larger-than": {
    kind: "text",
    value: "SIZE",
    description: "leave out files with more bytes, such as 500K, 100M or 2G",
  },
  "exclude-cloud-files": {
    kind: "switch",
    description: "leave out files that are only in the cloud (for macOS and Windows; has no effect elsewhere)",
  },
  "one-file-system": {
    kind: "switch",
    short: "x",
    description: "keep folders that other file systems are mounted at empty",
  },
  "git-ignore": { kind: "switch", description: "leave out what files .gitignore and .git/info/exclude say" },
  "no-bcatignore": { kind: "switch", description: "do not heed files .bcatignore" },
};

/** Patterns that can never match, of which each run tells. */
const NEVER_MATCHING_MAX = 10;

/** The patterns alone, of `--exclude` and `--iexclude` and of their files. @throws as {@link readChoice} */
export async function readPatterns({
  options,
  variables,
  output,
}: Pick<Context, "options" | "variables" | "output">): Promise<{
  excludes: GivenPattern[];
  iexcludes: GivenPattern[];
}> {
  const onNotice = noticesTo(output);
  const patterns = async (flag: string): Promise<GivenPattern[]> => [
    ...options.list(flag),
    ...(await readExcludeFiles(options.list(`${flag}-file`), { flag: `--${flag}-file`, variables, onNotice })),
  ];
  const [excludes, iexcludes] = [await patterns("exclude"), await patterns("iexclude")];
  await tellMeanings([...excludes, ...iexcludes], onNotice);
  return { excludes, iexcludes };
}

function noticesTo(output: Context["output"]): OnNotice {
  return (line, code) => {
    if (!output.quiet) printNotice(line, code, output);
  };
}

/** @throws {BcatError} with code "usage" for what cannot be read or understood */
export async function readChoice(context: Pick<Context, "options" | "variables" | "output">): Promise<ChoiceOptions> {
  const { options, output } = context;
  const onNotice = noticesTo(output);
  const size = options.text("exclude-larger-than");
  if (options.switch("exclude-cloud-files"))
    onNotice("--exclude-cloud-files has no effect: on this system no file is only in the cloud", "backup-note");
  return {
    ...(await readPatterns(context)),
    excludeIfPresent: options.list("exclude-if-present"),
    excludeCaches: options.switch("exclude-caches"),
    ...(size === undefined ? {} : { excludeLargerThan: parseSize("--exclude-larger-than", size) }),
    oneFileSystem: options.switch("one-file-system"),
    gitIgnore: options.switch("git-ignore"),
    bcatIgnore: !options.switch("no-bcatignore"),
  };
}

const units: Readonly<Record<string, number>> = { "": 1, B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Less than this is a unit that was forgotten more often than a size. */
const UNITLESS_MIN = 1024;

/** As restic has it: a number and one letter, in powers of 1,024. @throws {BcatError} with code "usage" */
export function parseSize(source: string, text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?)([BKMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const size = Math.floor(Number(digits) * units[unit.toUpperCase()]!);
  if (/^\d+$/.test(text) && size > 0 && size < UNITLESS_MIN)
    throw usageError(
      `Cannot use ${source}: "${text}" would be ${text} bytes; write ${text}M, ${text}G or so, or ${text}B`,
    );
  if (digits !== "" && Number.isSafeInteger(size)) return size;
  throw usageError(`Cannot use ${source}: "${quoteText(text)}" is no size; write 4096, 500K, 100M or 2G`);
}

/** Says which patterns can never match. */
export function printNeverMatching(found: readonly NeverMatching[], { output }: Pick<Context, "output">): void {
  if (output.quiet) return;
  for (const { rule, why } of found.slice(0, NEVER_MATCHING_MAX)) {
    const { file, line } = rule.origin;
    const where = file === undefined ? "" : ` (${quoteName(file)}, line ${line})`;
    printNotice(`exclude pattern "${rule.text}"${where} can never match: ${why}`, "pattern-unmatched", output);
  }
  const more = found.length - NEVER_MATCHING_MAX;
  if (more > 0) printNotice(`${more} more exclude patterns can never match`, "pattern-unmatched", output);
}
