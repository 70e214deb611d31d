/** A process of a simulated machine. When it dies it is simply not there any more: nothing it waits for ever comes. */
import type { Machine } from "./machine.js";

/** A call at which a process stops for a while, before it has its effect or after. */
export interface Hold {
  /** The first is 1. */
  readonly call: number;
  readonly milliseconds: number;
  readonly isBefore: boolean;
  /** Called when it has come to that. */
  readonly onHold: () => void;
}

/** What is to become of a process. */
export interface Fate {
  /** It dies at the one after, if not before. */
  readonly callsMax?: number;
  readonly hold?: Hold | undefined;
}

export interface ProcessOptions extends Fate {
  readonly name: string;
  /** What it does. */
  readonly kind: string;
  readonly machine: Machine;
  /** Of each call that leaves it. */
  readonly deathChance: number;
  /** How much slower it is than others. */
  readonly pace: number;
}

export class SimulatedProcess {
  readonly name: string;
  readonly kind: string;
  readonly machine: Machine;
  readonly deathChance: number;
  readonly callsMax: number;
  readonly hold: Hold | undefined;
  readonly pace: number;
  readonly begun: number;
  /** That have left it. */
  calls = 0;
  isDead = false;

  constructor({ name, kind, machine, deathChance, callsMax, hold, pace }: ProcessOptions, begun: number) {
    this.name = name;
    this.kind = kind;
    this.machine = machine;
    this.deathChance = deathChance;
    this.callsMax = callsMax ?? Number.POSITIVE_INFINITY;
    this.hold = hold;
    this.pace = pace;
    this.begun = begun;
  }
}
