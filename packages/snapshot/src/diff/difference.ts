/** In what two entries of one path differ, with restic's marks. */
import { compareBytes } from "../tree/name.js";
import { type Attribute, type ChunkReference, type Content, contentSize, type Node } from "../tree/node.js";

/**
 * - `+` and `-`: only the second, or only the first of the two has it;
 * - `T`: it is of another type;
 * - `M`: its content is another; `M?`: though nothing else tells of it, the time of change neither;
 * - `U`: its owner, mode, time or another of its metadata.
 */
export type Mark = "+" | "-" | "T" | "M" | "M?" | "U";

/** What is known of the contents of two entries. */
export interface ComparedContents {
  readonly sameContent: boolean;
  readonly sameSize: boolean;
}

/** Of two entries that are there. */
export function differenceOf(
  left: Node,
  right: Node,
  { sameContent, sameSize }: ComparedContents,
): Exclude<Mark, "+" | "-"> | undefined {
  if (left.type !== right.type) return "T";
  const same = isSameMetadata(left, right);
  if (sameContent) return same ? undefined : "U";
  return same && sameSize ? "M?" : "M";
}

/** Within one repository, equal contents are stored alike. */
export function isSameContent(left: Content | undefined, right: Content | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  if (left.kind === "inline") return right.kind === "inline" && isSameBytes(left.bytes, right.bytes);
  if (left.kind === "list")
    return right.kind === "list" && left.size === right.size && isSameBytes(left.list.id, right.list.id);
  return right.kind === "chunks" && areSameChunks(left.chunks, right.chunks);
}

function areSameChunks(left: readonly ChunkReference[], right: readonly ChunkReference[]): boolean {
  return left.length === right.length && left.every(({ id }, i) => isSameBytes(id, right[i]!.id));
}

/** All that a restore sets but content and names; link groups are another after each copy. */
export function isSameMetadata(left: Node, right: Node): boolean {
  return (
    left.mode === right.mode &&
    left.uid === right.uid &&
    left.gid === right.gid &&
    left.mtimeSeconds === right.mtimeSeconds &&
    left.mtimeNanoseconds === right.mtimeNanoseconds &&
    isSameOwner(left.user, right.user) &&
    isSameOwner(left.group, right.group) &&
    isSameBytes(left.target, right.target) &&
    left.major === right.major &&
    left.minor === right.minor &&
    (left.flags ?? 0) === (right.flags ?? 0) &&
    areSameAttributes(left.attributes ?? [], right.attributes ?? [])
  );
}

function isSameOwner(left: string | Uint8Array, right: string | Uint8Array): boolean {
  if (typeof left === "string" && typeof right === "string") return left === right;
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) === 0;
}

function isSameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compareBytes(left, right) === 0;
}

function areSameAttributes(left: readonly Attribute[], right: readonly Attribute[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ name, content }, i) => isSameBytes(name, right[i]!.name) && isSameContent(content, right[i]!.content))
  );
}

/** Bytes of a file, 0 for anything else. */
export function sizeOf({ content }: Node): number {
  return content === undefined ? 0 : contentSize(content);
}
