/**
 * A file system in memory, as backups and restores call the one of the machine. No hard or symbolic links, no extended
 * attributes: what the simulation is about is what becomes of contents and trees.
 */
import { type Directory, type EntryList, FileType, type Posix, type Stat } from "@bcat/posix";
import { type FileTime, fillStat, type Inode, type Inodes } from "./inode.js";

const FIRST_DESCRIPTOR = 1 << 24;
const LIMIT = "ENOTSUP";

type Name = Uint8Array;

export class MemoryPosix implements Posix {
  readonly name = "node";
  readonly exactTimes = true;
  readonly reachesByDescriptor = true;
  readonly #root: Inode;
  readonly #inodes: Inodes;
  readonly #open = new Map<number, Inode>();
  /** Called before bytes of a file are read. */
  readonly #onRead: () => void;
  #next = FIRST_DESCRIPTOR;

  constructor(root: Inode, inodes: Inodes, onRead: () => void = () => {}) {
    this.#root = root;
    this.#inodes = inodes;
    this.#onRead = onRead;
  }

  openDirectory(path: Uint8Array): Directory {
    let inode = this.#root;
    for (const name of latin1(path).split("/")) if (name !== "") inode = this.#child(inode, name);
    return this.#openFolder(inode, path);
  }

  openDirectoryToSearch(path: Uint8Array): Directory {
    return this.openDirectory(path);
  }

  openDirectoryAt(parent: Directory, name: Name): Directory {
    return this.#openFolder(this.#at(parent, name), Buffer.concat([parent.path, Buffer.from("/"), name]));
  }

  readNames(directory: Directory): Uint8Array[] {
    return [...this.#inode(directory.fd).children.keys()].map((name) => Buffer.from(name, "latin1"));
  }

  readEntries(directory: Directory, into: EntryList): void {
    into.clear();
    for (const name of this.readNames(directory)) into.add(name);
  }

  statAt(directory: Directory, name: Name, into: Stat): void {
    fillStat(this.#at(directory, name), into);
  }

  statEntry(directory: Directory, entries: EntryList, index: number, into: Stat): void {
    this.statAt(directory, entries.name(index), into);
  }

  statFile(fd: number, into: Stat): void {
    fillStat(this.#inode(fd), into);
  }

  isRemote(): boolean {
    return false;
  }

  openFileAt(directory: Directory, name: Name): number {
    return this.#add(this.#at(directory, name));
  }

  read(fd: number, into: Uint8Array, position: number): number {
    this.#onRead();
    const piece = this.#inode(fd).content.subarray(position, position + into.length);
    into.set(piece);
    return piece.length;
  }

  readLinkAt(): Uint8Array {
    throw fault("EINVAL", "readlink");
  }

  makeDirectoryAt(directory: Directory, name: Name, mode: number): void {
    this.#insert(directory, name, this.#inodes.makeFolder(mode & 0o7755));
  }

  createFileAt(directory: Directory, name: Name, mode: number): number {
    const inode = this.#inodes.make(FileType.FILE, mode & 0o7755);
    this.#insert(directory, name, inode);
    return this.#add(inode);
  }

  writeFile(fd: number, bytes: Uint8Array, position: number): void {
    const inode = this.#inode(fd);
    const content = new Uint8Array(Math.max(inode.content.length, position + bytes.length));
    content.set(inode.content);
    content.set(bytes, position);
    this.#write(inode, content);
  }

  truncateFile(fd: number, size: number): void {
    const inode = this.#inode(fd);
    const content = new Uint8Array(size);
    content.set(inode.content.subarray(0, size));
    this.#write(inode, content);
  }

  makeSymlinkAt(): void {
    throw fault(LIMIT, "symlink");
  }

  makeLinkAt(): void {
    throw fault(LIMIT, "link");
  }

  removeFileAt(directory: Directory, name: Name): void {
    if (this.#at(directory, name).type === FileType.DIRECTORY) throw fault("EISDIR", "unlink");
    this.#inode(directory.fd).children.delete(latin1(name));
  }

  removeDirectoryAt(directory: Directory, name: Name): void {
    if (this.#at(directory, name).children.size > 0) throw fault("ENOTEMPTY", "rmdir");
    this.#inode(directory.fd).children.delete(latin1(name));
  }

  renameAt(directory: Directory, from: Name, to: Name): void {
    const inode = this.#at(directory, from);
    const { children } = this.#inode(directory.fd);
    children.delete(latin1(from));
    children.set(latin1(to), inode);
  }

  setOwnerAt(directory: Directory, name: Name, uid: number, gid: number): void {
    setOwner(this.#at(directory, name), uid, gid);
  }

  setModeAt(directory: Directory, name: Name, mode: number): void {
    this.#at(directory, name).mode = mode;
  }

  setTimesAt(directory: Directory, name: Name, seconds: number, nanoseconds: number): void {
    this.#setTime(this.#at(directory, name), { seconds, nanoseconds });
  }

  setFileOwner(fd: number, uid: number, gid: number): void {
    setOwner(this.#inode(fd), uid, gid);
  }

  setFileMode(fd: number, mode: number): void {
    this.#inode(fd).mode = mode;
  }

  setFileTimes(fd: number, seconds: number, nanoseconds: number): void {
    this.#setTime(this.#inode(fd), { seconds, nanoseconds });
  }

  close(fd: number): void {
    if (!this.#open.delete(fd)) throw fault("EBADF", "close");
  }

  closeDirectory({ fd }: Directory): void {
    this.close(fd);
  }

  #write(inode: Inode, content: Uint8Array): void {
    inode.content = content;
    inode.mtime = this.#inodes.time();
    inode.ctime = inode.mtime;
  }

  #setTime(inode: Inode, time: FileTime): void {
    inode.mtime = time;
    inode.ctime = this.#inodes.time();
  }

  #insert(directory: Directory, name: Name, inode: Inode): void {
    const { children } = this.#inode(directory.fd);
    if (children.has(latin1(name))) throw fault("EEXIST", "open");
    children.set(latin1(name), inode);
  }

  #openFolder(inode: Inode, path: Uint8Array): Directory {
    if (inode.type !== FileType.DIRECTORY) throw fault("ENOTDIR", "open");
    return { fd: this.#add(inode), path: path.slice() };
  }

  #add(inode: Inode): number {
    this.#open.set(++this.#next, inode);
    return this.#next;
  }

  #inode(fd: number): Inode {
    const inode = this.#open.get(fd);
    if (inode === undefined) throw fault("EBADF", "fstat");
    return inode;
  }

  #at({ fd }: Directory, name: Name): Inode {
    const inode = this.#inode(fd);
    return name.length === 0 ? inode : this.#child(inode, latin1(name));
  }

  #child(inode: Inode, name: string): Inode {
    const found = inode.children.get(name);
    if (found === undefined) throw fault(inode.type === FileType.DIRECTORY ? "ENOENT" : "ENOTDIR", "open");
    return found;
  }
}

function setOwner(inode: Inode, uid: number, gid: number): void {
  if (uid !== -1) inode.uid = uid;
  if (gid !== -1) inode.gid = gid;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function fault(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, errno: -1 });
}
