export { EntryList } from "./entry-list.js";
export { type Accelerators, loadPosix } from "./load.js";
export type { Attributes, Directory, Extents, InodeFlags, Posix, SpecialNode } from "./posix.js";
export { mountOf } from "./proc.js";
export { requireKoffi } from "./require-koffi.js";
export { FileType, type Identity, isOneFile, Stat } from "./stat.js";
export type { Time } from "./time.js";
