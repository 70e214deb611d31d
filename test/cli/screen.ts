/** What a terminal of a given width shows: that of tmux, which lays out lines as terminals do. */
import { execFileSync } from "node:child_process";
import { type Desk, program } from "./desk.js";

/** Lines that a screen holds. */
const HEIGHT = 300;

/** Whether tmux is here; says so where it is not. */
export function hasScreens(): boolean {
  try {
    execFileSync("tmux", ["-V"], { stdio: "pipe" });
    return true;
  } catch {
    process.stdout.write("screens: skipped, there is no tmux\n");
    return false;
  }
}

/** A line of shell, in which `bcat` is the program; shown as another one where that is given. */
export type ShellLine = string | { readonly line: string; readonly shownAs: string };

/** Runs lines of shell, and shows each before what it prints. */
export async function screenOf(desk: Desk, lines: readonly ShellLine[], width: number): Promise<string> {
  // A server of its own: one that is just ending would be asked, too.
  const tmux = ["tmux", "-u", "-f", "/dev/null", "-S", desk.path(`tmux-${width}`)];
  const shown = lines
    .map((given) => (typeof given === "string" ? { line: given, shownAs: given } : given))
    .map(({ line, shownAs }) => `echo '$ ${shownAs}'; ${line}; echo`)
    .join("; ");
  const shell = `bcat() { '${program}' "$@"; }; ${shown}; tmux wait-for -S shown; sleep 600`;
  const size = ["-x", String(width), "-y", String(HEIGHT)];
  const good = async (words: readonly string[]) => {
    const { code, stdout, stderr } = await desk.run([...tmux, ...words], { env: { SHELL: "/bin/sh", TZ: "UTC" } });
    if (code !== 0) throw new Error(`tmux ${words[0]}: ${stderr}`);
    return stdout;
  };
  await good(["new-session", "-d", ...size, shell]);
  try {
    await good(["wait-for", "shown"]);
    return `${(await good(["capture-pane", "-p"])).trimEnd()}\n`;
  } finally {
    await good(["kill-server"]);
  }
}
