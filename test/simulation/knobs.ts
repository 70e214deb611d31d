/** What is on in a run and how much of it: each with a chance of its own, so that rare things meet in some runs. */
import type { Weather } from "./connection.js";
import type { Dice } from "./dice.js";

/** A place with put-if-absent, or without and for one writer at a time. */
export type PlaceKind = "deciding" | "one-writer";

export interface Knobs {
  /** Milliseconds in which processes begin. */
  readonly horizon: number;
  readonly weather: Weather;
  readonly isForOneWriter: boolean;
  /** Of each call. */
  readonly deaths: number;
  /** How long (ms) a process tries again. */
  readonly retryFor: number;
  /** Contents that files are made of. */
  readonly blocks: number;
  readonly packSize: number;
  readonly packsPerSegment: number;
  /** Stored bytes between two checkpoints of a backup. */
  readonly checkpointSize: number | undefined;
  readonly keepsTrees: boolean;
  /** Chance that files change while a file is read. */
  readonly movingFiles: number;
  readonly clockJumps: boolean;
  readonly clones: boolean;
  readonly cacheLosses: boolean;
}

export function drawKnobs(dice: Dice, kind?: PlaceKind): Knobs {
  const isForOneWriter = dice.chance(0.15);
  const some = (value: number) => (dice.chance(0.5) ? value : 0);
  return {
    horizon: dice.pick([5_000, 15_000, 60_000]),
    weather: {
      latency: dice.pick([5, 20, 60]),
      errors: some(dice.pick([0.01, 0.05])),
      lostAnswers: some(dice.pick([0.01, 0.04])),
      shortBodies: some(0.01),
      tornWrites: some(0.03),
      lateness: dice.pick([1_000, 20_000, 120_000]),
      timeout: dice.pick([500, 5_000]),
    },
    isForOneWriter: kind === undefined ? isForOneWriter : kind === "one-writer",
    deaths: some(dice.pick([0.004, 0.015])),
    retryFor: dice.pick([0, 3_000, 60_000]),
    blocks: dice.integer(4, 9),
    packSize: dice.pick([1_200, 3_000, 9_000]),
    packsPerSegment: dice.integer(1, 3),
    checkpointSize: dice.pick([undefined, 1_500, 5_000]),
    keepsTrees: dice.chance(0.3),
    movingFiles: some(0.02),
    clockJumps: dice.chance(0.5),
    clones: dice.chance(0.5),
    cacheLosses: dice.chance(0.5),
  };
}
