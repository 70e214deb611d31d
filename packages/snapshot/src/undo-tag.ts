/** The tag of snapshots of what a restore in place has overwritten or deleted; a backup cannot have it. */
export const undoTag = "undo";

export function isUndo({ tags }: { readonly tags: readonly string[] }): boolean {
  return tags.includes(undoTag);
}
