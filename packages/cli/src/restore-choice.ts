/** What of a snapshot is restored: patterns of entries and of extended attributes, given or in files. */
import type { OnNotice } from "@bcat/errors";
import type { RestoreOptions } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { readExcludeFiles } from "./exclude.js";
import { type Flags, onlyTyped } from "./options.js";
import { tellMeanings } from "./pattern-meaning.js";
import { printNotice } from "./warning.js";

export const restoreChoiceFlags: Flags = onlyTyped({
  include: {
    kind: "list",
    value: "PATTERN",
    bytes: true,
    short: "i",
    description: "pattern of what to restore, with all that is below it",
  },
  exclude: { kind: "list", value: "PATTERN", bytes: true, short: "e", description: "pattern of what to leave out" },
  iinclude: {
    kind: "list",
    value: "PATTERN",
    bytes: true,
    description: "as --include, without a difference between capital and small letters",
  },
  iexclude: {
    kind: "list",
    value: "PATTERN",
    bytes: true,
    description: "as --exclude, without a difference between capital and small letters",
  },
  "include-file": {
    kind: "list",
    bytes: true,
    description: "file with a pattern of --include on each line; # begins a comment",
  },
  "exclude-file": { kind: "list", bytes: true, description: "file with a pattern of --exclude on each line" },
  "iinclude-file": { kind: "list", bytes: true, description: "file with a pattern of --iinclude on each line" },
  "iexclude-file": { kind: "list", bytes: true, description: "file with a pattern of --iexclude on each line" },
  "include-xattr": {
    kind: "list",
    value: "PATTERN",
    bytes: true,
    description: "pattern of the extended attributes to restore, such as user.*",
  },
  "exclude-xattr": {
    kind: "list",
    value: "PATTERN",
    bytes: true,
    description: "pattern of the extended attributes to leave out",
  },
});

type Choice = Required<
  Pick<RestoreOptions, "includes" | "excludes" | "iincludes" | "iexcludes" | "includeAttributes" | "excludeAttributes">
>;

/** @throws BcatError usage for a file that cannot be read */
export async function choiceOf(context: Pick<Context, "options" | "variables" | "output">): Promise<Choice> {
  const { options, variables, output } = context;
  const onNotice: OnNotice = (line, code) => printNotice(line, code, output);
  const patterns = async (name: string) => {
    const flag = `${name}-file`;
    const inFiles = await readExcludeFiles(options.list(flag), { flag: `--${flag}`, variables, onNotice });
    return [...options.list(name), ...inFiles.map(({ text }) => text)];
  };
  const choice = {
    includes: await patterns("include"),
    excludes: await patterns("exclude"),
    iincludes: await patterns("iinclude"),
    iexcludes: await patterns("iexclude"),
    includeAttributes: options.list("include-xattr"),
    excludeAttributes: options.list("exclude-xattr"),
  };
  if (!output.quiet) await tellMeanings(Object.values(choice).flat(), onNotice);
  return choice;
}

/** True when not everything is to be restored. */
export function isSelective({ includes, excludes, iincludes, iexcludes }: Choice): boolean {
  return [includes, excludes, iincludes, iexcludes].some((patterns) => patterns.length > 0);
}
