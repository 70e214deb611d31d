/** Where other file systems are mounted, as Linux tells it (proc(5), /proc/pid/mountinfo). */
import { readFileSync } from "node:fs";

const MOUNTS = "/proc/self/mountinfo";

export class Mounts {
  #points: ReadonlySet<string> | undefined;
  #isRead = false;

  /** True when something is mounted at the path, or nobody can tell. */
  mayBeAt(path: Uint8Array): boolean {
    if (!this.#isRead) this.#points = readPoints();
    this.#isRead = true;
    return this.#points === undefined || this.#points.has(Buffer.from(path).toString("latin1"));
  }
}

/** Undefined where there is no such list. */
function readPoints(): ReadonlySet<string> | undefined {
  let text: string;
  try {
    text = readFileSync(MOUNTS, "latin1");
  } catch {
    return undefined;
  }
  // The fifth field, in which space, tab, line break and backslash are \nnn.
  const points = text.split("\n").map((line) => line.split(" ")[4] ?? "");
  return new Set(points.map((point) => point.replaceAll(/\\([0-7]{3})/g, (_, code) => characterOf(code))));
}

function characterOf(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}
