/**
 * Makes snapshots anew without what is lost of them. The old ones stay, unless they are to be forgotten: what is lost may
 * turn up again. Each is a session of its own under the reference rule (rule 5).
 */
import { BcatError } from "@bcat/errors";
import { CheckRun, type Repository, type Root, type Snapshot, WriteSession } from "@bcat/repository";
import { COMPRESSION_LEVELS } from "../backup/options.js";
import { describeMissing, keptSnapshots, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { placeTaken } from "../take-over/remake.js";
import { replaceSnapshot } from "../take-over/tag.js";
import { compareBytes } from "../tree/name.js";
import { contentSize } from "../tree/node.js";
import type { RepairSnapshotsOptions, SnapshotRepair } from "./options.js";
import { SoundReferences } from "./sound-references.js";
import { type Loss, TreeRewriter } from "./tree-rewriter.js";

/** Tag of a snapshot that was made by a repair, as restic's. */
export const REPAIRED = "repaired";
/** Losses that are named, of each snapshot. */
const LOSSES_MAX = 100;

/**
 * Looks at the snapshots of these numbers, or at all, and makes those anew that are not whole. Which chunks are lost, is
 * what the index and the log say: packs that are bad must have been condemned, or be named.
 *
 * @returns those that are not whole
 * @throws BcatError not-found for a number that is no snapshot's, refused, identity-changed, interrupted; CorruptError when registers or the index are damaged; StorageError
 */
export async function repairSnapshots(
  given: Repository,
  options: RepairSnapshotsOptions = {},
): Promise<SnapshotRepair[]> {
  const repository = given.withoutKeptTrees().withSignal(options.signal);
  await repository.refresh();
  const index = await repository.index();
  for (const name of options.badPacks ?? []) index.condemn(name);
  const run = new CheckRun(options);
  let trees = 0;
  const step = async () => await run.step("trees", ++trees, undefined);
  const looking = new SoundReferences({ repository, index, session: undefined, step });
  const writing = new Writing(repository, options, step);
  const repairs: SnapshotRepair[] = [];
  for (const { info, repaired } of await snapshotsToLookAt(repository, options)) {
    const losses = new Losses();
    const rewriter = new TreeRewriter({ repository, sound: looking, session: undefined, onLoss: losses.add });
    const roots = await writeRoots(rewriter, info.snapshot);
    if (losses.count === 0) continue;
    const repairedAs = await findSame(repository, repaired, roots);
    // An earlier run has made it anew; there is nothing left to do, unless it was to be forgotten.
    const wasDone = repairedAs !== undefined && options.forget !== true;
    const by = wasDone || options.dryRun !== true ? (repairedAs ?? (await writing.snapshot(info))) : undefined;
    if (by !== undefined && options.forget === true) await replaceSnapshot(repository, info.number, by);
    repairs.push({ number: info.number, by, wasDone, lost: losses.first, lostCount: losses.count });
  }
  return repairs;
}

interface ToLookAt {
  readonly info: SnapshotInfo;
  /** Numbers of those that earlier repairs have made of it. */
  readonly repaired: readonly number[];
}

async function snapshotsToLookAt(repository: Repository, { numbers }: RepairSnapshotsOptions): Promise<ToLookAt[]> {
  const kept = keptSnapshots(repository);
  for (const number of numbers ?? [])
    if (!kept.some((info) => info.number === number))
      throw new BcatError(
        "not-found",
        `Cannot repair snapshot ${number}: ${await describeMissing(repository, number)}`,
      );
  const repaired = kept.filter(({ snapshot }) => snapshot.tags.includes(REPAIRED));
  const found: ToLookAt[] = [];
  for (const { number, snapshot } of kept) {
    if (numbers !== undefined && !numbers.has(number)) continue;
    const place = snapshot.originalNumber ?? number;
    const ofPlace = repaired.filter((other) => other.number > number && other.snapshot.originalNumber === place);
    const info = await readSnapshot(repository, number);
    if (info !== undefined) found.push({ info, repaired: ofPlace.map((other) => other.number) });
  }
  return found;
}

/** The roots as far as they are there. */
async function writeRoots(rewriter: TreeRewriter, { roots }: Pick<Snapshot, "roots">): Promise<Root[]> {
  const written: Root[] = [];
  for (const root of roots) {
    const one = await rewriter.root(root);
    if (one !== undefined) written.push(one);
  }
  return written;
}

/** Which of earlier repairs has these roots: one that lacks what was healed since is not to take the place of anything. */
async function findSame(
  repository: Repository,
  numbers: readonly number[],
  roots: readonly Root[],
): Promise<number | undefined> {
  for (const number of numbers) {
    const found = (await readSnapshot(repository, number))?.snapshot.roots;
    const isSame = ({ path, node }: Root, i: number) => {
      const root = found?.[i];
      return root !== undefined && compareBytes(root.path, path) === 0 && compareBytes(root.node, node) === 0;
    };
    if (found?.length === roots.length && roots.every(isSame)) return number;
  }
  return undefined;
}

class Losses {
  readonly first: Loss[] = [];
  count = 0;
  readonly add = (loss: Loss): void => {
    this.count++;
    if (this.first.length < LOSSES_MAX) this.first.push(loss);
  };
}

/** Makes one after the other anew. */
class Writing {
  readonly #repository: Repository;
  readonly #options: RepairSnapshotsOptions;
  readonly #step: () => Promise<void>;

  constructor(repository: Repository, options: RepairSnapshotsOptions, step: () => Promise<void>) {
    this.#repository = repository;
    this.#options = options;
    this.#step = step;
  }

  /** Number of the snapshot made anew; undefined when nothing of it is left. */
  async snapshot({ number, snapshot }: SnapshotInfo): Promise<number | undefined> {
    const session = await WriteSession.begin(this.#repository, { level: COMPRESSION_LEVELS.auto, dryRun: false });
    try {
      const losses = new Losses();
      const roots = await this.#roots(session, snapshot, losses);
      if (roots.length === 0) {
        await session.giveUp(`nothing is left of snapshot ${number}`);
        return undefined;
      }
      await session.flush();
      const outcome = await this.#repository.readOutcome(number);
      const unknown = outcome?.kind === "snapshot" ? outcome.unknown : undefined;
      await session.commit(repaired({ number, snapshot, roots, losses, session }), unknown);
      return session.number;
    } catch (error) {
      await session.abandon();
      throw error;
    }
  }

  async #roots(session: WriteSession, snapshot: Snapshot, losses: Losses): Promise<Root[]> {
    const repository = this.#repository;
    const index = await repository.index();
    for (const name of this.#options.badPacks ?? []) index.condemn(name);
    const sound = new SoundReferences({ repository, index, session, step: this.#step });
    return await writeRoots(new TreeRewriter({ repository, sound, session, onLoss: losses.add }), snapshot);
  }
}

/** What is lost stands among the errors, as if it could not have been read. */
function repaired(parts: {
  number: number;
  snapshot: Snapshot;
  roots: readonly Root[];
  losses: Losses;
  session: WriteSession;
}): Parameters<WriteSession["commit"]>[0] {
  const { number, snapshot, roots, losses, session } = parts;
  const { logHead: _logHead, seen: _seen, isSettled: _isSettled, parents: _parents, ...kept } = snapshot;
  const { added } = session;
  const lostFiles = losses.first.filter(({ what }) => what === "file");
  const lostBytes = lostFiles.reduce(
    (sum, { node }) => sum + (node?.content === undefined ? 0 : contentSize(node.content)),
    0,
  );
  // To lose a scan is no loss of the snapshot.
  const named = losses.first.filter(({ what }) => what !== "scan");
  const errors = named.map(({ path, what }) => ({ path, message: `lost: ${WORDS[what]}` }));
  return {
    ...kept,
    roots,
    tags: [...new Set([...snapshot.tags, REPAIRED])],
    counts: {
      ...snapshot.counts,
      files: Math.max(0, snapshot.counts.files - lostFiles.length),
      bytes: Math.max(0, snapshot.counts.bytes - lostBytes),
      dataChunksAdded: added.dataChunks,
      treeChunksAdded: added.treeChunks,
      plainBytesAdded: added.plainBytes,
      storedBytesAdded: added.storedBytes,
    },
    errors: {
      total: snapshot.errors.total + losses.count - (losses.first.length - named.length),
      first: [...errors, ...snapshot.errors.first].slice(0, LOSSES_MAX),
    },
    original: placeTaken(number, snapshot),
  };
}

const WORDS: Readonly<Record<Loss["what"], string>> = {
  file: "the content of the file",
  folder: "the folder and all in it",
  entries: "some entries of the folder",
  attribute: "an extended attribute",
  scan: "what the next backup compares with, which then reads all files",
};

/** What is lost, in words. */
export function describeLoss(what: Loss["what"]): string {
  return WORDS[what];
}
