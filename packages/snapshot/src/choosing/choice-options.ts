/** What is said of what to keep, and how a snapshot records it. */
import { type GivenPattern, patternText } from "./exclude-pattern.js";

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

/** As options of a snapshot, `name=value`; the patterns of {@link ChoiceOptions.excludes} have a field of their own. */
export function recordChoice(options: ChoiceOptions): string[] {
  const { iexcludes = [], excludeIfPresent = [], excludeLargerThan } = options;
  return [
    ...iexcludes.map((pattern) => `iexclude=${patternText(pattern)}`),
    ...excludeIfPresent.map((tag) => `exclude-if-present=${tag}`),
    ...(options.excludeCaches === true ? ["exclude-caches=true"] : []),
    ...(excludeLargerThan === undefined ? [] : [`exclude-larger-than=${excludeLargerThan}`]),
    ...(options.oneFileSystem === true ? ["one-file-system=true"] : []),
    ...(options.gitIgnore === true ? ["git-ignore=true"] : []),
    ...(options.bcatIgnore === false ? ["bcatignore=false"] : []),
  ];
}

/** What a snapshot has recorded; what is unknown counts for nothing. */
export function recordedChoice(excludes: readonly string[], options: readonly string[]): ChoiceOptions {
  const values = (name: string) =>
    options.filter((option) => option.startsWith(`${name}=`)).map((option) => option.slice(name.length + 1));
  const [size] = values("exclude-larger-than");
  return {
    excludes,
    iexcludes: values("iexclude"),
    excludeIfPresent: values("exclude-if-present"),
    excludeCaches: values("exclude-caches").includes("true"),
    ...(size === undefined ? {} : { excludeLargerThan: Number(size) }),
    oneFileSystem: values("one-file-system").includes("true"),
    gitIgnore: values("git-ignore").includes("true"),
    bcatIgnore: !values("bcatignore").includes("false"),
  };
}
