/** `--keep-size`: the newest snapshots that together take no more than so many bytes. */
import type { Repository } from "@bcat/repository";
import type { ListedSnapshot } from "../snapshots.js";
import { isUndo } from "../undo-tag.js";
import { NeededSpace, type SpaceOptions } from "./needed-space.js";

/**
 * The reason to keep each that fits, by number; always the newest.
 *
 * @param snapshots in the order in which they were made
 * @throws CorruptError when trees cannot be read: what cannot be measured is not forgotten
 */
export async function keptBySize(
  repository: Repository,
  snapshots: readonly ListedSnapshot[],
  options: SpaceOptions & { readonly sizeMax?: number | undefined },
): Promise<ReadonlyMap<number, string>> {
  const kept = new Map<number, string>();
  const { sizeMax } = options;
  if (sizeMax === undefined) return kept;
  const space = await NeededSpace.of(repository, options);
  let total = 0;
  for (const { number, snapshot } of snapshots.toReversed()) {
    if (!snapshot.complete || isUndo(snapshot)) continue;
    total += await space.add(number);
    if (total > sizeMax && kept.size > 0) break;
    kept.set(number, total > sizeMax ? "the newest, though beyond the size" : "fits the size");
  }
  return kept;
}
