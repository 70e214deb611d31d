/** Cuts the power after each change of a script, and looks at what that may leave. */
import { createHash } from "node:crypto";
import { createMulberry32 } from "@bcat/storage";
import { Aftermath } from "./aftermath.js";
import { type Disk, type NodeId, rootId } from "./disk.js";
import { RunningDisk } from "./disk-file-system.js";
import { debtsAt, verify } from "./verify.js";
import { removeCache, runScript, type World } from "./world.js";

export interface Tally {
  /** Moments at which the power was cut. */
  cuts: number;
  /** States of the disk that were looked at. */
  states: number;
  /** Moments of which each state was looked at. */
  whole: number;
  readonly failures: string[];
}

export interface CutOptions {
  readonly seed: number;
  /** Every so-many-th change. */
  readonly stride: number;
  /** States that are looked at of one moment, at most; there may be many thousands. */
  readonly statesMax: number;
}

export function newTally(): Tally {
  return { cuts: 0, states: 0, whole: 0, failures: [] };
}

/** One run that nothing stops, and what each of its moments may leave. Whoever comes next has no cache. */
export async function cutEverywhere(world: World, options: CutOptions, tally: Tally): Promise<void> {
  const draw = createMulberry32(options.seed);
  const running = new RunningDisk(world.before, { ...world.options, ...pacing(world, draw) });
  const told = await runScript(world, { running });
  const seen = new Set<string>();
  for (let cut = options.seed % options.stride; cut <= running.effects.length; cut += options.stride) {
    const aftermath = new Aftermath(world.before, running.effects.slice(0, cut));
    const debts = debtsAt(cut, told);
    const owed = JSON.stringify([...debts.committed.keys(), ...debts.forgotten, ...debts.forgetting]);
    tally.cuts++;
    if (aftermath.count <= options.statesMax) tally.whole++;
    for (const disk of aftermath.disks(options.statesMax, draw)) {
      const key = `${owed} ${digestOf(disk)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      await tryState(world, { disk, debts }, { what: `seed ${options.seed}, cut ${cut}`, tally });
    }
  }
}

/** Runs that end at a moment, with the cache that they leave, which remembers all that they have seen. */
export async function cutWithCache(world: World, options: CutOptions, tally: Tally): Promise<void> {
  const draw = createMulberry32(options.seed);
  let isOver = false;
  for (let cut = 1 + (options.seed % options.stride); !isOver; cut += options.stride) {
    const pace = pacing(world, draw);
    const running = new RunningDisk(world.before, { ...world.options, ...pace, effectsMax: cut });
    const cache = world.scratch.folder("cache");
    const told = await runScript(world, { running, cache });
    isOver = !running.isOff;
    const aftermath = new Aftermath(world.before, running.effects);
    tally.cuts++;
    if (aftermath.count <= options.statesMax) tally.whole++;
    for (const disk of aftermath.disks(options.statesMax, draw)) {
      const left = { disk, debts: debtsAt(running.effects.length, told), cache };
      await tryState(world, left, { what: `seed ${options.seed}, cut ${cut} with its cache`, tally });
    }
    removeCache(cache);
  }
}

async function tryState(
  world: World,
  left: Parameters<typeof verify>[1],
  { what, tally }: { what: string; tally: Tally },
): Promise<void> {
  tally.states++;
  try {
    await verify(world, left);
  } catch (error) {
    const { isParallel = false, hasLinks = true, isShared = false } = world.options;
    tally.failures.push(`${what} (${JSON.stringify({ isParallel, hasLinks, isShared })}): ${String(error)}`);
  }
}

/** Steps that run at once get on by chance. */
function pacing({ options }: World, draw: () => number): { turn?: () => Promise<void> } {
  if (options.isParallel !== true) return {};
  return {
    async turn() {
      for (let turns = Math.floor(draw() * 4); turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Of all that can be reached by a name. */
function digestOf(disk: Disk): string {
  const hash = createHash("sha256");
  const visit = (id: NodeId, path: string) => {
    const node = disk.nodes.get(id)!;
    hash.update(`${path} ${node.mode}\n`);
    if (node.kind === "file") return void hash.update(`${node.bytes.length}\n`).update(node.bytes);
    for (const name of [...node.names.keys()].sort()) visit(node.names.get(name)!, `${path}/${name}`);
  };
  visit(rootId, "");
  return hash.digest("hex");
}
