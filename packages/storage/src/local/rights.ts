/**
 * Who may read and write what a storage makes in its folder: whoever may use its `config`, never anybody more.
 *
 *     a file          the right to read that `config` gives to user, group and others; nobody may write it
 *     a directory     of the group, and of others, what the folder itself gives them, if `config` lets them read
 *     the group       that of `config`, if the system lets us give it away; else the group gets nothing
 *     the user        when root writes: that of `config`
 *
 * Before there is a `config` it is derived from the folder: its group may read what it may read in the folder, unless
 * the umask of who makes the repository forbids that. Others never; they may once somebody has given them `config`.
 * From then on no umask counts: the next writer has another one.
 *
 * A folder that holds registers of repositories elsewhere has no `config`, and any number of writers from the first day:
 * there the folder alone says, as it would of a `config` that its group may read if it may read the folder.
 */

import { type LocalFile, type LocalFileSystem, type LocalStatus, useFile } from "./file-system.js";
import { hasCode } from "./system-error.js";

export interface Rights {
  /** Permission bits of a file that has its name. */
  readonly file: number;
  /** Permission bits of a directory, and whether what is made in it has its group. */
  readonly directory: number;
  /** The group that the bits of the group are meant for. */
  readonly gid: number;
  /** Whom root gives what it makes; undefined when it stays the writer's. */
  readonly owner: number | undefined;
}

export interface RightsOptions {
  readonly fileSystem: LocalFileSystem;
  /** The folder of the storage, which exists. */
  readonly root: string;
  readonly suffix: () => string;
  /** The user this process acts as, where there are users. */
  readonly uid: number | undefined;
  /** True for a folder without a `config` that says who may read. */
  readonly hasNoConfig?: boolean | undefined;
}

export const ownerReads = 0o400;
export const ownerUses = 0o700;
const groupBits = 0o070;
const groupReads = 0o040;
const everyoneReads = 0o444;
const everyoneUses = 0o777;
const othersWrite = 0o002;
const groupInherited = 0o2000;

/** Only the user who writes: what a folder without a group gets, and where the system tells nothing. */
export const privateRights: Rights = { file: ownerReads, directory: ownerUses, gid: -1, owner: undefined };

/** True when a file or directory that has just been made needs no more than its mode. */
export function isPrivate({ file, directory, owner }: Rights): boolean {
  return file === ownerReads && directory === ownerUses && owner === undefined;
}

/** Looks at folder and config as they are now. */
export async function deriveRights(options: RightsOptions): Promise<Rights> {
  const { fileSystem, root, uid } = options;
  const folder = await statusOf(fileSystem, root);
  if (folder === undefined) return privateRights;
  const config = await configOf(options, folder);
  const readers = config.mode & everyoneReads;
  // Whoever may not read config gets nothing of the folder either.
  const classes = [0o700, 0o070, 0o007].filter((bits) => (readers & bits) !== 0);
  const used = classes.reduce((all, bits) => all | (folder.mode & bits), 0) & ~othersWrite & everyoneUses;
  return {
    file: ownerReads | (readers & used),
    directory: ownerUses | used | (used & groupBits ? folder.mode & groupInherited : 0),
    gid: config.gid,
    owner: uid === 0 && config.uid !== 0 ? config.uid : undefined,
  };
}

/** That is there, or as it would be made now. */
async function configOf(options: RightsOptions, folder: LocalStatus): Promise<LocalStatus> {
  const { fileSystem, root, hasNoConfig = false } = options;
  const found = hasNoConfig ? undefined : await statusOf(fileSystem, `${root}/config`);
  if (found !== undefined) return found;
  const isShared = (folder.mode & groupReads) !== 0 && (hasNoConfig || (await umaskLetsGroupRead(options)));
  return { ...folder, isFile: () => true, mode: isShared ? ownerReads | groupReads : ownerReads };
}

/** Asks by making a file: reading the umask would mean to set it, for the whole process. */
async function umaskLetsGroupRead({ fileSystem, root, suffix }: RightsOptions): Promise<boolean> {
  const path = `${root}/.tmp-${suffix()}`;
  const file = await fileSystem.open(path, "wx", ownerReads | groupReads);
  try {
    return await useFile(file, async () => ((await file.stat()).mode & groupReads) !== 0);
  } finally {
    await fileSystem.unlink(path).catch(() => {});
  }
}

/**
 * Gives a new file or directory to its owner and group, as far as the system lets us.
 *
 * @returns the permission bits that it may have: `mode`, less those of a group that it could not be given to
 */
export async function share(file: LocalFile, mode: number, { gid, owner }: Rights): Promise<number> {
  const status = await file.stat();
  const isGiven = status.gid === gid && (owner === undefined || status.uid === owner);
  if (!isGiven) await file.chown(owner ?? -1, gid).catch(() => {});
  const isOfGroup = isGiven || (await file.stat()).gid === gid;
  return isOfGroup ? mode : mode & ~groupBits & ~groupInherited;
}

async function statusOf(fileSystem: LocalFileSystem, path: string): Promise<LocalStatus | undefined> {
  try {
    return await fileSystem.stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
