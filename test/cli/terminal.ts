/** A terminal with somebody at it who waits for each question before typing. */
import { execFileSync, spawn } from "node:child_process";
import { type Desk, program } from "./desk.js";

export interface Answer {
  readonly question: string;
  readonly type: string;
  /** Done when the question is there. */
  readonly act?: () => void;
}

/** Whether `script` of util-linux is here; says so where it is not. */
export function canUseTerminal(): boolean {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    process.stdout.write("cli: skipped what needs a terminal: there is no script(1) of util-linux\n");
    return false;
  }
}

/** Runs a line of shell on a terminal that echoes. `screen` is all that was shown. */
export function onTerminal(
  desk: Desk,
  line: string,
  answers: readonly Answer[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<{ code: number | null; screen: string }> {
  const child = spawn("script", ["--quiet", "--return", "--echo", "always", "--command", line, "/dev/null"], {
    cwd: desk.folder,
    env: { ...desk.environment, BCAT_PASSWORD: undefined, TERM: "xterm", ...env, BCAT: program, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  let read = 0;
  const waiting = [...answers];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    screen += text;
    const at = waiting.length === 0 ? -1 : screen.indexOf(waiting[0]!.question, read);
    if (at < 0) return;
    read = at + waiting[0]!.question.length;
    const { type, act } = waiting.shift()!;
    act?.();
    child.stdin.write(type);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, screen }));
  });
}
