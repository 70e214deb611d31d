/**
 * What of the source goes into a snapshot. An entry stays out when, in this order,
 *
 * 1. its folder is marked by a tag, and it is not the tag;
 * 2. the last of the patterns given that matches leaves it out, of those that heed case or of those that do not;
 * 3. no pattern given takes it back, and the ignore file in the nearest folder that says anything of it leaves it out;
 * 4. it is a file that is too large, or is mounted from another file system than its source.
 *
 * A folder that another file system is mounted at is kept, empty. What is named as a source is never left out, also
 * where it lies in another source; what leads to it is entered for its sake.
 *
 * All of this is decided before a folder is compared with the parent's, for its digest is of what is kept.
 */
import type { SourceCode } from "@bcat/errors";
import { FileType, type Posix, type Stat } from "@bcat/posix";
import { closeDirectory } from "../backup/source-directory.js";
import { fromSource, requireSourceFault } from "../backup/source-fault.js";
import { once } from "../exclude.js";
import { joinPath, pathsAbove } from "../path.js";
import type { ChoiceOptions } from "./choice-options.js";
import { type ChosenFolder, OpenFolder } from "./chosen-folder.js";
import { parseExcludes } from "./exclude-pattern.js";
import { IgnoreFiles, type IgnoreFrame } from "./ignore-files.js";
import { Mounts } from "./mounts.js";
import type { Rule } from "./rule.js";
import { type FolderRules, RuleList } from "./rule-list.js";
import { cacheTag, isTagged, parseTag, type Tag } from "./tags.js";

/** Why an entry stays out. */
export type Exclusion = Rule | Tag | TooLarge | OtherFileSystem | Unwanted;

export interface TooLarge {
  readonly kind: "size";
  readonly sizeMax: number;
}

export interface OtherFileSystem {
  readonly kind: "file-system";
}

export interface Unwanted {
  readonly kind: "unwanted";
}

const UNWANTED: Unwanted = { kind: "unwanted" };

export interface ChoiceParts {
  /** Sources that lie in others, and are to be kept whatever is said. */
  readonly named: readonly Uint8Array[];
  /** Something to know of an entry; with each code only so many are told. */
  readonly note: (path: Uint8Array, message: string, code: SourceCode) => void;
}

export class Choice {
  readonly lists: readonly RuleList[];
  readonly tags: readonly Tag[];
  readonly sizeMax: number;
  readonly otherFileSystem: OtherFileSystem | undefined;
  readonly mounts = new Mounts();
  readonly isUnwanted: ChoiceOptions["isUnwanted"];
  readonly #ignoreFiles: IgnoreFiles;
  readonly #gitIgnore: boolean;
  readonly #named: readonly Uint8Array[];
  readonly note: ChoiceParts["note"];

