/** Why an entry of the source is, or is not, in a backup: the way of the walk, to this one entry. */
import { SourceError } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { OwnFolders } from "../backup/own-folders.js";
import { type NamedRoot, nameRoots, openRoot } from "../backup/roots.js";
import { closeDirectory, closeFile } from "../backup/source-directory.js";
import { fromSource, requireSourceFault } from "../backup/source-fault.js";
import { componentsOf, isAtOrBelow, joinPath } from "../path.js";
import { Choice, type Exclusion, exclusionOf, type FolderChoice } from "./choice.js";
import type { ChoiceOptions } from "./choice-options.js";
import { OpenFolder } from "./chosen-folder.js";
import type { Rule } from "./rule.js";

export interface Explanation {
  readonly isIncluded: boolean;
  readonly reason: Reason;
  /** What the reason is about: the entry, or a folder above it. */
  readonly at: Uint8Array;
}

export type Reason =
  | Exclusion
  /** It lies in no source. */
  | { readonly kind: "outside" }
  /** It is a source, or a folder above one, of which only what it is is kept. */
  | { readonly kind: "source" | "above-source" }
  /** Nothing leaves it out. */
  | { readonly kind: "kept" }
  /** A pattern takes it back. */
  | { readonly kind: "taken-back"; readonly rule: Rule }
  /** It belongs to the repository. */
  | { readonly kind: "own-folder" }
  /** It is not there, or cannot be read. */
  | { readonly kind: "unreadable"; readonly message: string };

export interface ExplainOptions extends ChoiceOptions {
  /** Absolute paths; one with a `/` at the end means what a link leads to. */
  readonly sources: readonly Uint8Array[];
  /** Folders that the repository and its cache are in. */
  readonly ownFolders: readonly Uint8Array[];
}

/** Explains the entry at `path`, which is absolute. @throws BcatError usage for what cannot be understood */
export function explain(posix: Posix, path: Uint8Array, options: ExplainOptions): Explanation {
  const { roots, inside } = nameRoots(options.sources);
  const named = inside.map((root) => root.path);
  const choice = new Choice(options, { named, note: () => {} });
  const root = roots.find((candidate) => isAtOrBelow(path, candidate.path));
  if (root === undefined) {
    const isAbove = roots.some((candidate) => isAtOrBelow(candidate.path, path));
    return { isIncluded: false, reason: { kind: isAbove ? "above-source" : "outside" }, at: path };
  }
  return new Explainer(posix, { choice, options, named }).explain(root, path);
}

/** A folder on the way, which is open. */
interface Place {
  readonly path: Uint8Array;
  readonly handle: Directory;
  readonly stat: Stat;
  readonly choice: FolderChoice | undefined;
}

class Explainer {
  readonly #posix: Posix;
  readonly #choice: Choice;
  readonly #named: readonly Uint8Array[];
  readonly #own: OwnFolders;

  constructor(
    posix: Posix,
    parts: { readonly choice: Choice; readonly options: ExplainOptions; readonly named: readonly Uint8Array[] },
  ) {
    this.#posix = posix;
    this.#choice = parts.choice;
    this.#named = parts.named;
    this.#own = new OwnFolders(posix, parts.options.ownFolders, () => {});
  }

  explain(root: NamedRoot, path: Uint8Array): Explanation {
    let at = root.path;
    try {
      const { parent, stat, name } = openRoot(this.#posix, root);
      try {
        if (this.#own.holds({ ...root, stat })) return left(at, { kind: "own-folder" });
        const names = componentsOf(path).slice(componentsOf(root.path).length);
        if (names.length === 0) return this.#readable(at, { parent, name, stat }, { kind: "source" });
        const handle =
          name.length === 0
            ? fromSource(() => this.#posix.openDirectory(at))
            : fromSource(() => this.#posix.openDirectoryAt(parent, name));
        try {
          const choice = this.#choice.root(this.#posix, at, new OpenFolder(this.#posix, handle));
          return this.#below({ path: at, handle, stat, choice }, names, (reached) => {
            at = reached;
          });
        } finally {
          closeDirectory(this.#posix, handle);
        }
      } finally {
        closeDirectory(this.#posix, parent);
      }
    } catch (error) {
      return left(at, { kind: "unreadable", message: requireSourceFault(error).message });
    }
  }

  /** The entry that `names` lead to from a folder that is kept. `reach` is told of each entry on the way. */
  #below(place: Place, names: readonly Uint8Array[], reach: (path: Uint8Array) => void): Explanation {
    const [name, ...rest] = names as [Uint8Array, ...Uint8Array[]];
    const at = joinPath(place.path, name);
    reach(at);
    const stat = new Stat();
    fromSource(() => this.#posix.statAt(place.handle, name, stat));
    const isDirectory = stat.type === FileType.DIRECTORY;
    const exclusion = place.choice?.exclusion(name, () => isDirectory);
    if (exclusion !== undefined) return left(at, exclusion);
    if (isDirectory && this.#own.has(stat)) return left(at, { kind: "own-folder" });
    const tooLarge = exclusionOf(this.#choice, stat);
    if (tooLarge !== undefined) return left(at, tooLarge);
    const isForeign = stat.deviceMajor !== place.stat.deviceMajor || stat.deviceMinor !== place.stat.deviceMinor;
    const kept = isForeign ? this.#choice.foreign(place.choice, { name, path: at, isDirectory }) : "kept";
    if (kept === "left" || (kept === "closed" && rest.length > 0)) return left(at, { kind: "file-system" });
    if (rest.length === 0)
      return this.#readable(at, { parent: place.handle, name, stat }, this.#why(place, name, at, stat));
    const handle = fromSource(() => this.#posix.openDirectoryAt(place.handle, name));
    try {
      const choice = this.#choice.enter(new OpenFolder(this.#posix, handle), () => at, place.choice);
      return this.#below({ path: at, handle, stat, choice }, rest, reach);
    } finally {
      closeDirectory(this.#posix, handle);
    }
  }

  /** Why an entry is kept. */
  #why(place: Place, name: Uint8Array, at: Uint8Array, { type }: Stat): Reason {
    if (this.#named.some((named) => Buffer.compare(named, at) === 0)) return { kind: "source" };
    if (place.choice?.passingInto(at) !== undefined) return { kind: "above-source" };
    const decision = place.choice?.decision(name, () => type === FileType.DIRECTORY);
    return decision?.kind === "pattern" && decision.includes
      ? { kind: "taken-back", rule: decision }
      : { kind: "kept" };
  }

  /** What is not left out must still be readable. */
  #readable(
    at: Uint8Array,
    { parent, name, stat }: { readonly parent: Directory; readonly name: Uint8Array; readonly stat: Stat },
    reason: Reason,
  ): Explanation {
    if (stat.type === FileType.UNKNOWN) throw new SourceError("nobody knows what type of file it is");
    const posix = this.#posix;
    if (stat.type === FileType.FILE)
      closeFile(
        posix,
        fromSource(() => posix.openFileAt(parent, name)),
      );
    if (stat.type === FileType.DIRECTORY && name.length > 0)
      closeDirectory(
        posix,
        fromSource(() => posix.openDirectoryAt(parent, name)),
      );
    return { isIncluded: true, reason, at };
  }
}

function left(at: Uint8Array, reason: Reason): Explanation {
  return { isIncluded: false, reason, at };
}
