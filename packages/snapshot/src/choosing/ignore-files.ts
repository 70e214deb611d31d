/**
 * Files in the source that say what stays out of it: `.bcatignore`, and with `--git-ignore` `.gitignore` and
 * `.git/info/exclude`. Each counts for its folder and below; of several, the one in the nearest folder decides.
 */
import { isMissing, requireSourceFault } from "../backup/source-fault.js";
import { joinPath } from "../path.js";
import type { ChosenFolder } from "./chosen-folder.js";
import { parseIgnoreFile } from "./git-pattern.js";
import { RuleList } from "./rule-list.js";

/** A longer ignore file does not count, which is said. */
const FILE_SIZE_MAX = 2 ** 20;

const bcatIgnore = Buffer.from(".bcatignore");
const gitIgnore = Buffer.from(".gitignore");
const git = Buffer.from(".git");
const gitExclude = [git, Buffer.from("info"), Buffer.from("exclude")];

/** The rules of one ignore file, and those that count where they say nothing. */
export interface IgnoreFrame {
  readonly rules: RuleList;
  /** The folder that they are about, an absolute path. */
  readonly base: Uint8Array;
  readonly isGit: boolean;
  readonly above: IgnoreFrame | undefined;
}

export interface IgnoreFilesOptions {
  readonly bcatIgnore: boolean;
  readonly gitIgnore: boolean;
  /** Something to know of a file. */
  readonly note: (path: Uint8Array, message: string) => void;
}

export class IgnoreFiles {
  readonly #options: IgnoreFilesOptions;

  constructor(options: IgnoreFilesOptions) {
    this.#options = options;
  }

  /** What counts in a folder: what counts above it, and its own files. */
  enter(folder: ChosenFolder, path: () => Uint8Array, above: IgnoreFrame | undefined): IgnoreFrame | undefined {
    let frame = above;
    if (this.#options.gitIgnore) {
      if (folder.has(git)) frame = this.#read(folder, gitExclude, path(), withoutGit(frame), true);
      if (folder.has(gitIgnore)) frame = this.#read(folder, [gitIgnore], path(), frame, true);
    }
    if (this.#options.bcatIgnore && folder.has(bcatIgnore))
      frame = this.#read(folder, [bcatIgnore], path(), frame, false);
    return frame;
  }

  #read(
    folder: ChosenFolder,
    names: readonly Uint8Array[],
    base: Uint8Array,
    above: IgnoreFrame | undefined,
    isGit: boolean,
  ): IgnoreFrame | undefined {
    const file = names.reduce(joinPath, base);
    const { note } = this.#options;
    try {
      const { bytes, size } = folder.read(names, FILE_SIZE_MAX);
      if (size > FILE_SIZE_MAX) {
        note(file, `its patterns do not count: it has ${size} bytes, allowed are ${FILE_SIZE_MAX}`);
        return above;
      }
      const { rules, faults } = parseIgnoreFile(bytes, file);
      const [fault] = faults;
      if (fault !== undefined) {
        const more = faults.length === 1 ? "" : `, nor do ${faults.length - 1} more`;
        note(file, `line ${fault.line} matches nothing${more}: ${fault.found}`);
      }
      return rules.length === 0 ? above : { rules: new RuleList(rules), base, isGit, above };
    } catch (error) {
      const fault = requireSourceFault(error);
      if (!isMissing(fault) && names.length === 1) note(file, `its patterns do not count: ${fault.message}`);
      return above;
    }
  }
}

/** The patterns of one working tree of git say nothing of another that lies in it. */
function withoutGit(frame: IgnoreFrame | undefined): IgnoreFrame | undefined {
  if (frame === undefined) return undefined;
  const above = withoutGit(frame.above);
  if (frame.isGit) return above;
  return above === frame.above ? frame : { ...frame, above };
}
