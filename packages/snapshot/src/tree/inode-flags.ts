/**
 * Inode flags that are recorded: those of chattr(1) that can be set, as bits of FS_IOC_GETFLAGS of Linux. What the file
 * system says of itself in the same number (extents, encryption, indexes) is none of ours.
 */
export const InodeFlag = {
  secureDeletion: 0x1,
  undeletable: 0x2,
  compressed: 0x4,
  synchronous: 0x8,
  immutable: 0x10,
  appendOnly: 0x20,
  noDump: 0x40,
  noAtime: 0x80,
  notCompressed: 0x400,
  journalledData: 0x4000,
  noTailMerging: 0x8000,
  synchronousDirectory: 0x1_0000,
  topDirectory: 0x2_0000,
  noCopyOnWrite: 0x80_0000,
  directAccess: 0x200_0000,
} as const;

/** All of these. */
export const recordedFlags = Object.values(InodeFlag).reduce((all: number, flag) => all | flag, 0);

/** Those that matter to what is written afterwards, or can be set of an empty file only. */
export const earlyFlags = InodeFlag.compressed | InodeFlag.notCompressed | InodeFlag.noCopyOnWrite;

/** Those that keep their entry from being changed, removed, renamed or linked. */
export const protectingFlags = InodeFlag.immutable | InodeFlag.appendOnly;

/** Of the lowest 32, as a number without a sign: a repository may say more. */
export function bitsOf(flags: number, mask: number): number {
  return (flags & mask) >>> 0;
}
