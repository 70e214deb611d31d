/** What is on in a run and how much of it: each with a chance of its own, so that rare things meet in some runs. */
import type { Weather } from "./connection.js";
import type { Dice } from "./dice.js";

/**
 * A place with put-if-absent; without, for one writer at a time, or with the registers in a database or a folder that has it; or, for a planted bug, one where the last put wins though
 * nobody knows.
 */
export type PlaceKind = "deciding" | "one-writer" | "elsewhere" | "elsewhere-folder" | "silent";

/** From how many to how many there are of what. */
export type Range = readonly [min: number, max: number];

/** How much happens in a run. */
export interface Size {
  readonly hosts: Range;
  readonly roots: Range;
  /** Below each root. */
  readonly folders: Range;
  /** In a folder. */
  readonly files: Range;
  /** Contents that files are made of. */
  readonly blocks: Range;
  /** Beside the first of each host. */
  readonly backups: Range;
  readonly changes: Range;
  readonly forgets: Range;
  readonly prunes: Range;
  readonly remakes: Range;
  /** Times at which something becomes of caches or clocks. */
  readonly mishaps: Range;
  /** That it ends with prunes that leave nothing which is not used, and that it ends with a check. */
  readonly lastPrunes: number;
  readonly lastCheck: number;
}

/** A scene: few processes at the same time. What goes wrong between two backups and a prune shows there soonest. */
export const TINY: Size = {
  ...{ hosts: [2, 2], roots: [1, 1], folders: [0, 1], files: [1, 2], blocks: [3, 5], backups: [0, 0], changes: [0, 0] },
  ...{ forgets: [0, 0], prunes: [0, 0], remakes: [0, 0], mishaps: [1, 1], lastPrunes: 0.05, lastCheck: 0.02 },
};
const SMALL: Size = {
  ...{ hosts: [2, 2], roots: [1, 2], folders: [0, 2], files: [1, 2], blocks: [3, 6], backups: [1, 3], changes: [2, 8] },
  ...{ forgets: [0, 3], prunes: [0, 3], remakes: [0, 2], mishaps: [1, 2], lastPrunes: 0.2, lastCheck: 0.1 },
};
const LARGE: Size = {
  ...{
    hosts: [2, 2],
    roots: [1, 2],
    folders: [2, 2],
    files: [1, 3],
    blocks: [4, 9],
    backups: [2, 5],
    changes: [5, 16],
  },
  ...{ forgets: [0, 4], prunes: [0, 4], remakes: [0, 2], mishaps: [1, 4], lastPrunes: 0.3, lastCheck: 0.3 },
};

/** Of all runs. */
const LARGE_SHARE = 0.002;
const SMALL_SHARE = 0.018;

function drawSize(dice: Dice): Size {
  const fraction = dice.fraction();
  if (fraction < LARGE_SHARE) return LARGE;
  return fraction < LARGE_SHARE + SMALL_SHARE ? SMALL : TINY;
}

/** Repositories to begin with, of each kind of place. */
const BEGINNINGS = 32;
const REAL_BEGINNINGS = 4;
/** Of the second repository. */
const SECOND_BEGINNINGS = 8;
/** Of all runs. */
const REAL_SHARE = 0.05;
const COPIES_SHARE = 0.15;
const SEGMENT_ROT_SHARE = 0.06;
const PACK_ROT_SHARE = 0.08;

export interface Knobs {
  readonly size: Size;
  /** The repository as it is at first: which one of those that are made once; undefined: a new one. */
  readonly beginning: number | undefined;
  /** Milliseconds in which processes begin. */
  readonly horizon: number;
  readonly weather: Weather;
  readonly kind: PlaceKind;
  /** Of each call. */
  readonly deaths: number;
  /** How long (ms) a process tries again. */
  readonly retryFor: number;
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
  /** The database of registers goes back to what it was some time before. */
  readonly rollback: boolean;
  /** Somebody repairs registers that live elsewhere, though nothing is wrong with them. */
  readonly repairsRegisters: boolean;
  /** An index segment goes bad, and somebody repairs the index. */
  readonly rot: boolean;
  /** A pack goes bad, and somebody repairs packs, and maybe snapshots. */
  readonly packRot: boolean;
  /** Bytes of the reserve, in a place that gets full for some time. */
  readonly reserve: number | undefined;
  /** Percent of each pack. */
  readonly parity: number;
  /** Messages are sealed as they are outside, not by what stands in for that. */
  readonly hasRealCryptography: boolean;
  /** It is the repository that others copy from and to. */
  readonly isSecond: boolean;
  /** Undefined where nobody copies. */
  readonly copies: Copies | undefined;
}

