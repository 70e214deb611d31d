/**
 * Entries with several names (hard links): the first name that comes is restored, the others become links to it. Names
 * are linked only when all else that the snapshot says of them is the same: of a number that a file system has given to
 * two files one after the other, two entries must not become one.
 */
import { ByteWriter } from "@bcat/codec";
import type { KeyedHash } from "@bcat/crypto";
import { systemErrorCode } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import { writeContent } from "../tree/content.js";
import { type Node, NodeType } from "../tree/node.js";
import { attributesColumn, encodeSparse } from "../tree/sparse.js";
import type { MetadataSetter } from "./metadata.js";
import type { OverLinks } from "./over-links.js";
import { groupOf, type RestoreRun } from "./restore-run.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Entries whose names are remembered, about 300 bytes each. The names of further ones are restored one by one. */
const ENTRIES_MAX = 2 ** 20;
/** Names that wait until what they are to be linked to is written; each may keep the leaf that it was read from. */
const WAITING_MAX = 1_024;

/** A name that is to be restored. */
export interface NameToMake {
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly path: Uint8Array;
  readonly node: Node;
  /** An entry had the name before. */
  readonly isTaken?: boolean;
}

/** A name that is to be a link. */
export interface LinkedName extends NameToMake {
  readonly group: string;
  /** 16 bytes of the hash of all that is restored of the node but its name. */
  readonly fingerprint: string;
}

/** The name of an entry to which others are linked. */
interface KnownEntry {
  readonly directory: TargetDirectory;
  readonly name: Uint8Array;
  readonly fingerprint: string;
}

export interface LinkedNamesParts {
  readonly posix: Posix;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly run: RestoreRun;
  /** Tells entries apart. */
  readonly hash: KeyedHash;
  /** Where names may be taken. */
  readonly overLinks?: OverLinks | undefined;
}

export class LinkedNames {
  readonly #parts: LinkedNamesParts;
  readonly #entries = new Map<string, KnownEntry>();
  #waiting: LinkedName[] = [];
  /** An entry whose names may have been restored one by one, for there were too many entries. */
  #overflow: Uint8Array | undefined;

  constructor(parts: LinkedNamesParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#waiting.length >= WAITING_MAX;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** True when the name waits to become a link; otherwise it is to be restored, and others may be linked to it. */
  waits(given: NameToMake): boolean {
    const name = this.#named(given);
    if (name === undefined) return false;
    if (this.#find(name) === undefined) {
      this.#lead(name);
      return false;
    }
    this.wait(name);
    return true;
  }

  /** True when {@link waits} would be. */
  wouldWait(given: NameToMake): boolean {
    const name = this.#named(given);
    return name !== undefined && this.#find(name) !== undefined;
  }

  #named(name: NameToMake): LinkedName | undefined {
    const { directory, node, isTaken = false } = name;
    if (node.linkGroup === undefined || node.type === NodeType.directory) return undefined;
    const { path } = name;
    return { directory, path, node, isTaken, group: groupOf(node.linkGroup), fingerprint: this.#fingerprint(node) };
  }

  /** What the name is to be linked to is not written yet. */
  wait(name: LinkedName): void {
    this.#waiting.push(name);
  }

  noteOverflow(): void {
    if (this.#overflow === undefined) return;
    this.#parts.run.note(
      this.#overflow,
      "from here on, names of one file may be restored as several files",
      "links-not-kept",
    );
  }

  /** The names that wait, which are the caller's now. */
  take(): LinkedName[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /**
   * `alone`: the system makes no such link; `first`: the others are linked to this name. Either is to be restored. `left`:
   * another entry has the name and stays, or it is such a link already.
   */
  link(name: LinkedName): "linked" | "alone" | "first" | "left" {
    const made = this.#find(name);
    if (made === undefined || this.#parts.run.takeLost(name.group)) return this.#lead(name);
    try {
      return this.#linkTo(made, name);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      // Too many names, or that one could not be restored.
      return code === "EMLINK" || code === "ENOENT" ? this.#lead(name) : "alone";
    }
  }

  #linkTo(made: KnownEntry, name: LinkedName): "linked" | "left" {
    const { posix, directories, metadata, run, overLinks } = this.#parts;
    const { directory, path, node } = name;
    const from = directories.hold(made.directory);
    try {
      const into = directories.handle(directory);
      if (name.isTaken !== true) posix.makeLinkAt(from, made.name, into, node.name);
      else if (overLinks?.link(name, { directory: from, name: made.name }) === "left") return "left";
      run.countBare(node, path);
      // Done already, unless it failed, which concerns this name too.
      const fault = metadata.setAt(into, node.name, node);
      if (fault !== undefined) run.report(path, fault, "metadata-not-set");
      return "linked";
    } finally {
      directories.letGo(made.directory);
    }
  }

  /** The name that a name is to be linked to. */
  #find({ group, fingerprint }: LinkedName): KnownEntry | undefined {
    const known = this.#entries.get(group);
    return known?.fingerprint === fingerprint ? known : undefined;
  }

  /** From now on, names are linked to this one. */
  #lead({ directory, path, node, group, fingerprint }: LinkedName): "first" | "alone" {
    if (this.#entries.size >= ENTRIES_MAX && !this.#entries.has(group)) {
      this.#overflow ??= path;
      return "alone";
    }
    this.#entries.set(group, { directory, name: node.name.slice(), fingerprint });
    return "first";
  }

  #fingerprint(node: Node): string {
    const hash = this.#parts.hash.hash(describe(node)).subarray(0, 16);
    return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString("latin1");
  }
}

/** All that is restored of a node but its name, as bytes. */
function describe(node: Node): Uint8Array {
  const writer = new ByteWriter(256);
  for (const number of [node.type, node.mode, node.uid, node.gid, node.major ?? 0, node.minor ?? 0, node.flags ?? 0])
    writer.varint(number);
  for (const owner of [node.user, node.group]) writer.bytes(typeof owner === "string" ? Buffer.from(owner) : owner);
  writer.zigzag(node.mtimeSeconds);
  writer.varint(node.mtimeNanoseconds);
  writer.bytes(node.target ?? NOTHING);
  if (node.content !== undefined) writeContent(writer, node.content);
  if (node.attributes !== undefined) writer.raw(encodeSparse([node], attributesColumn));
  return writer.finish();
}

const NOTHING = new Uint8Array(0);
