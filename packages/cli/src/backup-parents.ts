/** What each source of a backup is compared with, and what it goes on from, said before it begins. */
import type { AdoptedPacks, RootParent } from "@bcat/snapshot";
import { formatBytes, formatItems } from "./format.js";
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

/** What backups that did not end have left, a line each; none where there is nothing. */
export function resumeLines(parents: readonly RootParent[], { packs, bytes }: AdoptedPacks): string[] {
  const partials = new Map(
    parents.flatMap(({ partial }) => (partial === undefined ? [] : [[partial.number, partial]])),
  );
  const found = [...partials.values()].map(
    (partial) =>
      `going on from partial snapshot ${partial.number}: ${formatItems(partial.files, "file")}, ${formatBytes(partial.bytes)} are there already`,
  );
  const behind = `${formatBytes(bytes)} in ${formatItems(packs, "pack")}`;
  if (packs === 0) return found;
  return [
    ...found,
    `taken over from a backup that did not end: ${behind}${found.length === 0 ? "" : " more"}, not to be stored again`,
  ];
}

/** The message `parents` of `--json`: a source without `parent` is read whole. */
export function parentsMessage(parents: readonly RootParent[], { packs, bytes }: AdoptedPacks): object {
  return {
    message_type: "parents",
    sources: parents.map(({ path, parent, partial }) => ({
      ...bytesField("path", path),
      ...(parent === undefined ? {} : { parent: String(parent) }),
      ...(partial === undefined
        ? {}
        : { partial: String(partial.number), partial_files: partial.files, partial_bytes: partial.bytes }),
    })),
    ...(packs === 0 ? {} : { adopted_packs: packs, adopted_bytes: bytes }),
  };
}
