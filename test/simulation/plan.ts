/** Who does what in a run, and when. */
import {
  addParity,
  backup,
  checkAll,
  copySome,
  forgetSome,
  pinOne,
  pruneOnce,
  remakeOne,
  repairIndexOf,
  repairPacksOf,
  repairRegistersOf,
  repairSnapshotsOf,
  restoreOne,
} from "./actors.js";
import { isForOneWriter, type Range } from "./knobs.js";
import type { Machine } from "./machine.js";
import type { Body, World } from "./world.js";

const TEN_YEARS = 10 * 365 * 86_400_000;
/** Within so many milliseconds each host makes its first backup. */
const FIRST_BACKUP = 2_000;

/** Whole lives of machines: who does what when is drawn for each by itself. */
export function plan(world: World): void {
  const { dice, knobs } = world;
  const { size, horizon } = knobs;
  const hosts = ["a", "b"].slice(0, dice.within(size.hosts)).map((name) => world.machine(name));
  const admin = world.machine("admin");
  const anyone = [...hosts, admin];
  const at = (time: number, kind: string, machine: Machine, body: Body) =>
    world.scheduler.after(time, () => world.start(kind, machine, body));
  const anywhere = () => dice.integer(1, horizon);
  const times = (range: Range, act: () => void) => {
    for (let i = dice.within(range); i > 0; i--) act();
  };
  for (const host of hosts) at(dice.integer(1, FIRST_BACKUP), "backup", host, backup(world));
  times(size.backups, () => at(dice.integer(1, horizon * 1.2), "backup", dice.pick(hosts), backup(world)));
  times(size.changes, () => world.scheduler.after(anywhere(), () => dice.pick(hosts).source.change()));
  times(size.forgets, () => at(dice.integer(horizon / 4, horizon * 0.8), "forget", admin, forgetSome(world)));
  const late = () => dice.integer(horizon / 3, horizon * 1.1);
  times(size.prunes, () => at(late(), "prune", dice.chance(0.8) ? admin : dice.pick(hosts), pruneOnce(world)));
  times(size.remakes, () => at(anywhere(), "remake", dice.pick(anyone), remakeOne(world)));
  if (knobs.copies !== undefined) times([1, 3], () => at(anywhere(), "copy", dice.pick(anyone), copySome(world)));
  if (dice.chance(0.1)) at(anywhere(), "pin", admin, pinOne(world));
  if (knobs.parity > 0) times([0, 2], () => at(anywhere(), "parity", dice.pick(anyone), addParity(world)));
  if (dice.chance(0.1)) at(anywhere(), "check", admin, checkAll(world, { mustBeGood: false }));
  if (dice.chance(0.15)) at(anywhere(), "restore", dice.pick(hosts), restoreOne(world));
  planMishaps(world, hosts, admin);
}

/** What becomes of clocks, caches and machines. */
export function planMishaps(world: World, hosts: readonly Machine[], admin: Machine): void {
  const { dice, knobs, scheduler } = world;
  const { size, horizon } = knobs;
  const anywhere = () => dice.integer(1, horizon);
  if (knobs.clockJumps)
    for (let i = dice.within(size.mishaps); i > 0; i--)
      scheduler.after(anywhere(), () => {
        dice.pick(hosts).skew += Math.floor((2 * dice.fraction() - 1) * TEN_YEARS);
      });
  if (knobs.cacheLosses)
    for (let i = dice.within(size.mishaps); i > 0; i--) {
      const machine = dice.pick([...hosts, admin]);
      const first = anywhere();
      // What is lost is lost at once; an older copy is one that was made before.
      if (dice.chance(0.4)) scheduler.after(first, () => machine.loseCache());
      else {
        scheduler.after(first, () => machine.rememberCache());
        scheduler.after(dice.integer(first, horizon), () => machine.restoreOlderCache());
      }
    }
  if (knobs.reserve !== undefined) {
    const full = anywhere();
    scheduler.after(full, () => {
      world.place.limit = world.place.used + dice.integer(0, 3_000);
    });
    scheduler.after(dice.integer(full, horizon * 1.2), () => {
      world.place.limit = Number.POSITIVE_INFINITY;
    });
  }
  if (knobs.rot) planRot(world, admin);
  if (knobs.packRot) planPackRot(world, admin);
  if (world.registersId !== undefined && knobs.rollback) planRollback(world, admin);
  if (knobs.clones && !isForOneWriter(knobs)) scheduler.after(anywhere(), () => clone(world, dice.pick(hosts)));
}

/** A current segment goes bad; what is in packs can be found without it. */
function planRot(world: World, admin: Machine): void {
  const { dice, knobs, scheduler, place } = world;
  const bad = dice.integer(1, knobs.horizon);
  scheduler.after(bad, () => {
    const names = [...world.oracle.segments().keys()];
    if (names.length > 0) place.rot(dice.pick(names), dice.integer(0, 10_000));
  });
  for (let i = dice.integer(1, 3); i > 0; i--)
    scheduler.after(dice.integer(bad, knobs.horizon * 1.2), () => world.start("repair", admin, repairIndexOf(world)));
}

/** A pack that is in use goes bad; most often its host still has what was in it. */
function planPackRot(world: World, admin: Machine): void {
  const { dice, knobs, scheduler, place, oracle } = world;
  const bad = dice.integer(1, knobs.horizon);
  const late = () => dice.integer(bad, knobs.horizon * 1.2);
  scheduler.after(bad, () => {
    const names = [...oracle.usedPacks()].filter((name) => place.objects.has(name));
    if (names.length === 0) return;
    const name = dice.pick(names);
    const at = dice.integer(0, place.objects.get(name)!.length - 1);
    world.guard(() => oracle.noteRot(name, at));
    place.rot(name, at);
  });
  for (let i = dice.integer(1, 3); i > 0; i--)
    scheduler.after(late(), () => world.start("repair", admin, repairPacksOf(world)));
  if (dice.chance(0.4)) scheduler.after(late(), () => world.start("repair", admin, repairSnapshotsOf(world)));
}

/** Registers that live elsewhere come back from an old copy, and somebody repairs them. */
function planRollback(world: World, admin: Machine): void {
  const { dice, knobs, scheduler, registers } = world;
  const { horizon } = knobs;
  const dumped = dice.integer(1, horizon);
  const restored = dice.integer(dumped, horizon);
  scheduler.after(dumped, () => {
    const restore = registers!.dump();
    scheduler.after(restored - dumped, restore);
  });
  for (let i = dice.integer(1, 2); i > 0; i--)
    scheduler.after(dice.integer(restored, horizon * 1.2), () =>
      world.start("repair", admin, repairRegistersOf(world)),
    );
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
