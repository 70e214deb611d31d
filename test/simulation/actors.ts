/** What processes do: each runs a command on the repository, as the command line would. */
import { isBcatError } from "@bcat/errors";
import { appendToLog, type Repository, withLogSession } from "@bcat/repository";
import { check, findSnapshot, PreparedBackup, restore } from "@bcat/snapshot";
import { Inodes } from "./inode.js";
import { MemoryPosix } from "./memory-posix.js";
import { Violation } from "./oracle/violation.js";
import type { SimulatedProcess } from "./process.js";
import type { Body, World } from "./world.js";

export function backup(world: World): Body {
  return async (process) => {
    const { source } = process.machine;
    const { dice, knobs } = world;
    const posix = new MemoryPosix(source.root, source.inodes, () => {
      if (dice.chance(knobs.movingFiles)) source.change();
    });
    const roots = dice.chance(0.8) ? source.roots : source.roots.slice(0, 1);
    const options = { compression: "off", threads: 0, now: world.environment(process).now } as const;
    const prepared = new PreparedBackup(
      posix,
      roots.map((root) => Buffer.from(root)),
      options,
    );
    if (dice.chance(0.5)) prepared.lookAhead();
    const summary = await withRepository(world, process, (repository) => prepared.run(repository));
    world.guard(() => requireCommitted(world, summary.snapshotNumber!, process));
  };
}

/** Whoever is told of a snapshot has one. @throws Violation */
function requireCommitted(world: World, number: number, process: SimulatedProcess): void {
  const { oracle, owners } = world;
  const isThere = oracle.snapshots().has(number) || oracle.forgotten().has(number);
  if (!isThere || owners.get(number)?.machine.clientId !== process.machine.clientId)
    throw new Violation("commit-lost", `${process.name} was told of snapshot ${number}`);
}

export function checkAll(world: World, options: { readonly mustBeGood: boolean }): Body {
  return async (process) => {
    const findings: string[] = [];
    await withRepository(world, process, (repository) =>
      check(repository, {
        readData: true,
        onFinding: ({ kind, message }) => kind === "damage" && findings.push(message),
      }),
    );
    world.scheduler.trace.add(`${world.scheduler.now} ${process.name} finds ${findings.length}`);
    if (options.mustBeGood && findings.length > 0)
      world.guard(() => {
        throw new Violation("false-alarm", `check finds ${findings.join("; ")}`);
      });
  };
}

/** Restores a snapshot into the memory of its machine: it is what it was, or it is said that something is missing. */
export function restoreOne(world: World): Body {
  return async (process) => {
    const inodes = new Inodes(() => 0);
    const posix = new MemoryPosix(inodes.makeFolder(), inodes);
    const warnings: string[] = [];
    await withRepository(world, process, async (repository) => {
      await repository.refresh();
      const numbers = [...repository.history.summaries.keys()].filter((n) => !repository.history.isForgotten(n));
      if (numbers.length === 0) return;
      const number = world.dice.pick(numbers);
      const info = await findSnapshot(repository, String(number)).catch((error: unknown) => {
        // Somebody may have forgotten it meanwhile.
        if (!isBcatError(error, "not-found")) throw error;
      });
      if (info === undefined) return;
      const onWarning = ({ message }: { message: string }) => void warnings.push(message);
      await restore(repository, posix, info, "all", Buffer.from("/target"), { threads: 0, onWarning });
    });
    world.scheduler.trace.add(`${world.scheduler.now} ${process.name} warns ${warnings.join("; ")}`);
  };
}

/** Forgets one snapshot, or all but the newest. */
export function forgetSome(world: World): Body {
  const { dice } = world;
  return async (process) => {
    await withRepository(world, process, async (repository) => {
      await repository.refresh();
      const { history } = repository;
      const kept = [...history.summaries.keys()].filter((number) => !history.isForgotten(number));
      if (kept.length < 2) return;
      const snapshots = dice.chance(0.6) ? kept.slice(0, -1) : [dice.pick(kept)];
      await withLogSession(repository, async (session) => {
        await appendToLog(repository, { kind: "forget", snapshots }, session);
      });
    });
  };
}

export async function withRepository<T>(
  world: World,
  process: SimulatedProcess,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  await using repository = await world.open(process);
  return await use(repository);
}
