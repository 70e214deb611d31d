/** What a restore needs where entries may be there already, put together. */
import { DATA } from "@bcat/pack";
import { EntryList } from "@bcat/posix";
import type { AttributeSetter } from "./attributes.js";
import type { RestoreParts } from "./create-contents.js";
import { ExistingEntries, type ExistingEntriesParts, type OverwriteGuard } from "./existing-entries.js";
import type { FlagSetter } from "./inode-flags.js";
import { ChunkMemory, type LocalFileParts } from "./local-file.js";
import { MetadataSetter } from "./metadata.js";
import { OldFolders } from "./old-folders.js";
import { OldNames } from "./old-names.js";
import { OverLinks } from "./over-links.js";
import type { Overwrite } from "./overwrite.js";
import type { Replacer } from "./replacer.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

export interface InPlaceParts extends RestoreParts {
  readonly overwrite: Overwrite;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  readonly flags: FlagSetter;
  readonly local: LocalFileParts;
  readonly replacer: Replacer;
  /** Has attributes set when all else is done. */
  readonly finish: ExistingEntriesParts["finish"];
}

export class InPlace {
  readonly existing: ExistingEntries;
  readonly folders: OldFolders;
  readonly overLinks: OverLinks;
  readonly #parts: InPlaceParts;
  readonly #list = new EntryList();

  constructor(parts: InPlaceParts) {
    this.#parts = parts;
    this.existing = new ExistingEntries({
      ...parts,
      mayProtect: parts.kept?.isPrivileged === true,
      guard: createGuard(parts),
    });
    this.folders = new OldFolders({ ...parts, flags: parts.flags.old });
    this.overLinks = new OverLinks({ ...parts, existing: this.existing });
  }

  /** Names that an old directory has; to be asked for before anything is restored into it. */
  namesIn(directory: TargetDirectory): OldNames {
    const { posix, directories } = this.#parts;
    return OldNames.read(posix, directories.handle(directory), this.#list);
  }
}

/** Looks at an entry as the survey of the target has done. */
function createGuard(parts: InPlaceParts): OverwriteGuard | undefined {
  const { kept } = parts;
  if (kept === undefined) return undefined;
  const metadata = new MetadataSetter(parts.posix);
  if (!kept.isPrivileged) metadata.ignoreOwners();
  return {
    paths: kept.paths,
    survey: new ExistingEntries({ ...parts, metadata, mayProtect: kept.isPrivileged, isDry: true }),
  };
}

export function localFileParts({ posix, repository }: Pick<RestoreParts, "posix" | "repository">): LocalFileParts {
  return { posix, hash: repository.idHash[DATA], memory: new ChunkMemory() };
}
