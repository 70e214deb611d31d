/** An entry that may be meant, of which is decoded what is asked for. */
import type { Node, NodeType, TreeReference } from "../tree/node.js";

export interface Candidate {
  readonly name: Name;
  readonly type: NodeType;
  /** What is in it; undefined of all but directories. */
  readonly subtree: TreeReference | undefined;
  /** Absolute; put together when it is asked for. */
  path(): Uint8Array;
  /** All that is known of it. @throws CorruptError when it, or one that was stored beside it, breaks a rule of the format */
  node(): Node;
}

/** A name where it lies, which costs less than a view of it. */
export interface Name {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export function nameOf(bytes: Uint8Array): Name {
  return { bytes, start: 0, end: bytes.length };
}
