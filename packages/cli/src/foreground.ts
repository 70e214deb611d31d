/** Whose turn it is at the terminal: that of a job in the background is the shell's. */
import { readFileSync } from "node:fs";

/** Fields of proc_pid_stat(5) behind the name of the program. */
const GROUP = 2;
const GROUP_AT_TERMINAL = 5;

/** False for a process that `&` or `bg` has put into the background. True where nobody knows. */
export function isInForeground(readStat = readOwnStat): boolean {
  const stat = readStat();
  if (stat === undefined) return true;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const atTerminal = Number(fields[GROUP_AT_TERMINAL]);
  return !(atTerminal > 0) || atTerminal === Number(fields[GROUP]);
}

/** Undefined where there is no such thing. */
function readOwnStat(): string | undefined {
  try {
    return readFileSync("/proc/self/stat", "latin1");
  } catch {
    return undefined;
  }
}
