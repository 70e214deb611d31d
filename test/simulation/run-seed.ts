/** Runs one seed from its beginning to its end. */
import { addParity, checkAll, copySome, pruneOnce, repairIndexOf, repairRegistersOf } from "./actors.js";
import { beginning } from "./beginning.js";
import { compareAll } from "./compare.js";
import { useRealCryptography } from "./cryptography.js";
import { Dice } from "./dice.js";
import { drawKnobs, isForOneWriter, isScene, type Knobs, type PlaceKind } from "./knobs.js";
import { Violation } from "./oracle/violation.js";
import { plan } from "./plan.js";
import { planScene } from "./scene.js";
import { type Body, World } from "./world.js";

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly digest: string;
  readonly steps: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly lines: readonly string[] | undefined;
}

/** Before all others comes a copy, so that what they meet has copies. */
const COPIED_BEFORE = 0.5;
/** After which everything is free that can be. */
const LAST_PRUNES = 3;

export interface SeedOptions {
  /** Keeps what happened as text. */
  readonly isVerbose?: boolean;
  /** Kind of the place; drawn by the seed if not given. */
  readonly world?: PlaceKind;
}

export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const { isVerbose = false } = options;
  const dice = new Dice(seed);
  const knobs = drawKnobs(dice, options.world);
  useRealCryptography(knobs.hasRealCryptography);
  const state = knobs.beginning === undefined ? undefined : await beginning(knobs, knobs.beginning);
  const second = knobs.copies && (await beginning(secondOf(knobs), knobs.copies.beginning));
  const world = new World(dice, knobs);
  const { scheduler } = world;
  if (isVerbose) scheduler.trace.lines = [JSON.stringify(knobs)];
  if (state === undefined) await world.init();
  else world.beginWith(state);
  if (second !== undefined) world.addSecond(second);
  const isOver = () => world.violation !== undefined;
  if (world.second !== undefined && dice.chance(COPIED_BEFORE)) {
    world.start("copy", world.machine("admin"), copySome(world));
    await world.settle(() => isOver() || world.isIdle);
  }
  const lastStart = scheduler.now + knobs.horizon * 1.3;
  if (isScene(knobs)) planScene(world);
  else plan(world);
  await world.settle(() => isOver() || (world.isIdle && scheduler.now > lastStart));
  // What was sent by whoever is gone arrives before the end, or meets those who come last.
  if (!isOver() && dice.chance(0.7)) await world.settle(isOver);
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

function secondOf({ hasRealCryptography }: Knobs) {
  return { kind: "deciding", hasRealCryptography, isSecond: true } as const;
}

/** In fair weather, when everybody has ended: all is there, and nothing is said to be wrong; some prunes free the rest. */
async function finish(world: World): Promise<void> {
  const { dice, knobs } = world;
  world.calmDown();
  world.guard(() => {
    world.oracle.checkAll("at the end");
    world.second?.oracle.checkAll("of the second repository, at the end");
    world.counts.set("compared", compareAll(world));
  });
  if (world.violation !== undefined) return;
  const machine = world.addMachine("last", {});
  const last = async (kind: string, body: Body) => {
    world.start(kind, machine, body);
    await world.settle(() => world.violation !== undefined || world.isIdle);
  };
  if (world.registersId !== undefined && (knobs.rollback || knobs.repairsRegisters))
    await last("repair", repairRegistersOf(world));
  if (knobs.rot) await last("repair", repairIndexOf(world));
  // Whoever was stopped while it did that has to do it again; a repair of the index looks at no parity.
  if (world.place.hasTornBy("parity") || (knobs.rot && knobs.parity > 0)) await last("parity", addParity(world));
  if (dice.chance(knobs.size.lastPrunes)) {
    for (let i = 0; i < LAST_PRUNES; i++) await last("last prune", pruneOnce(world, { isLast: true }));
    world.guard(() => requireFreed(world));
  }
  if (dice.chance(knobs.size.lastCheck)) await last("last check", checkAll(world, { mustBeGood: true }));
}

/** Nothing is left that no snapshot refers to. @throws Violation */
function requireFreed({ oracle, place, knobs }: World): void {
  // There somebody's session may be open for ever.
  if (isForOneWriter(knobs) || oracle.snapshots().size === 0) return;
  // A prune does not go on where something that is in use cannot be read.
  if (!oracle.rot.isNone) return;
  const used = oracle.usedPacks();
  const names = [...place.objects.keys()].filter((name) => !place.isTorn(name));
  const left = names.filter((name) => name.startsWith("packs/") && !used.has(name));
  const parity = names.filter(
    (name) => name.startsWith("parity/") && !place.objects.has(name.replace("parity/", "packs/")),
  );
  left.push(...parity);
  if (left.length > 0) throw new Violation("not-freed", left.join(", "));
}
