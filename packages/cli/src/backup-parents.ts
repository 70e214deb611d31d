/** What each source of a backup is compared with, said before it begins. */
import type { RootParent } from "@bcat/snapshot";
import { formatItems } from "./format.js";
import { bytesField } from "./json.js";
import { quoteName } from "./quote.js";

/** Sources without a parent that are named; of more, only how many there are. */
const NAMED_MAX = 3;

/**
 * One line when some source has no parent, so that nobody wonders why it takes so long; undefined when all have one.
 *
 * @param named the snapshot that `--parent` names
 */
export function parentsLine(parents: readonly RootParent[], named?: string): string | undefined {
  const without = parents.filter(({ parent }) => parent === undefined);
  if (without.length === 0) return undefined;
  if (without.length === parents.length)
    return named === undefined
      ? "no parent snapshot: reading all files"
      : `parent snapshot ${named} has nothing of what is named: reading all files`;
  const names =
    without.length > NAMED_MAX
      ? `${formatItems(without.length, "source")} of ${parents.length}`
      : without.map(({ path }) => `"${quoteName(path)}"`).join(", ");
  const lack = named === undefined ? `no parent snapshot for ${names}` : `parent snapshot ${named} has no ${names}`;
  return `${lack}: reading all files there`;
}

/** The message `parents` of `--json`: a source without `parent` is read whole. */
export function parentsMessage(parents: readonly RootParent[]): object {
  return {
    message_type: "parents",
    sources: parents.map(({ path, parent }) => ({
      ...bytesField("path", path),
      ...(parent === undefined ? {} : { parent: String(parent) }),
    })),
  };
}
