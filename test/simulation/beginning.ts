/**
 * What runs begin with: repositories that have been in use for a while, in fair weather. They are made by the same code as
 * all else, under the eyes of the same oracle, once for all runs of this process; a run begins with a copy.
 */
import { backup, forgetSome, pruneOnce } from "./actors.js";
import { compareAll } from "./compare.js";
import { Dice } from "./dice.js";
import { drawKnobs, type Knobs, TINY } from "./knobs.js";
import type { Machine } from "./machine.js";
import type { Fate } from "./process.js";
import { type Body, CALM, World, type WorldState } from "./world.js";

/** Seeds that no run has. */
const FIRST_SEED = -1_000_000;
const FIRST_SEED_SECOND = -2_000_000;
/** What those of one sort have in common. */
type Sort = Pick<Knobs, "kind" | "hasRealCryptography" | "isSecond">;
type Step = "backup" | "stopped backup" | "forget" | "prune" | "condemning prune";

const STEPS: readonly Step[] = ["backup", "backup", "stopped backup", "forget", "prune", "condemning prune"];
/** Calls after which a backup dies, from its first put on to its end. */
const CALLS = [8, 60] as const;

const made = new Map<string, Promise<WorldState>>();

export async function beginning(knobs: Sort, number: number): Promise<WorldState> {
  const { kind, hasRealCryptography, isSecond } = knobs;
  const sort = { kind, hasRealCryptography, isSecond };
  const name = `${Object.values(sort)} ${number}`;
  let state = made.get(name);
  if (state === undefined) {
    state = make(sort, number);
    made.set(name, state);
  }
  return await state;
}

async function make(sort: Sort, number: number): Promise<WorldState> {
  const dice = new Dice((sort.isSecond ? FIRST_SEED_SECOND : FIRST_SEED) - number);
  const world = new World(dice, inFairWeather({ ...drawKnobs(dice, sort.kind), ...sort }));
  await world.init();
  const hosts = [world.machine("a"), world.machine("b")];
  const admin = world.machine("admin");
  const step = async (what: string, machine: Machine, body: Body, fate: Fate = {}) => {
    world.start(what, machine, body, fate);
    await world.settle(() => world.violation !== undefined);
  };
  await step("backup", dice.pick(hosts), backup(world));
  const steps = Array.from({ length: dice.integer(0, 4) }, () => dice.pick(STEPS));
  // Most often something has just become unused, and now and then it is condemned.
  if (dice.chance(0.7)) steps.push("backup", "forget");
  if (dice.chance(0.3)) steps.push("condemning prune");
  for (const what of steps) {
    if (world.violation !== undefined) break;
    const host = dice.pick(hosts);
    if (dice.chance(0.7)) host.source.change();
    if (what === "forget") await step(what, admin, forgetSome(world));
    else if (what === "prune") await step(what, admin, pruneOnce(world));
    else if (what === "condemning prune") await step(what, admin, pruneOnce(world, { condemnsOnly: true }));
    else await step(what, host, backup(world), what === "stopped backup" ? { callsMax: dice.within(CALLS) } : {});
  }
  // What is read here is not read again by those who begin with it.
  world.guard(() => compareAll(world));
  return world.state();
}

/** Whoever is stopped there is stopped on purpose. */
function inFairWeather(knobs: Knobs): Knobs {
  return {
    ...knobs,
    size: { ...TINY, hosts: [2, 2] },
    weather: CALM,
    deaths: 0,
    movingFiles: 0,
    reserve: undefined,
    copies: undefined,
    packRot: false,
  };
}
