/** A run of one scene: few processes at the same time, on a repository that is in use, and what comes after them. */
import {
  addParity,
  backup,
  checkAll,
  copySome,
  forgetSome,
  pinOne,
  pruneOnce,
  remakeOne,
  repairRegistersOf,
  restoreOne,
} from "./actors.js";
import { isElsewhere, type Knobs } from "./knobs.js";
import type { Machine } from "./machine.js";
import { planMishaps } from "./plan.js";
import type { Hold } from "./process.js";
import type { Body, World } from "./world.js";

type Act =
  | "register repair"
  | "dying register repair"
  | "backup"
  | "copy"
  | "dying copy"
  | "dying backup"
  | "prune"
  | "forget"
  | "remake"
  | "restore"
  | "check"
  | "pin"
  | "parity";

/** Who is at work at the same time. */
const TOGETHER: readonly (readonly Act[])[] = [
  ["backup", "prune"],
  ["backup", "prune"],
  ["backup", "prune"],
  ["backup", "backup", "prune"],
  ["backup", "prune", "prune"],
  ["backup", "forget", "prune"],
  ["backup", "backup"],
  ["backup", "remake", "prune"],
  ["dying backup", "backup", "prune"],
  ["dying backup", "prune"],
  ["dying backup"],
  ["remake", "prune"],
  ["remake", "prune"],
  ["remake", "forget", "prune"],
];
/** The same where somebody copies. */
const TOGETHER_COPYING: readonly (readonly Act[])[] = [
  ["copy", "prune"],
  ["copy", "prune"],
  ["copy", "prune"],
  ["copy", "forget", "prune"],
  ["copy", "backup", "prune"],
  ["copy", "remake", "prune"],
  ["copy", "prune", "prune"],
  ["copy", "copy"],
  ["copy", "copy", "prune"],
  ["copy", "backup"],
  ["dying copy", "copy", "prune"],
  ["dying copy", "prune"],
  ["dying copy"],
];
/** The same where somebody repairs registers that live elsewhere. */
const TOGETHER_REPAIRING: readonly (readonly Act[])[] = [
  ["register repair", "backup"],
  ["register repair", "backup", "prune"],
  ["register repair", "register repair", "backup"],
  ["register repair", "register repair", "backup"],
  ["dying register repair", "register repair", "backup"],
];
/** Who comes beside them now and then. */
const BESIDE: readonly Act[] = ["restore", "check", "pin", "forget", "backup"];
/** Who comes when they have ended. */
const AFTER: readonly (readonly Act[])[] = [
  ...new Array(8).fill([]),
  ["prune"],
  ["prune"],
  ["backup"],
  ["backup"],
  ["backup", "prune"],
  ["forget", "prune"],
];
const AFTER_COPYING: readonly (readonly Act[])[] = [
  ...new Array(6).fill([]),
  ["copy"],
  ["copy"],
  ["copy", "prune"],
  ["backup"],
  ["forget", "prune"],
];
/** Calls after which a backup or a copy dies. */
const CALLS = [8, 60] as const;

/** Who is held is so at one of these calls, for so many times the way to the storage. */
const HELD_CALLS = [1, 60] as const;
const HELD_LATENCIES = [20, 200, 1_000, 5_000];
/** Of those who begin then. */
const ALSO_HELD = 0.25;

/**
 * In half of the scenes one process is held at one of its calls, while the others begin, and mostly end: what goes wrong
 * with one change from one to another shows there (Musuvathi, Qadeer: Iterative context bounding, 2007). In the others
 * all begin within a time that is drawn.
 */
export function planScene(world: World): void {
  const { dice, knobs, scheduler } = world;
  const hosts = [world.machine("a"), world.machine("b")];
  const admin = world.machine("admin");
  const start = (act: Act, hold?: Hold) => begin(world, act, { hosts, admin, hold });
  const beside: readonly Act[] = knobs.parity > 0 ? [...BESIDE, "parity"] : BESIDE;
  const isCopying = knobs.copies !== undefined;
  const acts = dice.pick(togetherOf(knobs));
  const together = [...acts, ...(dice.chance(0.08) ? [dice.pick(beside)] : [])];
  for (const _ of together) {
    const { source } = dice.pick(hosts);
    if (dice.chance(0.3)) source.change();
    else if (dice.chance(0.6)) source.revert();
  }
  if (dice.chance(0.5)) startHeld(world, dice.shuffled(together), start);
  else for (const act of together) scheduler.after(dice.integer(0, knobs.horizon), () => start(act));
  for (const act of dice.pick(isCopying ? AFTER_COPYING : AFTER)) world.afterwards(() => start(act));
  planMishaps(world, hosts, admin);
}

function togetherOf(knobs: Knobs): readonly (readonly Act[])[] {
  if (isElsewhere(knobs) && knobs.repairsRegisters) return TOGETHER_REPAIRING;
  return knobs.copies === undefined ? TOGETHER : TOGETHER_COPYING;
}

function startHeld(world: World, [held, ...others]: readonly Act[], start: (act: Act, hold?: Hold) => void): void {
  const { dice, knobs } = world;
  let haveBegun = false;
  const onHold = () => {
    if (haveBegun) return;
    haveBegun = true;
    for (const act of others) start(act, dice.chance(ALSO_HELD) ? draw(() => {}) : undefined);
  };
  const draw = (act: () => void): Hold => ({
    ...{ call: dice.within(HELD_CALLS), milliseconds: dice.pick(HELD_LATENCIES) * knobs.weather.latency },
    ...{ isBefore: dice.chance(0.5), onHold: act },
  });
  // It may end before it comes to that.
  world.afterwards(onHold);
  start(held!, draw(onHold));
}

interface Cast {
  readonly hosts: readonly Machine[];
  readonly admin: Machine;
  readonly hold: Hold | undefined;
}

function begin(world: World, act: Act, { hosts, admin, hold }: Cast): void {
  const { dice } = world;
  const host = dice.pick(hosts);
  const anyone = dice.chance(0.7) ? admin : host;
  const bodies: Record<Act, readonly [Machine, () => Body]> = {
    backup: [host, () => backup(world)],
    "dying backup": [host, () => backup(world)],
    "register repair": [anyone, () => repairRegistersOf(world)],
    "dying register repair": [anyone, () => repairRegistersOf(world)],
    copy: [anyone, () => copySome(world)],
    "dying copy": [anyone, () => copySome(world)],
    prune: [anyone, () => pruneOnce(world)],
    forget: [anyone, () => forgetSome(world)],
    remake: [anyone, () => remakeOne(world)],
    restore: [host, () => restoreOne(world)],
    check: [admin, () => checkAll(world, { mustBeGood: false })],
    pin: [admin, () => pinOne(world)],
    parity: [anyone, () => addParity(world)],
  };
  const [machine, body] = bodies[act];
  world.start(act, machine, body(), { hold, ...(act.startsWith("dying") && { callsMax: dice.within(CALLS) }) });
}
