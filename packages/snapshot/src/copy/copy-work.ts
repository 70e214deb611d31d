/**
 * What a copy of several snapshots has to do, as far as they say it themselves: of a first one all of it, of one whose
 * parent is there what was new in it. An estimate: what has been copied before and lies elsewhere is not read either.
 */
import type { SnapshotToCopy } from "./options.js";

export interface Work {
  /** Of contents. */
  readonly bytes: number;
  readonly files: number;
}

/** What a file takes beside its bytes, and a snapshot beside its files: as much as so many bytes. */
const FILE_COST = 2_048;
const SNAPSHOT_COST = 65_536;

export class CopyWork {
  readonly #each: ReadonlyMap<number, Work>;
  readonly #total: number;
  #before = 0;

  /** @param isThere whether a snapshot of the source has a copy already */
  static async of(
    snapshots: readonly SnapshotToCopy[],
    isThere: (number: number) => Promise<boolean>,
  ): Promise<CopyWork> {
    const each = new Map<number, Work>();
    for (const { number, snapshot, replaces, replacedBy } of snapshots) {
      const { parent, counts } = snapshot;
      const isNear = replaces !== undefined || (parent !== undefined && (each.has(parent) || (await isThere(parent))));
      if (replacedBy !== undefined) each.set(number, { bytes: 0, files: 0 });
      else if (!isNear) each.set(number, { bytes: counts.bytes, files: counts.files });
      else
        each.set(number, {
          bytes: Math.min(counts.bytes, counts.plainBytesAdded),
          files: counts.filesNew + counts.filesChanged,
        });
    }
    return new CopyWork(each);
  }

  private constructor(each: ReadonlyMap<number, Work>) {
    this.#each = each;
    this.#total = [...each.values()].reduce((sum, work) => sum + costOf(work), 0);
  }

  /** The snapshot needs nothing more. */
  finish(number: number): void {
    this.#before += costOf(this.#each.get(number)!);
  }

  /** Of all, from 0 to 1, when so much has been done of a snapshot. */
  share(number: number, { bytes, files }: Work): number {
    const expected = this.#each.get(number)!;
    const done = costOf({ bytes: Math.min(bytes, expected.bytes), files: Math.min(files, expected.files) });
    return (this.#before + done - SNAPSHOT_COST) / this.#total;
  }
}

function costOf({ bytes, files }: Work): number {
  return bytes + files * FILE_COST + SNAPSHOT_COST;
}
