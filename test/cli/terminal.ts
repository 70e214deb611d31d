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

const clearing = "\\r\\u001b\\[K";
/** A machine that is busy takes a second for anything. */
const waiting = new RegExp(`(?:${clearing}[^\\r\\n]* so far)+${clearing}`, "g");

/** Runs a line of shell on a terminal that echoes. `drawn` is all that was shown, `screen` without lines of waiting. */
export function onTerminal(
  desk: Desk,
  line: string,
  answers: readonly Answer[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<{ code: number | null; screen: string; drawn: string }> {
  const child = spawn("script", ["--quiet", "--return", "--echo", "always", "--command", line, "/dev/null"], {
    cwd: desk.folder,
    env: { ...desk.environment, BCAT_PASSWORD: undefined, TERM: "xterm", ...env, BCAT: program, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let drawn = "";
  let read = 0;
  const unasked = [...answers];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    drawn += text;
    const at = unasked.length === 0 ? -1 : drawn.indexOf(unasked[0]!.question, read);
    if (at < 0) return;
    read = at + unasked[0]!.question.length;
    const { type, act } = unasked.shift()!;
    act?.();
    child.stdin.write(type);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, screen: drawn.replaceAll(waiting, ""), drawn }));
  });
}
