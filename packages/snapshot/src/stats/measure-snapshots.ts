/** Sizes of some snapshots together, by restic's other modes. */
import { type BlobKind, ChunkNumbers, TREE } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import { walkReferences } from "../references/walk-references.js";
import type { ChunkSums, StatsOptions } from "./options.js";
import { registeredSnapshot } from "./registered-snapshot.js";
import { StatsRun } from "./stats-run.js";

/** The chunks that these snapshots refer to, each once: `raw-data`. Memory: a bit an entry of the index. */
export async function measureRawData(
  given: Repository,
  snapshots: readonly number[],
  options: StatsOptions = {},
): Promise<ChunkSums> {
  const repository = given.withSignal(options.signal);
  const run = new StatsRun(options);
  await repository.refresh();
  const numbers = new ChunkNumbers(await repository.index());
  const marks = new Uint8Array(Math.ceil(numbers.count / 8));
  const mark = (kind: BlobKind, id: Uint8Array): boolean => {
    const number = numbers.of(kind, id);
    if (number < 0) return kind === TREE;
    const bit = 1 << (number & 7);
    const isNew = (marks[number >>> 3]! & bit) === 0;
    marks[number >>> 3]! |= bit;
    return isNew;
  };
  for (const [index, number] of snapshots.entries()) {
    run.begin("snapshots", index, snapshots.length);
    const visitor = { visit: (kind: BlobKind, { id }: { id: Uint8Array }) => mark(kind, id), step: () => run.tree() };
    await walkReferences(repository, await registeredSnapshot(repository, number), visitor);
  }
  const sums = { count: 0, plain: 0, stored: 0 };
  run.begin("packs", 0, undefined);
  await numbers.visit({
    onPack() {},
    onChunk(_kind, number, { plain, stored }) {
      if ((marks[number >>> 3]! & (1 << (number & 7))) === 0) return;
      sums.count++;
      sums.plain += plain;
      sums.stored += stored;
    },
    step: () => run.step(),
  });
  return { ...sums, stored: Math.round(sums.stored) };
}
