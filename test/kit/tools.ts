/** Programs of others that tests compare with, where they are found. */
import { execFileSync } from "node:child_process";

/** True when a program is there; says so where it is not, and `what` is skipped. */
export function isInstalled(program: string, what: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    // One that is there and knows no such flag.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      process.stdout.write(`${what}: skipped: there is no ${program}\n`);
      return false;
    }
    return true;
  }
}
