/** What is said of what to keep, and how a snapshot records it. */
import { hasBytes } from "@bcat/errors";
import { type GivenPattern, patternText } from "./exclude-pattern.js";
import { readPattern, readTag, recordPattern, recordTag } from "./recorded-pattern.js";

export interface ChoiceOptions {
  readonly excludes?: readonly GivenPattern[];
  /** Patterns that do not heed case. */
  readonly iexcludes?: readonly GivenPattern[];
  /** `FILE[:header]`. */
  readonly excludeIfPresent?: readonly string[];
  readonly excludeCaches?: boolean;
  /** Files with more bytes stay out. */
  readonly excludeLargerThan?: number;
  readonly oneFileSystem?: boolean;
  /** Files `.gitignore` count. */
  readonly gitIgnore?: boolean;
  /** Files `.bcatignore` count, if it is not false. */
  readonly bcatIgnore?: boolean;
  /** Leaves out entries by their absolute paths, before all else and without a word in the snapshot. */
  readonly isUnwanted?: (path: Uint8Array) => boolean;
}

/** Their patterns are text of any bytes, those of a snapshot are UTF-8. */
const BYTES_OPTION = "pattern-bytes=true";

/** The patterns of {@link ChoiceOptions.excludes}, as a snapshot has them. */
export function recordExcludes(options: ChoiceOptions): string[] {
  return (options.excludes ?? []).map(patternText).map(recorders(options).pattern);
}

/** As options of a snapshot, `name=value`; the patterns of {@link ChoiceOptions.excludes} have a field of their own. */
export function recordChoice(options: ChoiceOptions): string[] {
  const { iexcludes = [], excludeIfPresent = [], excludeLargerThan } = options;
  const { pattern, tag } = recorders(options);
  return [
    ...(holdBytes(options) ? [BYTES_OPTION] : []),
    ...iexcludes.map((given) => `iexclude=${pattern(patternText(given))}`),
    ...excludeIfPresent.map((given) => `exclude-if-present=${tag(given)}`),
    ...(options.excludeCaches === true ? ["exclude-caches=true"] : []),
    ...(excludeLargerThan === undefined ? [] : [`exclude-larger-than=${excludeLargerThan}`]),
    ...(options.oneFileSystem === true ? ["one-file-system=true"] : []),
    ...(options.gitIgnore === true ? ["git-ignore=true"] : []),
    ...(options.bcatIgnore === false ? ["bcatignore=false"] : []),
  ];
}

function recorders(options: ChoiceOptions): Record<"pattern" | "tag", (text: string) => string> {
  return holdBytes(options) ? { pattern: recordPattern, tag: recordTag } : { pattern: asItIs, tag: asItIs };
}

function asItIs(text: string): string {
  return text;
}

function holdBytes({ excludes = [], iexcludes = [], excludeIfPresent = [] }: ChoiceOptions): boolean {
  return [...[...excludes, ...iexcludes].map(patternText), ...excludeIfPresent].some(hasBytes);
}

/** What a snapshot has recorded; what is unknown counts for nothing. */
export function recordedChoice(excludes: readonly string[], options: readonly string[]): ChoiceOptions {
  const values = (name: string) =>
    options.filter((option) => option.startsWith(`${name}=`)).map((option) => option.slice(name.length + 1));
  const [size] = values("exclude-larger-than");
  const [pattern, tag] = options.includes(BYTES_OPTION) ? [readPattern, readTag] : [asItIs, asItIs];
  return {
    excludes: excludes.map(pattern),
    iexcludes: values("iexclude").map(pattern),
    excludeIfPresent: values("exclude-if-present").map(tag),
    excludeCaches: values("exclude-caches").includes("true"),
    ...(size === undefined ? {} : { excludeLargerThan: Number(size) }),
    oneFileSystem: values("one-file-system").includes("true"),
    gitIgnore: values("git-ignore").includes("true"),
    bcatIgnore: !values("bcatignore").includes("false"),
  };
}

/** Names of options of a snapshot that say what to keep. */
const choiceNames = [
  "pattern-bytes",
  "iexclude",
  "exclude-if-present",
  "exclude-caches",
  "exclude-larger-than",
  "one-file-system",
  "git-ignore",
  "bcatignore",
];

/** The texts of a snapshot of which more was left out than when it was made. */
export function addRecordedExcludes(
  { excludes, options }: { readonly excludes: readonly string[]; readonly options: readonly string[] },
  added: Pick<ChoiceOptions, "excludes" | "iexcludes">,
): { readonly excludes: readonly string[]; readonly options: readonly string[] } {
  const known = recordedChoice(excludes, options);
  const all = {
    ...known,
    excludes: [...(known.excludes ?? []), ...(added.excludes ?? [])],
    iexcludes: [...(known.iexcludes ?? []), ...(added.iexcludes ?? [])],
  };
  const others = options.filter((option) => !choiceNames.includes(option.split("=", 1)[0]!));
  return { excludes: recordExcludes(all), options: [...others, ...recordChoice(all)] };
}
