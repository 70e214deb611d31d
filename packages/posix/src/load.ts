/** The choice between the two implementations, made once at start-up. */
import { koffiPosix } from "./koffi.js";
import { nodePosix } from "./node.js";
import type { Posix } from "./posix.js";
import { Stat } from "./stat.js";

/** `auto` takes what works, `off` never loads native code, `required` fails rather than be slow and inexact. */
export type Accelerators = "off" | "auto" | "required";

/** @throws Error naming what is missing, when the native calls are `required` and not to be had. */
export function loadPosix(accelerators: Accelerators): Posix {
  const node = nodePosix();
  if (accelerators === "off") return node;
  try {
    const koffi = koffiPosix();
    assertSame(koffi, node);
    return koffi;
  } catch (cause) {
    if (accelerators === "auto") return node;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot load posix accelerator koffi: ${reason}`, { cause });
  }
}

/** `/` may change between two looks at it, hardly three times in a row. */
const ATTEMPTS_MAX = 3;

/**
 * Refuses an implementation that sees another `/` than `node` does, or cannot tell a missing file: an unexpected ABI
 * must lead to the slow way and not to wrong data.
 */
export function assertSame(posix: Posix, node: Posix): void {
  const root = posix.openDirectory(Uint8Array.of(0x2f));
  try {
    let difference: string | undefined;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      difference = differenceBetween(posix, node, root.fd);
      if (difference === undefined) break;
    }
    if (difference !== undefined) throw new Error(`self-test differs from node:fs: ${difference}`);
    assertMissing(posix, root);
  } finally {
    posix.closeDirectory(root);
  }
}

function differenceBetween(posix: Posix, node: Posix, fd: number): string | undefined {
  const [found, expected] = [new Stat(), new Stat()];
  posix.statFile(fd, found);
  node.statFile(fd, expected);
  for (const field of Object.keys(expected) as (keyof Stat)[])
    if (found[field] !== expected[field]) return `${field} of "/" is ${found[field]}, not ${expected[field]}`;
  return undefined;
}

const MISSING = new TextEncoder().encode(".bcat-self-test-of-a-name-that-nobody-has");

function assertMissing(posix: Posix, root: ReturnType<Posix["openDirectory"]>): void {
  try {
    posix.statAt(root, MISSING, new Stat());
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  throw new Error("self-test found a file that does not exist");
}
