/** Runs bcat with strace, which counts its calls of the system, and fails one of them or kills at it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Ended, type Site, startBcat } from "../crash/processes.js";
import { findInjected, type LoggedCall, parseCalls, type ThreadName } from "./call-log.js";

export const faults = ["SIGKILL", "EIO", "ENOSPC"] as const;
export type SystemFault = (typeof faults)[number];

/** The calls of a thread that are made countable: those of this name, behind so many that do nothing. */
export interface Counted {
  readonly thread: ThreadName;
  readonly name: string;
  readonly ahead: number;
}

/** One call of a run. */
export interface Target extends Counted {
  readonly number: number;
  readonly text: string;
}

export interface Victim {
  readonly site: Site;
  readonly words: readonly string[];
  /** Calls that touch nothing below it are left alone: Node's own, before the program is there. */
  readonly folder: string;
}

const AHEAD = join(import.meta.dirname, "ahead.cjs");
/** As of system calls that take a path or a descriptor. */
const ALL = "%file,%desc";
/** More than the other thread has. */
const SPARE = 40;

/** Every call that touches the folder, by thread and name; each can be reached by itself. */
export async function listTargets(victim: Victim, fresh: () => Victim): Promise<Target[]> {
  const calls = await trace(victim, [`trace=${ALL}`]).then(({ log }) => parseCalls(log, victim.folder));
  const targets: Target[] = [];
  for (const key of new Set(calls.filter(({ text }) => text.includes(victim.folder)).map(keyOf))) {
    const [thread, name] = key.split(" ") as [ThreadName, string];
    const other = calls.filter((call) => call.name === name && call.thread !== thread).length;
    const counted = { thread, name, ahead: other === 0 ? 0 : other + SPARE };
    const again = fresh();
    const { log } = await trace(again, [`trace=${name}`], counted);
    for (const call of parseCalls(log, again.folder))
      if (keyOf(call) === key && call.text.includes(again.folder)) targets.push({ ...call, ...counted });
  }
  return targets;
}

/** Runs the victim, and lets the call fail. Gives the call that was met, if it came. */
export async function runInto(
  victim: Victim,
  { target, fault }: { target: Target; fault: SystemFault },
): Promise<{ ended: Ended; met: string | undefined }> {
  const { name, number } = target;
  const what = fault === "SIGKILL" ? "signal=SIGKILL" : `error=${fault}`;
  const { ended, log } = await trace(victim, [`trace=${name}`, `inject=${name}:${what}:when=${number}`], target);
  return { ended, met: findInjected(log) };
}

async function trace(
  { site, words }: Victim,
  expressions: readonly string[],
  counted?: Counted,
): Promise<{ ended: Ended; log: string }> {
  const log = `${site.repository}.calls`;
  const filters = expressions.flatMap((expression) => ["-e", expression]);
  const ahead = counted === undefined ? [] : [AHEAD, counted.thread, counted.name, String(counted.ahead)];
  const through = ["strace", "-f", "-y", "-s", "0", "-o", log, ...filters, process.execPath, ...ahead];
  const ended = await startBcat(site, words, { through, env: { UV_THREADPOOL_SIZE: "1" } }).ended;
  return { ended, log: readFileSync(log, "latin1") };
}

function keyOf({ thread, name }: LoggedCall): string {
  return `${thread} ${name}`;
}
