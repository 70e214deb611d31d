/** Whether a snapshot would be what another one is. */
import type { Repository, Root } from "@bcat/repository";
import { readSnapshot } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";

/** The snapshot `number` has the same roots, and each is the same to the last attribute. */
export async function isUnchanged(
  repository: Repository,
  number: number | undefined,
  roots: readonly Root[],
): Promise<boolean> {
  const before = number === undefined ? undefined : await readSnapshot(repository, number);
  const others = before?.snapshot.roots;
  if (others === undefined || others.length !== roots.length) return false;
  return roots.every(({ path, node }, i) => {
    const other = others[i]!;
    return compareBytes(other.path, path) === 0 && compareBytes(other.node, node) === 0;
  });
}
