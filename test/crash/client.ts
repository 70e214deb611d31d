/** One process's view of the world, for tests that run many processes in one: a seeded environment, a cache, a storage. */
import { loadBlake3 } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { loadPosix } from "@bcat/posix";
import { type Environment, openRepository, type Repository } from "@bcat/repository";
import {
  type BackupSummary,
  backup,
  check,
  type Finding,
  listSnapshots,
  restore,
  type SnapshotInfo,
} from "@bcat/snapshot";
import type { Storage } from "@bcat/storage";
import { compareTrees, type RecordedTree, recordTree } from "./recorded-tree.js";
import { seededRandom } from "./seed.js";

const accelerators = (process.env.BCAT_ACCELERATORS ?? "auto") as "off" | "auto" | "required";
const blake3 = loadBlake3(accelerators);
const zstd = await loadZstd(accelerators);
export const posix = loadPosix(accelerators);

/** Of when a client is made the simulated clock runs ahead, so that no file is too young to be trusted by the next backup. */
const CLOCK_AHEAD_MS = 60_000;
let clock = 0;

export interface ClientOptions {
  /** What its random bytes come from: no two processes of one world may have the same. */
  readonly label: string;
  /** Folder of its cache, undefined for none. */
  readonly cache: string | undefined;
  readonly sizes?: NonNullable<Environment["sizes"]>;
  readonly location?: string;
}

export function createEnvironment({ label, cache, sizes, location = "memory" }: ClientOptions): Environment {
  const start = Date.now() + CLOCK_AHEAD_MS;
  return {
    // Those before it have ended, or are to be taken for dead.
    processes: { mark: label, mayRun: (mark) => mark === label },
    random: seededRandom(label),
    now: () => {
      clock = Math.max(clock + 1, start);
      return clock;
    },
    host: "test-host",
    user: "test-user",
    zone: "UTC",
    clientId: new Uint8Array(16),
    programVersion: "bcat test",
    cacheDirectory: cache,
    location,
    blake3,
    zstd,
    ...(sizes === undefined ? {} : { sizes }),
  };
}

/** Opens the repository for the time of `use`, as a process of its own would. */
export async function asProcess<Result>(
  place: { storage: Storage; rootKey: Uint8Array; client: ClientOptions },
  use: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  await using repository = await openRepository(place.storage, place.rootKey, createEnvironment(place.client));
  return await use(repository);
}

/** Backs up `folder`, every entry of which must be readable. */
export async function backUp(repository: Repository, folder: string): Promise<BackupSummary> {
  const summary = await backup(repository, posix, [Buffer.from(folder)], {
    onWarning: ({ path, message, kind }) => {
      throw new Error(`unexpected ${kind} at ${Buffer.from(path).toString("latin1")}: ${message}`);
    },
  });
  if (summary.errors > 0) throw new Error(`the backup counted ${summary.errors} errors`);
  return summary;
}

/** @throws Error when `check` finds damage; notes are allowed. */
export async function requireClean(repository: Repository, options: { readData: boolean }): Promise<number> {
  const findings: Finding[] = [];
  const { damage, notes } = await check(repository, { ...options, onFinding: (finding) => findings.push(finding) });
  if (damage === 0) return notes;
  const lines = findings.filter(({ kind }) => kind === "damage").map(({ object, message }) => `${object}: ${message}`);
  throw new Error(`check found damage:\n${lines.join("\n")}`);
}

/** Numbers of the committed snapshots, ascending. */
export async function committed(repository: Repository): Promise<number[]> {
  return (await listSnapshots(repository)).map(({ number }) => number);
}

/** Restores all of a snapshot to `target`, which must not exist. @throws Error when it is not `expected` */
export async function requireRestores(
  repository: Repository,
  options: { snapshot: SnapshotInfo; target: string; expected: RecordedTree },
): Promise<void> {
  const { snapshot, target, expected } = options;
  const faults: string[] = [];
  const onWarning = ({ message, kind }: { message: string; kind: string }) => {
    if (kind === "error") faults.push(message);
  };
  const { errors } = await restore(repository, posix, snapshot, "all", Buffer.from(target), { onWarning });
  if (errors > 0) throw new Error(`restoring snapshot ${snapshot.number} counted ${errors}: ${faults.join("; ")}`);
  const differences = compareTrees(expected, recordTree(target));
  if (differences.length > 0)
    throw new Error(`snapshot ${snapshot.number} is not its source:\n${differences.join("\n")}`);
}
