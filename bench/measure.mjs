/**
 * Runs whole processes, one at a time, and measures them from outside: wall time from start to exit, CPU as the kernel
 * counts it for children that have been waited for, peak memory of the largest process as GNU time reports it, and what
 * the machine did meanwhile from /proc/stat. Linux only.
 */
import { spawn } from "node:child_process";
import { accessSync, readFileSync } from "node:fs";
import koffi from "koffi";

const TIME = "/usr/bin/time";
/** Bytes of standard error kept for the message when a command fails. */
const ERRORS_MAX = 2_000;
const RUSAGE_CHILDREN = -1;
/** Counts of /proc/stat are whole ticks, some for each core: so many may be wrong, which is much of a short run. */
const TICK_ERROR = 4;
const getrusage = koffi.load("libc.so.6").func("int getrusage(int who, void *usage)");
const usage = Buffer.alloc(144);

/** @returns whether peak memory can be measured here */
export function hasTime() {
  try {
    accessSync(TIME);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs the commands after one another and adds them up; an error names the one that failed.
 *
 * @param commands `{words, cwd?}`, each a program and its arguments
 * @param {{env: Record<string, string>, memoryFile: string}} options `memoryFile` is overwritten
 * @returns seconds of `wall` and `cpu`, bytes of `memory`, and, as shares of all cores, `idle` and `others`
 */
export async function measure(commands, { env, memoryFile }) {
  const before = { cpu: childrenSeconds(), machine: machineTimes() };
  let wall = 0;
  let memory;
  for (const command of commands) {
    const start = performance.now();
    await run(command, env, memoryFile);
    wall += (performance.now() - start) / 1_000;
    const peak = hasTime() ? Number(readFileSync(memoryFile, "latin1")) * 1_024 : undefined;
    if (peak !== undefined) memory = Math.max(memory ?? 0, peak);
  }
  const cpu = childrenSeconds() - before.cpu;
  return { wall, cpu, memory, ...sharesSince(before.machine, cpu) };
}

/** Runs commands that are not measured. */
export async function runAll(commands, { env }) {
  for (const command of commands) await run(command, env);
}

async function run({ words, cwd }, env, memoryFile) {
  const timed = memoryFile !== undefined && hasTime() ? [TIME, "-q", "-f", "%M", "-o", memoryFile, ...words] : words;
  const [program, ...rest] = timed;
  const child = spawn(program, rest, { env, cwd, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (bytes) => {
    errors = (errors + bytes).slice(-ERRORS_MAX);
  });
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`${words.join(" ")}: exit ${status}: ${errors.trim()}`);
}

/** User and system seconds of all children that have ended. */
function childrenSeconds() {
  if (getrusage(RUSAGE_CHILDREN, usage) !== 0) throw new Error("getrusage failed");
  const time = (offset) => Number(usage.readBigInt64LE(offset)) + Number(usage.readBigInt64LE(offset + 8)) / 1e6;
  return time(0) + time(16);
}

/** Ticks of 10 ms that all cores together spent, in all and idle, since the machine started. */
function machineTimes() {
  const [user, nice, system, idle, wait, irq, softirq, steal] = readFileSync("/proc/stat", "latin1")
    .split("\n", 1)[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return { total: user + nice + system + idle + wait + irq + softirq + steal, idle: idle + wait };
}

/** `others` is what neither idled nor was the measured process: neighbours, and time stolen from a virtual machine. */
function sharesSince(before, cpu) {
  const now = machineTimes();
  const total = now.total - before.total;
  if (total === 0) return { idle: 1, others: 0 };
  const idle = now.idle - before.idle;
  return { idle: idle / total, others: Math.max(0, total - idle - cpu * 100 - TICK_ERROR) / total };
}
