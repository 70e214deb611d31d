/** Which paths of a snapshot are to be left out of it: by exclude patterns, as of a backup. */
import { type GivenPattern, parseExcludes } from "../choosing/exclude-pattern.js";
import { type FolderRules, RuleList } from "../choosing/rule-list.js";
import { pathsAbove, splitPath } from "../path.js";

export interface LeftOutPatterns {
  readonly excludes?: readonly GivenPattern[];
  /** Whatever the case. */
  readonly iexcludes?: readonly GivenPattern[];
}

/** What is said of the entries of one folder. */
export type LeaveOut = (name: Uint8Array, isDirectory: boolean) => boolean;

export class LeftOut {
  readonly #lists: readonly RuleList[];

  /** @throws BcatError usage for a malformed pattern */
  constructor({ excludes = [], iexcludes = [] }: LeftOutPatterns) {
    const [plain, folded] = [parseExcludes(excludes, "--exclude"), parseExcludes(iexcludes, "--iexclude", true)];
    this.#lists = [
      ...(plain.length === 0 ? [] : [new RuleList(plain)]),
      ...(folded.length === 0 ? [] : [new RuleList(folded, { foldsCase: true })]),
    ];
  }

  /** True when nothing can be left out. */
  get isEmpty(): boolean {
    return this.#lists.length === 0;
  }

  in(folder: Uint8Array): LeaveOut {
    const lists: FolderRules[] = this.#lists.map((list) => list.in(folder));
    return (name, isDirectory) => lists.some((rules) => rules.find(name, () => isDirectory)?.includes === false);
  }

  /** True for a root that a pattern matches, or a folder above it. */
  hasRoot(path: Uint8Array, isDirectory: boolean): boolean {
    const isOut = (at: Uint8Array, isFolder: boolean) => {
      const { folder, name } = splitPath(at);
      return name.length > 0 && this.in(folder)(name, isFolder);
    };
    return isOut(path, isDirectory) || pathsAbove(path).some((above) => isOut(above, true));
  }
}
