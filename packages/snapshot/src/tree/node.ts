/**
 * Nodes: what a tree holds about one entry of the source, which is what restore uses and nothing else
 * (docs/format.md section 12). What only change detection needs is in the scan stream.
 */

import type { EncodedContent } from "./content.js";

/** Types of nodes, as numbered in the format. */
export const NodeType = {
  file: 1,
  directory: 2,
  symlink: 3,
  characterDevice: 4,
  blockDevice: 5,
  fifo: 6,
  socket: 7,
} as const;

export type NodeType = (typeof NodeType)[keyof typeof NodeType];

/** One entry. Which of the optional fields are there depends on the type. */
export interface Node {
  /** Bytes, in no encoding; empty for a root only. */
  name: Uint8Array;
  type: NodeType;
  /** Permission bits, at most 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Name of the owner, empty when unknown; bytes only when they are not UTF-8. */
  user: string | Uint8Array;
  group: string | Uint8Array;
  /** Rounded down, so before 1970 too the nanoseconds count upwards. Magnitude at most {@link secondsMax}. */
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  /** When it was read last, as mtime; both absent where that was not to be stored. */
  atimeSeconds?: number;
  atimeNanoseconds?: number;
  /** Files: all of them. */
  content?: Content;
  /** Directories: all of them. */
  subtree?: TreeReference;
  /** Symlinks: all of them. */
  target?: Uint8Array;
  /** Devices: all of them. */
  major?: number;
  minor?: number;
  /** Extended attributes, ascending by name; absent when there are none. */
  attributes?: Attribute[];
  /** Inode flags; absent when 0. */
  flags?: number;
  /** 8 bytes; nodes of one group are one file with several names. */
  linkGroup?: Uint8Array;
  /** Files: it changed whenever it was read, so that its content may be none that it ever had; absent when not. */
  hasChanged?: true;
  /** Files: parts of it were never written, and are to be holes again; absent when not. */
  hasHoles?: true;
}

export interface Attribute {
  readonly name: Uint8Array;
  readonly content: Content;
}

/** A node on its way into a tree: its content may be encoded already. */
export interface NodeToWrite extends Omit<Node, "content"> {
  content?: Content | EncodedContent;
}

/** Where the bytes of a file or attribute are. */
export type Content =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "chunks"; readonly chunks: readonly ChunkReference[] }
  | { readonly kind: "list"; readonly size: number; readonly list: TreeReference };

/** A data chunk: its whole id, 32 bytes, and its length in bytes. */
export interface ChunkReference {
  readonly id: Uint8Array;
  readonly length: number;
}

/** A tree chunk: level 0 is a leaf, level l an inner list over level l - 1. */
export interface TreeReference {
  readonly level: number;
  readonly length: number;
  readonly id: Uint8Array;
}

/** Bytes of an id. */
export const idSize = 32;
/** The longest name of an entry, in bytes. */
export const nameLengthMax = 1024;
/** The longest user or group name, in bytes. */
export const ownerLengthMax = 256;
/** The longest target of a symlink, in bytes. */
export const targetLengthMax = 65_535;
/** The longest name of an extended attribute, in bytes. */
export const attributeNameLengthMax = 255;
/** The most extended attributes of one node. */
export const attributeCountMax = 1024;
/** Bytes of a link group. */
export const linkGroupSize = 8;
/** Permission bits and set-id bits. */
export const modeMax = 0o7777;
/** Magnitude of seconds, so that the difference of two fits a zigzag: 35 million years. */
export const secondsMax = 2 ** 50;
export const nanosecondsMax = 999_999_999;
/** The largest tree chunk, in bytes. */
export const treeSizeMax = 4 * 1024 * 1024;
/** The highest level of a list. */
export const levelMax = 8;
/** The largest data chunk, in bytes. */
export const chunkLengthMax = 64 * 1024 * 1024;
/** The most nodes that a reader takes in one leaf; writers close a leaf at 4,096. */
export const leafNodeCountMax = 65_536;

/** Bytes of a file or attribute. */
export function contentSize(content: Content): number {
  if (content.kind === "inline") return content.bytes.length;
  if (content.kind === "list") return content.size;
  return content.chunks.reduce((size, chunk) => size + chunk.length, 0);
}
