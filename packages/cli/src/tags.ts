/** Tags for a new snapshot. */
import type { Flags, Options } from "./options.js";
import { usageError } from "./usage.js";

export const tagFlag: Flags = {
  tag: { kind: "list", commas: true, description: "tag for the snapshot, or several with commas between" },
};

/** @throws {BcatError} with code "usage" for the tag that bcat itself gives */
export function tagsOf(options: Options): string[] {
  const tags = [...new Set(options.list("tag"))];
  refuseOwnTag(tags);
  return tags;
}

/** @throws {BcatError} with code "usage" */
export function refuseOwnTag(tags: readonly string[]): void {
  // Known by it is what a restore keeps of what it overwrites: never the latest, and put back by its number.
  if (tags.includes("undo")) throw usageError('Cannot use the tag "undo": bcat undo goes by it');
}
