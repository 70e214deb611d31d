/** Frees what no snapshot uses: `repository` knows packs and sessions, this what snapshots refer to. */
import { CorruptError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import {
  type PruneOptions,
  type PruneSummary,
  pruneRepository,
  type Repository,
  type Roots,
  registerName,
} from "@bcat/repository";
import { walkReferences } from "./references/walk-references.js";

/** Trees between two chances for others to run. */
const TREES_PER_STEP = 256;

/** @throws as pruneRepository: nothing that is in use is ever deleted */
export async function prune(given: Repository, options: PruneOptions): Promise<PruneSummary> {
  const repository = given.withSignal(options.signal);
  const walk: Roots["walk"] = async (snapshots, visit) => {
    // As many at most: some may be in no snapshot any more, or lie in several packs.
    const places = Math.max(1, (await repository.index()).placeCount(TREE));
    let trees = 0;
    const visitAndCount: typeof visit = (kind, id) => {
      const isNew = visit(kind, id);
      if (isNew && kind === TREE) trees++;
      return isNew;
    };
    let steps = 0;
    const step = () => {
      options.onProgress?.({ phase: "walking", done: trees, total: undefined, share: Math.min(1, trees / places) });
      if (++steps % TREES_PER_STEP !== 0) return undefined;
      return new Promise<void>((resolve) => setImmediate(resolve));
    };
    for (const number of snapshots) {
      const outcome = await repository.readOutcome(number);
      if (outcome?.kind !== "snapshot") throw gone(number);
      await walkReferences(repository, outcome.snapshot, { visit: (kind, { id }) => visitAndCount(kind, id), step });
    }
  };
  return await pruneRepository(repository, { walk }, options);
}

function gone(number: number): CorruptError {
  const object = registerName("outcomes", number);
  return new CorruptError(`Cannot read "${object}": it was there, and is no snapshot now`, { object });
}
