/** Paths as typed, made absolute against the current folder. */
import { resolve } from "node:path";
import { BcatError } from "@bcat/errors";

/** @throws {BcatError} with code "usage" when `path` is empty, or relative to a folder that is gone. */
export function absolutePath(path: string): string {
  if (path === "") throw new BcatError("usage", "Cannot use an empty path");
  try {
    return resolve(path);
  } catch (cause) {
    const found = "the current folder does not exist; give an absolute path";
    throw new BcatError("usage", `Cannot use "${path}": ${found}`, { cause });
  }
}

/** As {@link absolutePath}, in the bytes that file systems take. */
export function absolutePathBytes(path: string): Uint8Array {
  return Buffer.from(absolutePath(path));
}

/** As {@link absolutePathBytes}, of any bytes; what is given as a folder, `link/` or `link/.`, keeps a `/` at its end. */
export function sourcePathBytes(path: Uint8Array): Uint8Array {
  // One character a byte; what the path is relative to is needed only for one that is.
  const text = Buffer.from(path).toString("latin1");
  const base = text.startsWith("/") ? "/" : Buffer.from(absolutePath(".")).toString("latin1");
  const absolute = resolve(base, text);
  return Buffer.from(/\/\.?$/.test(text) && absolute !== "/" ? `${absolute}/` : absolute, "latin1");
}
