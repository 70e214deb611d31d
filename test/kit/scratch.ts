/** Folders for one test, on the fastest file system that has room. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const MEMORY = "/dev/shm";

export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

export interface ScratchOptions {
  readonly onDisk?: boolean;
}

/**
 * A fresh folder with at least `size` bytes of room, or undefined when there is none. `onDisk` keeps large data out of
 * /dev/shm, which is memory that the measured processes may need.
 */
export function makeScratch(size: number, options: ScratchOptions = {}): Scratch | undefined {
  const bases = options.onDisk === true ? [tmpdir()] : [MEMORY, tmpdir()];
  const base = bases.find((folder) => freeBytes(folder) >= (folder === MEMORY ? 2 * size : size));
  if (base === undefined) return undefined;
  const path = mkdtempSync(join(base, "bcat-test-"));
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

/** Removes a folder with all in it, also what lies deeper than PATH_MAX or has no permissions. */
export async function removeTree(path: string): Promise<void> {
  try {
    // A process for each is more than most of them cost.
    rmSync(path, { recursive: true, force: true });
  } catch {
    await promisify(execFile)("chmod", ["-R", "u+rwx", path]).catch(() => undefined);
    await promisify(execFile)("rm", ["-rf", path]);
  }
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