  /** @throws BcatError usage for what cannot be understood */
  constructor(options: ChoiceOptions, { named, note }: ChoiceParts) {
    const { excludes = [], iexcludes = [], excludeLargerThan } = options;
    const plain = parseExcludes(excludes, "--exclude");
    const folded = parseExcludes(iexcludes, "--iexclude", true);
    this.lists = [
      ...(plain.length === 0 ? [] : [new RuleList(plain)]),
      ...(folded.length === 0 ? [] : [new RuleList(folded, { foldsCase: true })]),
    ];
    this.tags = [...(options.excludeIfPresent ?? []).map(parseTag), ...(options.excludeCaches ? [cacheTag] : [])];
    this.sizeMax = excludeLargerThan ?? Number.POSITIVE_INFINITY;
    this.otherFileSystem = options.oneFileSystem ? { kind: "file-system" } : undefined;
    this.#gitIgnore = options.gitIgnore === true;
    this.#ignoreFiles = new IgnoreFiles({
      bcatIgnore: options.bcatIgnore !== false,
      gitIgnore: this.#gitIgnore,
      note: (path, message) => note(path, message, "ignore-file-unusable"),
    });
    this.isUnwanted = options.isUnwanted;
    this.#named = named;
    this.note = note;
  }

  /** Begins with a root, which is open. */
  root(posix: Posix, path: Uint8Array, folder: ChosenFolder): FolderChoice | undefined {
    const above = this.#gitIgnore ? this.#aboveRoot(posix, path, folder) : undefined;
    return this.#enter(folder, () => path, { frame: above, named: this.#named, passing: undefined });
  }

  /** Goes on with a folder that has been listed. Undefined when nothing is said of its entries. */
  enter(folder: ChosenFolder, path: () => Uint8Array, above: FolderChoice | undefined): FolderChoice | undefined {
    return this.#enter(folder, path, {
      frame: above?.frame,
      named: above?.named ?? [],
      passing: above === undefined || above.named.length === 0 ? undefined : above.passingInto(path()),
    });
  }

  /**
   * What becomes of an entry on another file system than its folder: it is kept as any other, or with nothing in it, or
   * left out.
   */
  foreign(
    folder: FolderChoice | undefined,
    entry: { readonly name: Uint8Array; readonly path: Uint8Array; readonly isDirectory: boolean },
  ): "kept" | "closed" | "left" {
    const exclusion = this.otherFileSystem;
    if (exclusion === undefined || folder?.keepsMount(entry.name, exclusion) === true) return "kept";
    if (entry.isDirectory) return "closed";
    // The files of an overlay may lie on file systems of their own.
    return this.mounts.mayBeAt(entry.path) ? "left" : "kept";
  }

  #enter(folder: ChosenFolder, path: () => Uint8Array, above: Above): FolderChoice | undefined {
    const frame = this.#ignoreFiles.enter(folder, path, above.frame);
    const tags = this.tags.filter((tag) =>
      isTagged(folder, tag, path, (at, said) => this.note(at, said, "tag-unusable")),
    );
    const isIdle = this.lists.length + tags.length + above.named.length === 0 && frame === undefined;
    return isIdle && this.isUnwanted === undefined
      ? undefined
      : new FolderChoice(this, path(), { ...above, frame, tags });
  }

  /** The ignore files of git in the folders above a root that lies in a working tree. */
  #aboveRoot(posix: Posix, path: Uint8Array, root: ChosenFolder): IgnoreFrame | undefined {
    const git = Buffer.from(".git");
    if (root.has(git)) return undefined;
    const note = (file: Uint8Array, message: string) => this.note(file, message, "ignore-file-unusable");
    const ignoreFiles = new IgnoreFiles({ bcatIgnore: false, gitIgnore: true, note });
    /** From the folder at `paths[at]` up to the one that is the working tree; undefined when there is none. */
    const climb = (paths: readonly Uint8Array[]): { frame: IgnoreFrame | undefined } | undefined => {
      const at = paths.at(-1);
      if (at === undefined) return undefined;
      const directory = fromSource(() => posix.openDirectoryToSearch(at));
      try {
        const folder = new OpenFolder(posix, directory);
        const above = folder.has(git) ? { frame: undefined } : climb(paths.slice(0, -1));
        return above && { frame: ignoreFiles.enter(folder, () => at, above.frame) };
      } finally {
        closeDirectory(posix, directory);
      }
    };
    try {
      return climb(pathsAbove(path))?.frame;
    } catch (error) {
      note(path, `files .gitignore above it do not count: ${requireSourceFault(error).message}`);
      return undefined;
    }
  }
}

/** What the folder above hands down. */
interface Above {
  readonly frame: IgnoreFrame | undefined;
  readonly named: readonly Uint8Array[];
  readonly passing: Exclusion | undefined;
}

/** What is said of the entries of one folder. */
export class FolderChoice {
  readonly frame: IgnoreFrame | undefined;
  /** Sources that lie in this folder or below it. */
  readonly named: readonly Uint8Array[];
  /** Why the folder would be left out, were it not for what is named below it. */
  readonly #passing: Exclusion | undefined;
  readonly #lists: readonly FolderRules[];
  readonly #frames: FolderRules[] = [];
  readonly #tags: readonly Tag[];
  readonly #isUnwanted: ChoiceOptions["isUnwanted"];
  readonly #path: Uint8Array;
  /** Why folders are entered only for what is named below them, by path in latin1. */
  #passed: Map<string, Exclusion> | undefined;

