/** What a dump writes: which entries, in which form, and what their names in an archive begin behind. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { isHere } from "../entries.js";
import { findCurrentFolder, findEntries } from "../find-entries.js";
import { componentsOf, joinPath, splitPath } from "../path.js";
import { foldersToMake } from "../restore/folders-above.js";
import { type Entry, rootEntries } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { showName } from "../tree/name.js";
import { NodeType } from "../tree/node.js";
import type { DumpForm, DumpOptions } from "./options.js";

const NO_PATH = new Uint8Array(0);
const SLASH = 0x2f;

export interface DumpPlan {
  readonly form: DumpForm;
  /** With all below them. */
  readonly entries: readonly Entry[];
  /** Folders that several entries lie in, outermost first, without what else is in them. */
  readonly folders: readonly Entry[];
  /** What the path of every entry begins with and its name in an archive does not; no slash at its end. */
  readonly below: Uint8Array;
}

/** @param path `all` for everything @throws BcatError not-found, usage */
export async function planDump(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array | "all",
  options: DumpOptions,
): Promise<DumpPlan> {
  const { below } = options;
  if (below !== undefined) return await planBelow(repository, info, path, { ...options, below });
  const atTop = { ...options, below: NO_PATH };
  const here = path !== "all" && isHere(path) ? await findCurrentFolder(repository, info, options) : undefined;
  if (here !== undefined) return planFound(info, [here], atTop);
  if (path === "all" || isHere(path) || isTop(path)) return planAll(info, atTop);
  const { entries } = await findEntries(repository, info, path, options);
  return planFound(info, entries, atTop);
}

/** Everything is an archive, also of a single root that is a file: what a script gets does not hang on that. */
function planAll(info: SnapshotInfo, { format = "tar", below }: Pick<DumpPlan, "below"> & DumpOptions): DumpPlan {
  const entries = rootEntries(info);
  return { form: format, entries, folders: foldersAbove(info, entries), below };
}

async function planBelow(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array | "all",
  options: DumpOptions & { readonly below: Uint8Array },
): Promise<DumpPlan> {
  const folder = await findEntries(repository, info, options.below, options);
  const [only, ...others] = folder.entries;
  if (others.length === 0 && only !== undefined && only.node.type !== NodeType.directory)
    throw new BcatError("usage", `Cannot dump what is in ${showName(only.path)}: it is no folder`);
  const below = folder.path.length === 1 ? NO_PATH : folder.path;
  const isWhole = path === "all" || isHere(path) || isTop(path);
  if (isWhole) return planFound(info, folder.entries, { ...options, below });
  const { entries } = await findEntries(repository, info, joinPath(folder.path, withoutSlash(path)));
  return planFound(info, entries, { ...options, below });
}

function planFound(
  info: SnapshotInfo,
  entries: readonly Entry[],
  { format, archivesFiles = false, below }: Pick<DumpOptions, "format" | "archivesFiles"> & Pick<DumpPlan, "below">,
): DumpPlan {
  const [only, ...others] = entries;
  if (only === undefined || others.length > 0) {
    const folders = foldersAbove(info, entries).filter(({ path }) => path.length > below.length);
    return { form: format ?? "tar", entries, folders, below };
  }
  const parts = { entries, folders: [], below };
  if (only.node.type === NodeType.directory) return { form: format ?? "tar", ...parts };
  if (only.node.type === NodeType.file && !archivesFiles) return { form: "file", ...parts };
  if (format !== undefined) return { form: format, ...parts };
  const found = "it is neither file nor folder: give --archive to get it as the one entry of an archive";
  throw new BcatError("usage", `Cannot dump ${showName(only.path)}: ${found}`);
}

/** What the snapshot knows of the folders above roots, each once. */
function foldersAbove(info: SnapshotInfo, entries: readonly Entry[]): Entry[] {
  const folders = new Map<string, Entry>();
  for (const entry of entries) {
    for (const { path, node } of foldersToMake(info, entry.path))
      if (node !== undefined) folders.set(Buffer.from(path).toString("latin1"), { path, node });
  }
  return [...folders.values()];
}

function isTop(path: Uint8Array): boolean {
  return path[0] === SLASH && componentsOf(path).length === 0;
}

function withoutSlash(path: Uint8Array): Uint8Array {
  return path[0] === SLASH ? path.subarray(1) : path;
}

/** `./` for what the names begin behind; of a folder with a slash at its end. */
export function nameInArchive({ path, node }: Entry, below: Uint8Array): Uint8Array {
  const name = withoutSlash(path.subarray(below.length));
  if (name.length === 0) return Buffer.from(node.type === NodeType.directory ? "./" : splitPath(path).name);
  return node.type === NodeType.directory ? Buffer.concat([name, Uint8Array.of(SLASH)]) : name;
}
