/** What a chunk holds: bytes of files (data), or records about them (tree). Each has its ids, packs and segments. */
export const DATA = 1;
export const TREE = 2;

export type BlobKind = typeof DATA | typeof TREE;

export function isBlobKind(value: number): value is BlobKind {
  return value === DATA || value === TREE;
}

/** Label of the key that chunk ids of this kind are made with. */
export function idLabel(kind: BlobKind): "id/data" | "id/tree" {
  return kind === DATA ? "id/data" : "id/tree";
}
