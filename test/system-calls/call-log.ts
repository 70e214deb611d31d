/** What `strace -f -y` has written of one kind of call. */

export type ThreadName = "main" | "pool";

export interface LoggedCall {
  readonly thread: ThreadName;
  readonly name: string;
  /** Of this name in this thread, from 1. */
  readonly number: number;
  /** The line, without the thread. */
  readonly text: string;
}

const LINE = /^(\d+) +([a-z0-9_]+)\((.*)$/;

/** Of the main thread, whose line is the first, and of the one whose calls touch `folder`; others do not touch it. */
export function parseCalls(log: string, folder: string): LoggedCall[] {
  const lines = log.split("\n").flatMap((line) => {
    const [, thread, name, rest] = LINE.exec(line) ?? [];
    return thread === undefined ? [] : [{ thread, name: name!, text: `${name}(${rest}` }];
  });
  const main = log.slice(0, log.indexOf(" "));
  const pool = lines.find(({ thread, text }) => thread !== main && text.includes(folder))?.thread;
  const counts = new Map<string, number>();
  return lines.flatMap(({ thread, name, text }) => {
    const key = `${thread} ${name}`;
    const number = (counts.get(key) ?? 0) + 1;
    counts.set(key, number);
    if (thread !== main && thread !== pool) return [];
    return [{ thread: thread === main ? "main" : "pool", name, number, text } as const];
  });
}

/** The call that was made to fail, or at which the process was killed; undefined when none was. */
export function findInjected(log: string): string | undefined {
  const lines = log.split("\n");
  const failed = lines.find((line) => line.includes("(INJECTED)"));
  if (failed !== undefined) return failed;
  const end = lines.findIndex((line) => line.includes("+++ killed by SIGKILL"));
  return end < 0 ? undefined : lines.slice(0, end).findLast((line) => LINE.test(line));
}
