/** Runs one seed from its beginning to its end. */
import { backup, checkAll, forgetSome, pruneOnce, remakeOne, restoreOne } from "./actors.js";
import { compareAll } from "./compare.js";
import type { PlaceKind } from "./knobs.js";
import type { Machine } from "./machine.js";
import { Violation } from "./oracle/violation.js";
import { type Body, World } from "./world.js";

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly digest: string;
  readonly steps: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly lines: readonly string[] | undefined;
}

/** After which everything is free that can be. */
const LAST_PRUNES = 3;
const TEN_YEARS = 10 * 365 * 86_400_000;

export interface SeedOptions {
  /** Keeps what happened as text. */
  readonly isVerbose?: boolean;
  /** Kind of the place; drawn by the seed if not given. */
  readonly world?: PlaceKind;
}

export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const { isVerbose = false } = options;
  const world = new World(seed, options.world);
  const { scheduler } = world;
  if (isVerbose) scheduler.trace.lines = [JSON.stringify(world.knobs)];
  await world.init();
  const horizon = world.knobs.horizon;
  plan(world, horizon);
  const isOver = () => world.violation !== undefined;
  const lastStart = horizon * 1.3;
  await settle(world, () => isOver() || (world.isIdle && scheduler.now > lastStart));
  if (!isOver()) await finish(world);
  const { violation, counts } = world;
  return {
    seed,
    violation,
    counts,
    digest: scheduler.trace.digest,
    steps: scheduler.steps,
    lines: scheduler.trace.lines,
  };
}

/** Lets time pass; whoever waits for something that never comes is a violation. */
async function settle(world: World, isOver: () => boolean): Promise<void> {
  const isDone = await world.scheduler.run(isOver);
  if (!isDone && !world.isIdle)
    world.guard(() => {
      throw new Violation("standstill", "a process waits for what never comes");
    });
}

/** Who does what, and when. */
function plan(world: World, horizon: number): void {
  const { dice, knobs, scheduler } = world;
  const hosts = [world.addMachine("a", {}), world.addMachine("b", {})];
  const admin = world.addMachine("admin", {});
  const at = (time: number, kind: string, machine: Machine, body: Body) =>
    scheduler.after(time, () => world.start(kind, machine, body));
  const anywhere = () => dice.integer(1, horizon);
  for (const host of hosts) at(dice.integer(1, 2_000), "backup", host, backup(world));
  for (let i = dice.integer(2, 5); i > 0; i--) at(anywhere(), "backup", dice.pick(hosts), backup(world));
  for (let i = dice.integer(5, 16); i > 0; i--) scheduler.after(anywhere(), () => dice.pick(hosts).source.change());
  for (let i = dice.integer(0, 4); i > 0; i--) at(anywhere(), "forget", admin, forgetSome(world));
  for (let i = dice.integer(0, 4); i > 0; i--)
    at(
      dice.integer(horizon / 4, horizon * 1.2),
      "prune",
      dice.chance(0.8) ? admin : dice.pick(hosts),
      pruneOnce(world),
    );
  for (let i = dice.integer(0, 2); i > 0; i--) at(anywhere(), "remake", dice.pick([...hosts, admin]), remakeOne(world));
  if (dice.chance(0.2)) at(anywhere(), "check", admin, checkAll(world, { mustBeGood: false }));
  if (dice.chance(0.3)) at(anywhere(), "restore", dice.pick(hosts), restoreOne(world));
  if (knobs.clockJumps)
    for (let i = dice.integer(1, 4); i > 0; i--)
      scheduler.after(anywhere(), () => {
        dice.pick(hosts).skew += Math.floor((2 * dice.fraction() - 1) * TEN_YEARS);
      });
  if (knobs.cacheLosses)
    for (let i = dice.integer(1, 4); i > 0; i--) {
      const lose = dice.pick(["rememberCache", "loseCache", "restoreOlderCache"] as const);
      const machine = dice.pick([...hosts, admin]);
      scheduler.after(anywhere(), () => machine[lose]());
    }
  if (knobs.clones && !knobs.isForOneWriter) scheduler.after(anywhere(), () => clone(world, dice.pick(hosts)));
}

/** A machine that is resumed from an image of another one: what both draw next from their randomness may be the same. */
function clone(world: World, original: Machine): void {
  const { dice, scheduler } = world;
  const twin = world.addMachine(`${original.name}'`, { like: original });
  if (dice.chance(0.5)) twin.random = original.random.copy();
  twin.skew = original.skew;
  if (dice.chance(0.5)) twin.source.change();
  const delays = dice.chance(0.5) ? [0, 0] : [dice.integer(0, 500), dice.integer(0, 5_000)];
  for (const [i, machine] of [original, twin].entries())
    scheduler.after(delays[i]!, () => world.start("backup", machine, backup(world)));
}

/** In fair weather, when everybody has ended: all is there, and nothing is said to be wrong; some prunes free the rest. */
async function finish(world: World): Promise<void> {
  const { dice } = world;
  world.calmDown();
  world.guard(() => {
    world.oracle.checkAll("at the end");
    world.counts.set("compared", compareAll(world));
  });
  const machine = world.addMachine("last", {});
  const last = async (kind: string, body: Body) => {
    world.start(kind, machine, body);
    await settle(world, () => world.violation !== undefined || world.isIdle);
  };
  if (dice.chance(0.3)) {
    for (let i = 0; i < LAST_PRUNES; i++) await last("last prune", pruneOnce(world, { isLast: true }));
    world.guard(() => requireFreed(world));
  }
  if (dice.chance(0.3)) await last("last check", checkAll(world, { mustBeGood: true }));
}

/** Nothing is left that no snapshot refers to. @throws Violation */
function requireFreed({ oracle, place, knobs }: World): void {
  // There somebody's session may be open for ever.
  if (knobs.isForOneWriter || oracle.snapshots().size === 0) return;
  const used = oracle.usedPacks();
  const names = [...place.objects.keys()].filter((name) => !place.isTorn(name));
  const left = names.filter((name) => name.startsWith("packs/") && !used.has(name));
  if (left.length > 0) throw new Violation("not-freed", left.join(", "));
}
