/** Runs commands at once and does to some of them what happens to processes: they are killed, or stand still for a while. */
import { performance } from "node:perf_hooks";
import type { Ended, Running } from "../crash/processes.js";
import { type Draw, pick } from "./mutate.js";

/** Of all processes. */
const KILLED = 0.35;
const INTERRUPTED = 0.05;
const SUSPENDED = 0.1;

export interface Done extends Ended {
  /** What was done to it, if it was in time. */
  readonly fate: "killed" | "interrupted" | "none";
}

export interface Tally {
  rounds: number;
  kills: number;
  interrupts: number;
  suspensions: number;
  readonly ended: Record<string, number>;
}

export function newTally(): Tally {
  return { rounds: 0, kills: 0, interrupts: 0, suspensions: 0, ended: {} };
}

export class Hand {
  readonly tally = newTally();
  readonly #draw: Draw;
  /** Milliseconds that a command takes which nothing stops, by its name; the average of late ones counts most. */
  readonly #durations = new Map<string, number>();
  #suspended: Running[] = [];

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** Runs a command to its end, or to the one that it is given. */
  async run(command: string, start: () => Running): Promise<Done> {
    await pause(this.#draw() * this.#expected(command));
    const started = performance.now();
    const running = start();
    let fate: Done["fate"] = "none";
    const lot = this.#draw();
    const timer = setTimeout(
      () => {
        fate = this.#strike(running, lot);
      },
      this.#draw() * 1.3 * this.#expected(command),
    );
    const ended = await running.ended;
    clearTimeout(timer);
    if (ended.signal === "SIGKILL") this.tally.kills++;
    else if (ended.code === 0) {
      const before = this.#durations.get(command) ?? performance.now() - started;
      this.#durations.set(command, (2 * before + performance.now() - started) / 3);
      this.tally.ended[command] = (this.tally.ended[command] ?? 0) + 1;
    }
    return { ...ended, fate };
  }

  /** Those that stand still go on: when `others` have ended. */
  async settle(all: readonly Promise<unknown>[]): Promise<void> {
    let isOver = false;
    const ended = Promise.all(all).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([ended, pause(2 * this.#expected("backup"))]);
      const one = this.#suspended.length === 0 ? undefined : pick(this.#suspended, this.#draw);
      one?.child.kill("SIGCONT");
      this.#suspended = this.#suspended.filter((running) => running !== one);
    }
    await ended;
  }

  #strike(running: Running, lot: number): Done["fate"] {
    if (lot < KILLED) {
      running.child.kill("SIGKILL");
      return "killed";
    }
    if (lot < KILLED + INTERRUPTED) {
      this.tally.interrupts++;
      running.child.kill("SIGINT");
      return "interrupted";
    }
    if (lot < KILLED + INTERRUPTED + SUSPENDED && running.child.kill("SIGSTOP")) {
      this.tally.suspensions++;
      this.#suspended.push(running);
    }
    return "none";
  }

  #expected(command: string): number {
    return this.#durations.get(command) ?? 1_000;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