export interface Copies {
  /** How the second repository is at first: which one of those that are made once. */
  readonly beginning: number;
  /** Out of the second repository; else into it. */
  readonly isInward: boolean;
}

const KINDS = [
  ...new Array(16).fill("deciding"),
  ...["one-writer", "one-writer", "elsewhere", "elsewhere-folder"],
] as const;

export function drawKnobs(dice: Dice, kind?: PlaceKind): Knobs {
  const drawn = dice.pick(KINDS);
  const some = (value: number) => (dice.chance(0.5) ? value : 0);
  const size = drawSize(dice);
  const isScene = size === TINY;
  const hasRealCryptography = dice.chance(REAL_SHARE);
  // A pack of which both go bad is lost.
  const bad = dice.fraction();
  const beginnings = hasRealCryptography ? REAL_BEGINNINGS : BEGINNINGS;
  return {
    size,
    beginning: dice.chance(isScene ? 0.9 : 0.3) ? dice.integer(0, beginnings - 1) : undefined,
    horizon: dice.pick(isScene ? [100, 1_000, 5_000] : [3_000, 6_000, 15_000, 60_000]),
    weather: {
      latency: dice.pick([5, 20, 60]),
      errors: some(dice.pick([0.01, 0.05])),
      lostAnswers: some(dice.pick([0.01, 0.04])),
      shortBodies: some(0.01),
      tornWrites: some(0.03),
      lateness: dice.pick([1_000, 20_000, 120_000]),
      timeout: dice.pick([500, 5_000]),
    },
    kind: kind ?? drawn,
    deaths: some(dice.pick([0.004, 0.015])),
    retryFor: dice.pick([0, 3_000, 60_000]),
    packSize: dice.pick([1_200, 3_000, 9_000]),
    packsPerSegment: dice.integer(1, 3),
    checkpointSize: dice.pick([undefined, 1_500, 5_000]),
    keepsTrees: dice.chance(0.3),
    movingFiles: some(0.02),
    clockJumps: dice.chance(0.5),
    clones: dice.chance(isScene ? 0.1 : 0.5),
    cacheLosses: dice.chance(isScene ? 0.2 : 0.5),
    rollback: dice.chance(0.5),
    repairsRegisters: dice.chance(0.4),
    reserve: dice.chance(0.12) ? dice.pick([0, 2_500]) : undefined,
    parity: dice.chance(0.12) ? 50 : 0,
    rot: bad < SEGMENT_ROT_SHARE,
    packRot: bad > 1 - PACK_ROT_SHARE,
    hasRealCryptography,
    isSecond: false,
    copies: dice.chance(COPIES_SHARE) ? drawCopies(dice, hasRealCryptography) : undefined,
  };
}

function drawCopies(dice: Dice, hasRealCryptography: boolean): Copies {
  const last = (hasRealCryptography ? REAL_BEGINNINGS : SECOND_BEGINNINGS) - 1;
  return { beginning: dice.integer(0, last), isInward: dice.chance(0.6) };
}

/** It is made of one scene, not of whole lives. */
export function isScene({ size }: Pick<Knobs, "size">): boolean {
  return size === TINY;
}

/** Only one may write at a time. */
export function isForOneWriter({ kind }: Pick<Knobs, "kind">): boolean {
  return kind === "one-writer";
}

export function isElsewhere({ kind }: Pick<Knobs, "kind">): boolean {
  return kind === "elsewhere" || kind === "elsewhere-folder";
}

/** Each put takes effect, whatever a name held. */
export function overwrites({ kind }: Pick<Knobs, "kind">): boolean {
  return kind !== "deciding";
}
