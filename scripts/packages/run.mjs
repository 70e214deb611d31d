/** Programs that packages are made with. */
import { execFileSync } from "node:child_process";

const outputMax = 2 ** 26;

/** Returns what it prints. @throws Error with what it says when it fails. */
export function run(program, words, { cwd, env } = {}) {
  return execFileSync(program, words, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: outputMax,
    stdio: ["ignore", "pipe", "inherit"],
  });
}
