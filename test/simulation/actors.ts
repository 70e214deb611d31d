/** What processes do: each runs a command on the repository, as the command line would. */
import { isBcatError } from "@bcat/errors";
import {
  appendToLog,
  findBadPacks,
  type Repository,
  repairIndex,
  repairPacks,
  repairParity,
  repairRegisters,
  withLogSession,
} from "@bcat/repository";
import {
  type CopiedSnapshot,
  check,
  copySnapshots,
  findSnapshot,
  forgottenSnapshots,
  type ListedSnapshot,
  listSnapshots,
  PreparedBackup,
  pinSnapshots,
  planCopy,
  prune,
  repairSnapshots,
  restore,
  rewriteSnapshot,
  tagSnapshot,
  undelete,
  unpinSnapshots,
} from "@bcat/snapshot";
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
    const stopping = new AbortController();
    const { now } = world.environment(process);
    const options = { compression: "off", threads: 0, now, stop: stopping.signal } as const;
    if (dice.chance(0.2)) world.scheduler.after(dice.delay(2_000), () => stopping.abort());
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
  if (!isThere || owners.of(number)[0]?.machine.clientId !== process.machine.clientId)
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
    if (options.mustBeGood && findings.length > 0 && world.oracle.rot.isNone)
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

/** Copies snapshots out of the second repository, or into it: all that are not there, or one. */
export function copySome(world: World): Body {
  const { dice, knobs } = world;
  const { isInward } = knobs.copies!;
  return async (process) => {
    await using here = await world.open(process);
    await using there = await world.openSecond(process);
    const between = isInward ? { source: there, target: here } : { source: here, target: there };
    const { missing, incomplete } = await planCopy(between, await listSnapshots(between.source));
    const all = [...missing, ...incomplete];
    if (all.length === 0) return;
    const wanted = dice.chance(0.7) ? all : [dice.pick(all)];
    try {
      const copied = await copySnapshots(between, wanted, { compression: "off" });
      world.guard(() => requireCopied(world, copied, process));
    } catch (error) {
      // Of what was forgotten meanwhile a prune may have taken some.
      const isGone = isBcatError(error, "corrupt") || isBcatError(error, "not-found");
      const forgotten = (isInward ? world.second! : world).oracle.forgotten();
      if (!isGone || !wanted.some(({ number }) => forgotten.has(number))) throw error;
    }
  };
}

/** @throws Violation */
function requireCopied(world: World, copied: readonly CopiedSnapshot[], { name }: SimulatedProcess): void {
  const { oracle } = world.knobs.copies!.isInward ? world : world.second!;
  for (const { number, from } of copied)
    if (oracle.snapshot(number)?.original === undefined)
      throw new Violation("commit-lost", `${name} was told of snapshot ${number}, a copy of ${from}`);
}

/** What a rewrite leaves out. */
export const LEFT_OUT = "c";

/** Makes a snapshot anew: a forgotten one, one that gets another tag, or one without some of its files. */
export function remakeOne(world: World): Body {
  const { dice } = world;
  return async (process) => {
    await withRepository(world, process, async (repository) => {
      const listed = await listSnapshots(repository);
      const forgotten = forgottenSnapshots(repository);
      const isBack = forgotten.length > 0 && dice.chance(0.6);
      if (!isBack && listed.length === 0) return;
      const info = dice.pick<ListedSnapshot>(isBack ? forgotten : listed);
      try {
        if (isBack) await undelete(repository, info.number);
        else if (dice.chance(0.3))
          await rewriteSnapshot(repository, info.number, { excludes: [LEFT_OUT], forget: dice.chance(0.5) });
        else await tagSnapshot(repository, info, { set: [process.name] });
      } catch (error) {
        // Of what is forgotten a prune may have taken some.
        const isGone = isBcatError(error, "corrupt") || isBcatError(error, "not-found");
        if (!isGone || !world.oracle.forgotten().has(info.number)) throw error;
      }
    });
  };
}

/** Pins a snapshot, or has it pinned no more. */
export function pinOne(world: World): Body {
  const { dice } = world;
  return async (process) => {
    await withRepository(world, process, async (repository) => {
      const listed = await listSnapshots(repository);
      if (listed.length === 0) return;
      const { number } = dice.pick(listed);
      try {
        await (dice.chance(0.7) ? pinSnapshots(repository, [number]) : unpinSnapshots(repository, [number]));
      } catch (error) {
        if (!isBcatError(error, "not-found")) throw error;
      }
    });
  };
}

/** Makes registers that live elsewhere anew, out of their copies in the repository. */
export function repairRegistersOf(world: World): Body {
  return async (process) => {
    const id = world.registersId!;
    const token = Buffer.from(process.machine.random.next(8)).toString("hex");
    const table = world.registerTable(process);
    const isWhole = world.registerCheck(process);
    await repairRegisters({ objects: world.connect(process), table, id, token, isWhole });
  };
}

/** Makes index segments that are bad anew, out of the directories of packs. */
export function repairIndexOf(world: World): Body {
  return async (process) => {
    await withRepository(world, process, (repository) => repairIndex(repository));
  };
}

/** Condemns packs that are bad, and saves what still opens of them. */
export function repairPacksOf(world: World): Body {
  return async (process) => {
    await withRepository(world, process, async (repository) => {
      const bad = await findBadPacks(repository, { readData: true });
      await repairPacks(repository, bad, { level: 0 });
    });
  };
}

/** Makes snapshots anew without what is lost. */
export function repairSnapshotsOf(world: World): Body {
  return async (process) => {
    await withRepository(world, process, async (repository) => {
      const bad = await findBadPacks(repository, { readData: true });
      await repairSnapshots(repository, { badPacks: [...bad.keys()], forget: world.dice.chance(0.5) });
    });
  };
}

export function addParity(world: World): Body {
  return async (process) => {
    await withRepository(world, process, (repository) =>
      repairParity(repository, { readData: world.dice.chance(0.5) }),
    );
  };
}

/** @param isLast everybody else has ended: what is left is dead */
export function pruneOnce(world: World, { isLast = false, condemnsOnly = false } = {}): Body {
  const { dice } = world;
  return async (process) => {
    const maxUnused =
      isLast || condemnsOnly
        ? ({ bytes: 0 } as const)
        : dice.pick(["unlimited", { bytes: 0 }, { bytes: 0 }, { bytes: 3_000 }] as const);
    const voidAfterMs = isLast ? Number.NEGATIVE_INFINITY : dice.pick([0, 3_000, 30_000, 10 ** 12, 10 ** 12]);
    const isAtOnce = isLast || (!condemnsOnly && dice.chance(0.6));
    const summary = await withRepository(world, process, (repository) =>
      prune(repository, { level: 0, maxUnused, voidAfterMs, isAtOnce }),
    );
    if (summary.freed.packs > 0) world.count("prunes that freed");
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
