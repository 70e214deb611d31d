/** The tag of snapshots of what a restore in place has overwritten or deleted; a backup cannot have it. */
export const undoTag = "undo";

const CONTINUES = "continues=";

/** How a snapshot says which one keeps what was overwritten before, by a restore that went on. */
export function continuesOption(number: number): string {
  return `${CONTINUES}${number}`;
}

/** The number in it, if there is one. */
export function continuedBy(options: readonly string[]): number | undefined {
  const found = options.find((option) => option.startsWith(CONTINUES))?.slice(CONTINUES.length);
  return found !== undefined && /^[1-9]\d{0,9}$/.test(found) ? Number(found) : undefined;
}

/** The options of a snapshot without that, which names a number of its own repository. */
export function withoutContinued(options: readonly string[]): readonly string[] {
  return options.filter((option) => !option.startsWith(CONTINUES));
}

export function isUndo({ tags }: { readonly tags: readonly string[] }): boolean {
  return tags.includes(undoTag);
}
