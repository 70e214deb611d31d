/** The files of a machine that are backed up, how they change, and what each of them held when. */
import { FileType } from "@bcat/posix";
import type { Dice } from "./dice.js";
import { copyInode, type FileTime, type Inode, Inodes } from "./inode.js";
import type { Range, Size } from "./knobs.js";

/** What a file held from a time on; undefined while it was not there. */
export interface Version {
  readonly since: number;
  readonly content: Uint8Array | undefined;
}

export interface Contents {
  /** Contents that files are made of: few, so that the same ones come back, on other machines too. */
  readonly blocks: readonly Uint8Array[];
  readonly size: Pick<Size, "roots" | "folders" | "files">;
  /** Inode numbers are above: no two files of two repositories have the same, as times alone are. */
  readonly inodesAbove: number;
}

/** What the times of a machine are taken from. */
export interface SourceTimes {
  /** Of the run, ms. */
  readonly now: () => number;
  /** By the machine's clock, ms. */
  readonly time: () => number;
}

const ROOTS = ["/r", "/s"];
const FOLDERS = ["/x", "/y"];
const FILES = ["a", "b", "c"];

export class Source {
  readonly root: Inode;
  readonly inodes: Inodes;
  /** Of each folder that is backed up by itself, as `/home/x`. */
  readonly roots: readonly string[];
  /** By path. */
  readonly history: Map<string, Version[]>;
  readonly #dice: Dice;
  readonly #now: () => number;
  readonly #blocks: readonly Uint8Array[];
  readonly #folders: { readonly path: string; readonly inode: Inode }[] = [];

  static make(dice: Dice, { blocks, size, inodesAbove }: Contents, { now, time }: SourceTimes): Source {
    const inodes = new Inodes(time, inodesAbove);
    const roots = ROOTS.slice(0, dice.within(size.roots));
    const parts = { inodes, root: inodes.makeFolder(), roots, history: new Map() };
    const source = new Source(parts, { dice, now, blocks });
    const folders = ["", ...FOLDERS.slice(0, dice.within(size.folders))];
    for (const root of roots) for (const folder of folders) source.#addFolder(root + folder);
    const isFilled = (path: string) => path.length > 2 || folders.length === 1 || dice.chance(0.5);
    for (const { path, inode } of source.#folders) if (isFilled(path)) source.#fill(path, inode, size.files);
    return source;
  }

  private constructor(
    { inodes, root, roots, history }: Pick<Source, "inodes" | "root" | "roots" | "history">,
    { dice, now, blocks }: { dice: Dice; now: () => number; blocks: readonly Uint8Array[] },
  ) {
    this.#dice = dice;
    this.#now = now;
    this.#blocks = blocks;
    this.inodes = inodes;
    this.root = root;
    this.roots = roots;
    this.history = history;
  }

  /** The same files with the same past, whose future others decide. */
  copy(dice: Dice, { now, time }: SourceTimes): Source {
    const history = new Map([...this.history].map(([path, versions]) => [path, [...versions]]));
    const parts = { inodes: this.inodes.copy(time), root: copyInode(this.root), roots: this.roots, history };
    const copy = new Source(parts, { dice, now, blocks: this.#blocks });
    for (const { path } of this.#folders) copy.#folders.push({ path, inode: copy.#inodeAt(path) });
    return copy;
  }

  /** One change of one file. */
  change(): void {
    const dice = this.#dice;
    const { path, inode } = dice.pick(this.#folders);
    const name = dice.pick(FILES);
    const file = inode.children.get(name);
    if (file !== undefined && dice.chance(0.25)) this.#remove(path, inode, name);
    else if (file !== undefined && dice.chance(0.4)) this.#overwrite(path, name, file);
    else this.#write(path, inode, name, this.#content(), dice.chance(0.5) ? OLD : this.inodes.time());
  }

  /** A file that has been another one before becomes that again, if there is any; else it is any change. */
  revert(): void {
    const dice = this.#dice;
    const { path, inode } = dice.pick(this.#folders);
    const name = dice.pick(FILES);
    const former = (this.history.get(`${path}/${name}`) ?? []).slice(0, -1).map(({ content }) => content);
    const content = former.length === 0 ? undefined : dice.pick(former);
    if (content === undefined) this.change();
    else this.#write(path, inode, name, content, this.inodes.time());
  }

  #addFolder(path: string): void {
    const inode = this.inodes.makeFolder();
    const [, root, below] = path.split("/");
    const parent = below === undefined ? this.root : this.root.children.get(root!)!;
    parent.children.set(below ?? root!, inode);
    inode.mtime = OLD;
    this.#folders.push({ path, inode });
  }

  #inodeAt(path: string): Inode {
    const names = path.split("/").slice(1);
    return names.reduce((inode, name) => inode.children.get(name)!, this.root);
  }

  #fill(path: string, inode: Inode, files: Range): void {
    for (const name of FILES.slice(0, this.#dice.within(files))) this.#write(path, inode, name, this.#content(), OLD);
  }

  #content(): Uint8Array {
    const dice = this.#dice;
    if (dice.chance(0.15)) return this.#dice.pick(this.#blocks).slice(0, dice.integer(0, 500));
    const count = dice.integer(1, 3);
    return new Uint8Array(Buffer.concat(Array.from({ length: count }, () => dice.pick(this.#blocks))));
  }

  #write(path: string, folder: Inode, name: string, content: Uint8Array, mtime: FileTime): void {
    const inode = this.inodes.make(FileType.FILE, 0o644);
    inode.content = content;
    inode.mtime = mtime;
    folder.children.set(name, inode);
    this.#touch(folder);
    this.#note(`${path}/${name}`, content);
  }

  #overwrite(path: string, name: string, file: Inode): void {
    file.content = this.#content();
    file.mtime = this.inodes.time();
    file.ctime = this.inodes.time();
    this.#note(`${path}/${name}`, file.content);
  }

  #remove(path: string, folder: Inode, name: string): void {
    folder.children.delete(name);
    this.#touch(folder);
    this.#note(`${path}/${name}`, undefined);
  }

  #touch(folder: Inode): void {
    folder.ctime = this.inodes.time();
  }

  #note(path: string, content: Uint8Array | undefined): void {
    const versions = this.history.get(path) ?? [];
    versions.push({ since: this.#now(), content });
    this.history.set(path, versions);
  }
}

/** What many files of a machine have in common, so that trees of others are alike. */
const OLD: FileTime = { seconds: 1_700_000_000, nanoseconds: 0 };
