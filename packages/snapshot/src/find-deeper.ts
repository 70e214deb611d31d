/** Where the very names that were typed are deeper down than they were looked for. */
import { isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { componentsOf, joinPath } from "./path.js";
import type { Entry } from "./root-entries.js";
import { compareBytes } from "./tree/name.js";
import { readNodes } from "./tree/tree-reader.js";

/** Folders that are looked into, and that wait for that, the outer ones first: a place behind a network takes a while for each. */
const FOLDERS_MAX = 500;

/** Absolute paths that end in these names, at most so many. */
export async function findDeeper(
  repository: Repository,
  roots: readonly Entry[],
  { names, atMost }: { readonly names: readonly Uint8Array[]; readonly atMost: number },
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  const folders = roots.filter(({ node }) => node.subtree !== undefined).slice(0, FOLDERS_MAX);
  for (const folder of folders) {
    try {
      for await (const nodes of readNodes(repository, folder.node.subtree!)) {
        for (const node of nodes) {
          const path = joinPath(folder.path, node.name);
          if (compareBytes(node.name, names.at(-1)!) === 0 && endsWith(path, names)) found.push(path);
          if (found.length >= atMost) return found;
          if (node.subtree !== undefined && folders.length < FOLDERS_MAX) folders.push({ path, node });
        }
      }
    } catch (error) {
      // It was looked for as a kindness.
      if (!isBcatError(error, "corrupt") && !isBcatError(error, "storage-failed")) throw error;
    }
  }
  return found;
}

function endsWith(path: Uint8Array, names: readonly Uint8Array[]): boolean {
  const last = componentsOf(path).slice(-names.length);
  return last.length === names.length && last.every((name, i) => compareBytes(name, names[i]!) === 0);
}
