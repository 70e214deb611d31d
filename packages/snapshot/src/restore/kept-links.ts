/**
 * Files with several names of which some will be overwritten or deleted: undo can make them one file again when the other
 * names are kept, too.
 */
import { FileType, type Stat } from "@bcat/posix";
import type { KeptPaths } from "./kept-paths.js";

/** Files that are remembered, about 90 bytes each; of more, the other names are not looked for. */
const FILES_MAX = 2 ** 16;

export class KeptLinks {
  /** By file: how many of its names are not kept yet. */
  readonly #left = new Map<string, number>();
  #overflow = 0;

  /** Whether any file has names that are not kept. */
  get lackSome(): boolean {
    for (const left of this.#left.values()) if (left > 0) return true;
    return false;
  }

  /** Files of which that is so. */
  get count(): number {
    let count = this.#overflow;
    for (const left of this.#left.values()) if (left > 0) count++;
    return count;
  }

  /** Takes a name that is kept, for it will be overwritten or deleted; each once. */
  add(stat: Stat): void {
    if (stat.type === FileType.DIRECTORY || stat.links < 2) return;
    const key = keyOf(stat);
    const left = this.#left.get(key) ?? stat.links;
    if (left === stat.links && this.#left.size >= FILES_MAX) this.#overflow++;
    else this.#left.set(key, left - 1);
  }

  /** Adds a name to those that are kept, if it is one of such a file. */
  offer(path: Uint8Array, stat: Stat, paths: KeptPaths): void {
    if (stat.type === FileType.DIRECTORY || stat.links < 2) return;
    const key = keyOf(stat);
    const left = this.#left.get(key);
    if (left === undefined || left === 0 || paths.has(path)) return;
    paths.add(path, stat);
    this.#left.set(key, left - 1);
  }
}

function keyOf({ deviceMajor, deviceMinor, inodeHigh, inodeLow }: Stat): string {
  return `${deviceMajor} ${deviceMinor} ${inodeHigh} ${inodeLow}`;
}
