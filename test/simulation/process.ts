/** A process of a simulated machine. When it dies it is simply not there any more: nothing it waits for ever comes. */
import type { Machine } from "./machine.js";

export interface ProcessOptions {
  readonly name: string;
  readonly machine: Machine;
  /** Of each call that leaves it. */
  readonly deathChance: number;
  /** How much slower it is than others. */
  readonly pace: number;
}

export class SimulatedProcess {
  readonly name: string;
  readonly machine: Machine;
  readonly deathChance: number;
  readonly pace: number;
  readonly begun: number;
  isDead = false;

  constructor({ name, machine, deathChance, pace }: ProcessOptions, begun: number) {
    this.name = name;
    this.machine = machine;
    this.deathChance = deathChance;
    this.pace = pace;
    this.begun = begun;
  }
}
