/**
 * Which process holds something in the cache, told by a mark that no later process has: host, boot of its kernel, space of
 * process ids, id, and time of start. Where one cannot be seen, as in another container or on another machine that shares
 * the folder, it may run as long as it gave a sign of life lately.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { systemErrorCode } from "@bcat/errors";
import type { Processes } from "@bcat/repository";

/** Signs of life come every minute. */
const QUIET_MAX_MS = 15 * 60_000;

/** States of processes that nobody has asked for their end. */
const HAS_ENDED = /^[ZXx]$/;

interface Mark {
  readonly host: string;
  readonly boot: string;
  readonly space: string;
  readonly id: number;
  /** Empty where the system does not tell. */
  readonly start: string;
}

/** For the core. */
export const processes: Processes = {
  get mark() {
    const { host, boot, space, id, start } = ownMark();
    return [host, boot, space, id, start].join(" ");
  },
  mayRun: (mark, quietMs) => mayRun(parse(mark), quietMs),
};

function mayRun(mark: Mark | undefined, quietMs: number): boolean {
  if (mark === undefined) return false;
  const own = ownMark();
  // A machine that was started again has none of its processes.
  if (mark.host === own.host && mark.boot !== own.boot) return false;
  if (mark.host !== own.host || mark.space !== own.space) return quietMs < QUIET_MAX_MS;
  if (mark.start === "") return isThere(mark.id) && quietMs < QUIET_MAX_MS;
  return startOf(mark.id) === mark.start;
}

function ownMark(): Mark {
  const boot = tell(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const space = tell(() => readlinkSync("/proc/self/ns/pid"));
  return { host: encodeURIComponent(hostname()), boot, space, id: process.pid, start: startOf(process.pid) };
}

function parse(text: string): Mark | undefined {
  const [host, boot, space, id, start] = text.split(" ");
  if (host === undefined || boot === undefined || space === undefined || start === undefined) return undefined;
  return /^\d{1,10}$/.test(id ?? "") ? { host, boot, space, id: Number(id), start } : undefined;
}

/** The time of start of a process, in ticks since the boot; empty when it has ended, or is not shown. */
function startOf(id: number): string {
  // The name before it may have spaces and brackets.
  const fields = tell(() => readFileSync(`/proc/${id}/stat`, "latin1").replace(/^.*\) /s, "")).split(" ");
  return HAS_ENDED.test(fields[0] ?? "") ? "" : (fields[19] ?? "");
}

function isThere(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

function tell(look: () => string): string {
  try {
    return look();
  } catch {
    return "";
  }
}