  constructor(choice: Choice, path: Uint8Array, above: Above & { readonly tags: readonly Tag[] }) {
    this.frame = above.frame;
    this.#path = path;
    this.#passing = above.passing;
    this.#tags = above.tags;
    this.#isUnwanted = choice.isUnwanted;
    this.#lists = choice.lists.map((list) => list.in(path));
    for (let frame = above.frame; frame !== undefined; frame = frame.above)
      this.#frames.push(frame.rules.in(pathFrom(frame.base, path)));
    this.named = above.named.filter((named) => isBelow(named, path));
  }

  /** Why an entry stays out, as far as its name says; undefined when it is kept. */
  exclusion(name: Uint8Array, isDirectory: () => boolean): Exclusion | undefined {
    if (this.#isUnwanted?.(joinPath(this.#path, name)) === true) return UNWANTED;
    if (this.named.length > 0 && this.#isNamed(name)) return undefined;
    const found = this.#passing ?? this.decision(name, isDirectory);
    if (found === undefined || (found.kind === "pattern" && found.includes)) return undefined;
    return this.named.length > 0 && this.#passes(name, found) ? undefined : found;
  }

  /** What decides about an entry; it may also take it back. */
  decision(name: Uint8Array, askDirectory: () => boolean): Rule | Tag | undefined {
    const tag = this.#tags.find((tag) => Buffer.compare(tag.name, name) !== 0);
    if (tag !== undefined) return tag;
    const isDirectory = once(askDirectory);
    let found: Rule | undefined;
    for (const rules of this.#lists) {
      const rule = rules.find(name, isDirectory);
      if (rule?.includes === false) return rule;
      found ??= rule;
    }
    for (let i = 0; found === undefined && i < this.#frames.length; i++)
      found = this.#frames[i]!.find(name, isDirectory);
    return found;
  }

  /** True when a folder on another file system is kept with what is in it: as a source, or for one that lies below. */
  keepsMount(name: Uint8Array, exclusion: Exclusion): boolean {
    return this.named.length > 0 && (this.#isNamed(name) || this.#passes(name, exclusion));
  }

  /** What {@link Above.passing} is for the folder at an absolute path in this one. */
  passingInto(path: Uint8Array): Exclusion | undefined {
    return this.#passed?.get(Buffer.from(path).toString("latin1"));
  }

  #isNamed(name: Uint8Array): boolean {
    const path = joinPath(this.#path, name);
    return this.named.some((named) => Buffer.compare(named, path) === 0);
  }

  #passes(name: Uint8Array, exclusion: Exclusion): boolean {
    const path = joinPath(this.#path, name);
    if (!this.named.some((named) => isBelow(named, path))) return false;
    this.#passed ??= new Map();
    this.#passed.set(Buffer.from(path).toString("latin1"), exclusion);
    return true;
  }
}

/** Why an entry that is not left out by its name stays out all the same. */
export function exclusionOf(choice: Choice, stat: Stat): Exclusion | undefined {
  if (stat.type === FileType.DIRECTORY || stat.size <= choice.sizeMax) return undefined;
  return { kind: "size", sizeMax: choice.sizeMax };
}

/** The path of a folder from another above it on, or from itself: it begins with `/`. */
function pathFrom(base: Uint8Array, path: Uint8Array): Uint8Array {
  if (base.length === 1) return path;
  return base.length === path.length ? Buffer.from("/") : path.subarray(base.length);
}

function isBelow(path: Uint8Array, folder: Uint8Array): boolean {
  const length = folder.length === 1 ? 0 : folder.length;
  return (
    path.length > length + 1 &&
    path[length] === 0x2f &&
    Buffer.compare(path.subarray(0, length), folder.subarray(0, length)) === 0
  );
}
