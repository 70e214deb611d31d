/** What must be true of a disk after the power came back. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "@bcat/repository";
import { check, type Finding, findSnapshot, listSnapshots, restore } from "@bcat/snapshot";
import { posix } from "../crash/client.js";
import { compareTrees, recordTree } from "../crash/recorded-tree.js";
import type { Disk } from "./disk.js";
import { RunningDisk } from "./disk-file-system.js";
import { goOn, type Told, type World, withRepository } from "./world.js";

/** What is owed to whoever was told something before the power was gone. */
export interface Debts {
  /** Generations of the source by number of the snapshot. */
  readonly committed: ReadonlyMap<number, number>;
  readonly forgotten: ReadonlySet<number>;
  /** Asked to be forgotten: they may be there or not. */
  readonly forgetting: ReadonlySet<number>;
}

/** @param effects changes before the power was gone */
export function debtsAt(effects: number, told: readonly Told[]): Debts {
  const committed = new Map([[1, 1]]);
  const [forgotten, forgetting] = [new Set<number>(), new Set<number>()];
  for (const { after, ...what } of told) {
    if (after > effects) continue;
    if (what.committed !== undefined) committed.set(what.committed.number, what.committed.generation);
    if (what.forgetting !== undefined) forgetting.add(what.forgetting);
    if (what.forgotten !== undefined) forgotten.add(what.forgotten);
  }
  return { committed, forgotten, forgetting };
}

/** What a process finds, then what the next ones make of it. @throws Error that says what was not as it must be */
export async function verify(world: World, left: { disk: Disk; debts: Debts; cache?: string }): Promise<void> {
  const { disk, debts } = left;
  const running = new RunningDisk(disk, { hasLinks: world.options.hasLinks ?? true });
  const folder = world.scratch.folder("after");
  const cache = left.cache === undefined ? undefined : join(folder, "cache");
  if (cache !== undefined) cpSync(left.cache!, cache, { recursive: true });
  const inspect = (debts: Debts, isLast: boolean) =>
    withRepository(world, { running, label: `inspect ${isLast}`, cache }, (repository) =>
      inspectRepository(world, repository, { debts, isLast, folder }),
    );
  try {
    await inspect(debts, false);
    const next = await goOn(world, { running, cache });
    const committed = new Map([...debts.committed, [next, world.sources.length]]);
    await inspect({ ...debts, committed }, true);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function inspectRepository(
  world: World,
  repository: Repository,
  { debts, isLast, folder }: { debts: Debts; isLast: boolean; folder: string },
): Promise<void> {
  await requireWhole(repository, isLast);
  const numbers = (await listSnapshots(repository)).map(({ number }) => number);
  for (const number of debts.committed.keys())
    if (!numbers.includes(number) && !debts.forgetting.has(number)) throw new Error(`snapshot ${number} is gone`);
  for (const number of debts.forgotten)
    if (numbers.includes(number)) throw new Error(`snapshot ${number} was forgotten, and is there`);
  for (const number of numbers) {
    const target = join(folder, "restored");
    await restoreAll(repository, number, target);
    const found = recordTree(target);
    rmSync(target, { recursive: true });
    const generation = debts.committed.get(number);
    const expected = generation === undefined ? world.recorded : [world.recorded[generation - 1]!];
    if (!expected.some((tree) => compareTrees(tree, found).length === 0))
      throw new Error(`snapshot ${number} is not its source`);
  }
}

async function restoreAll(repository: Repository, number: number, target: string): Promise<void> {
  const faults: string[] = [];
  const onWarning = ({ message, kind }: { message: string; kind: string }) => {
    if (kind === "error") faults.push(message);
  };
  const snapshot = await findSnapshot(repository, String(number));
  const { errors } = await restore(repository, posix, snapshot, "all", Buffer.from(target), { onWarning });
  if (errors > 0) throw new Error(`restoring snapshot ${number}: ${faults.join("; ")}`);
}

/** Nothing is damaged; behind a prune nothing is left of those that did not end. */
async function requireWhole(repository: Repository, isPruned: boolean): Promise<void> {
  const findings: Finding[] = [];
  await check(repository, { readData: true, onFinding: (finding) => findings.push(finding) });
  const bad = findings.filter(({ kind, code }) => kind === "damage" || (isPruned && code === "orphan"));
  if (bad.length > 0) throw new Error(bad.map(({ object, message }) => `${object}: ${message}`).join("; "));
}
