/** Parts of a file that were never written: found without reading them. */
import { type Extents, FileType, type Stat } from "@bcat/posix";
import { inlineSizeTarget } from "../tree/content.js";

/** Bytes of a block of st_blocks, whatever those of the file system have. */
const BLOCK_SIZE = 512;

/**
 * True for a file that takes less room than it is long. It may be compressed, or packed by the file system, and have none;
 * one that lies in its node is not asked.
 */
export function mayHaveHoles({ type, size, blocks }: Stat): boolean {
  return blocks * BLOCK_SIZE < size && size > inlineSizeTarget && type === FileType.FILE;
}

/** The holes of one open file, looked for as it is read from front to back. */
export class HoleFinder {
  readonly #extents: Extents | undefined;
  #file = -1;
  #size = 0;
  /** Up to here it is known that there is data, or nobody asks any more. */
  dataEnd = Number.POSITIVE_INFINITY;
  /** One has been found; where there are no calls to find one, it may be there. */
  found = false;

  /** @param extents without them, everything is read */
  constructor(extents: Extents | undefined) {
    this.#extents = extents;
  }

  /** Begins with a file of which `stat` tells. */
  start(file: number, stat: Stat): void {
    this.#file = file;
    this.#size = stat.size;
    const may = mayHaveHoles(stat);
    this.found = may && this.#extents === undefined;
    this.dataEnd = may && this.#extents !== undefined ? 0 : Number.POSITIVE_INFINITY;
  }

  /**
   * The bytes of the hole at `position`, which {@link dataEnd} has been reached by; 0 for none. Sets `dataEnd` to where
   * the next hole is. What the file has beyond the size that it began with is data.
   */
  holeAt(position: number): number {
    const data = Math.min(Math.max(position, this.#dataFrom(position)), this.#size);
    const hole = this.#holeFrom(data);
    // A hole that does not lie behind the data has come meanwhile, and whoever looks at the file afterwards sees that.
    this.dataEnd = hole > data && hole < this.#size ? hole : Number.POSITIVE_INFINITY;
    if (data <= position) return 0;
    this.found = true;
    return data - position;
  }

  #dataFrom(position: number): number {
    try {
      return this.#extents!.nextData(this.#file, position) ?? this.#size;
    } catch {
      // Then all that follows is read, and errors are those of reading.
      return position;
    }
  }

  #holeFrom(position: number): number {
    if (position >= this.#size) return this.#size;
    try {
      return this.#extents!.nextHole(this.#file, position) ?? this.#size;
    } catch {
      return this.#size;
    }
  }
}
