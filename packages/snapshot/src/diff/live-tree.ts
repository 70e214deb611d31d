/** What lies in a folder of this machine, as entries that can be compared with those of a snapshot. */
import type { KeyedHash } from "@bcat/crypto";
import type { SourceError } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { type NamedRoot, openRoot, openRootDirectory } from "../backup/roots.js";
import { closeDirectory, SourceDirectories, SourceDirectory } from "../backup/source-directory.js";
import { fromSource, isMissing, requireSourceFault } from "../backup/source-fault.js";
import { joinPath, splitPath } from "../path.js";
import { inlineSizeTarget } from "../tree/content.js";
import { compareBytes } from "../tree/name.js";
import { type Attribute, type Content, type Node, NodeType } from "../tree/node.js";
import type { Side, Tree } from "./tree.js";

/** Entries of a folder that are looked at at a time. */
const PIECE = 1_000;

export interface LiveSide extends Side {
  readonly node: Node;
  /** The folder that it is in; of the top, if that is a folder, it itself. */
  readonly directory: SourceDirectory;
  /** Bytes, of a file. */
  readonly size: number;
}

export interface LiveTreeParts {
  readonly posix: Posix;
  /** What makes ids of data. */
  readonly hash: KeyedHash;
  /** Told of an entry, by its absolute path, that cannot be looked at. */
  readonly onFault: (path: Uint8Array, fault: SourceError) => void;
}

export class LiveTree implements Tree<LiveSide>, Disposable {
  readonly top: LiveSide;
  readonly #parts: LiveTreeParts;
  readonly #directories: SourceDirectories;
  readonly #root: Directory;
  readonly #stat = new Stat();

  /** @throws SourceError */
  constructor(parts: LiveTreeParts, root: NamedRoot) {
    this.#parts = parts;
    this.#directories = new SourceDirectories(parts.posix, async () => false);
    const opened = openRoot(parts.posix, root);
    const { parent, name, stat } = opened;
    const isFolder = stat.type === FileType.DIRECTORY;
    try {
      this.#root = isFolder ? fromSource(() => openRootDirectory(parts.posix, opened)) : parent;
      if (isFolder) closeDirectory(parts.posix, parent);
    } catch (error) {
      closeDirectory(parts.posix, parent);
      throw error;
    }
    const directory = this.#directories.root(isFolder ? root.path : splitPath(root.path).folder, this.#root);
    const entry = isFolder ? new Uint8Array(0) : name;
    try {
      if (isFolder) fromSource(() => parts.posix.statFile(this.#root.fd, this.#stat));
      else fromSource(() => parts.posix.statAt(this.#root, entry, this.#stat));
      this.top = this.#sideOf(directory, this.#root, entry);
    } catch (error) {
      closeDirectory(parts.posix, this.#root);
      throw error;
    }
  }

  async *children({ node, directory, name }: LiveSide): AsyncGenerator<readonly LiveSide[]> {
    if (node.type !== NodeType.directory) return;
    const folder = name.length === 0 ? directory : new SourceDirectory(directory, name);
    const { posix } = this.#parts;
    const first = await this.#directories.handle(folder);
    const names = fromSource(() => posix.readNames(first)).sort(compareBytes);
    for (let at = 0; at < names.length; at += PIECE) {
      const handle = await this.#directories.handle(folder);
      yield names.slice(at, at + PIECE).flatMap((each) => this.#find(folder, handle, each) ?? []);
    }
    this.#directories.leave(folder);
  }

  /** The folder an entry is in, open until the next call of this tree, and its name there. @throws SourceError */
  async placeOf({ directory, name }: LiveSide): Promise<{ readonly handle: Directory; readonly name: Uint8Array }> {
    return { handle: await this.#directories.handle(directory), name };
  }

  [Symbol.dispose](): void {
    this.#directories.closeAll();
    closeDirectory(this.#parts.posix, this.#root);
  }

  /** Undefined for one that has gone meanwhile. */
  #find(folder: SourceDirectory, handle: Directory, name: Uint8Array): LiveSide | undefined {
    try {
      fromSource(() => this.#parts.posix.statAt(handle, name, this.#stat));
      return this.#sideOf(folder, handle, name);
    } catch (error) {
      const fault = requireSourceFault(error);
      if (!isMissing(fault)) this.#parts.onFault(joinPath(folder.absolutePath, name), fault);
      return undefined;
    }
  }

  /** Of what the stat was just read. @throws SourceError */
  #sideOf(directory: SourceDirectory, handle: Directory, name: Uint8Array): LiveSide {
    const stat = this.#stat;
    const { posix } = this.#parts;
    const node: Node = {
      name,
      type: stat.type as NodeType,
      mode: stat.mode,
      uid: stat.uid,
      gid: stat.gid,
      // Numbers are compared: names may be given to others here.
      user: "",
      group: "",
      mtimeSeconds: stat.mtimeSeconds,
      mtimeNanoseconds: stat.mtimeNanoseconds,
    };
    if (stat.type === FileType.SYMLINK) node.target = fromSource(() => posix.readLinkAt(handle, name));
    if (stat.type === FileType.CHARACTER || stat.type === FileType.BLOCK) {
      node.major = stat.specialMajor;
      node.minor = stat.specialMinor;
    }
    const attributes = this.#attributesAt(handle, name);
    if (attributes.length > 0) node.attributes = attributes;
    return { name, node, directory, size: stat.size };
  }

  #attributesAt(handle: Directory, name: Uint8Array): Attribute[] {
    const { attributes: calls } = this.#parts.posix;
    if (calls === undefined) return [];
    return fromSource(() => calls.listAt(handle, name)).flatMap((attribute) => {
      const value = fromSource(() => calls.getAt(handle, name, attribute));
      return value === undefined ? [] : [{ name: attribute, content: this.#contentOf(value) }];
    });
  }

  /** As a backup writes it, so that equal ones are equal. */
  #contentOf(value: Uint8Array): Content {
    if (value.length <= inlineSizeTarget) return { kind: "inline", bytes: value };
    return { kind: "chunks", chunks: [{ id: this.#parts.hash.hash(value).slice(), length: value.length }] };
  }
}
