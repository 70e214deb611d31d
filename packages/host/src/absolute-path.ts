/** Paths as typed, made absolute against the current folder. */
import { readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { BcatError, bytesOfText, hasBytes, textOfBytes } from "@bcat/errors";

/** @throws {BcatError} with code "usage" when `path` is empty, not UTF-8, or relative to a folder that is gone. */
export function absolutePath(path: string): string {
  const absolute = absoluteText(path);
  if (!hasBytes(absolute)) return absolute;
  throw new BcatError("usage", `Cannot use "${absolute}": it is not UTF-8`);
}

/**
 * As {@link absolutePath}, of any bytes, of which `path` is the text (`textOfBytes`) and the result is too.
 *
 * @throws {BcatError} with code "usage" when `path` is empty, or relative to a folder that is gone.
 */
export function absoluteText(path: string): string {
  if (path === "") throw new BcatError("usage", "Cannot use an empty path");
  return path.startsWith("/") ? resolve(path) : resolve(baseOf(path), path);
}

/** As {@link absoluteText}, in the bytes that file systems take. */
export function absolutePathBytes(path: string): Uint8Array {
  return bytesOfText(absoluteText(path));
}

/** As {@link absolutePathBytes}, of any bytes; what is given as a folder, `link/` or `link/.`, keeps a `/` at its end. */
export function sourcePathBytes(path: Uint8Array): Uint8Array {
  // One character a byte; what the path is relative to is needed only for one that is.
  const text = Buffer.from(path).toString("latin1");
  const base = text.startsWith("/") ? "/" : Buffer.from(bytesOfText(baseOf(textOfBytes(path)))).toString("latin1");
  const absolute = resolve(base, text);
  return Buffer.from(/\/\.?$/.test(text) && absolute !== "/" ? `${absolute}/` : absolute, "latin1");
}

/** What the relative path is relative to. @throws {BcatError} with code "usage" */
function baseOf(path: string): string {
  try {
    return currentFolder();
  } catch (cause) {
    const found = "the current folder does not exist; give an absolute path";
    throw new BcatError("usage", `Cannot use "${path}": ${found}`, { cause });
  }
}

/** Node says it as UTF-8: what is none, the system tells once more where it can. */
function currentFolder(): string {
  const folder = process.cwd();
  if (!folder.includes("\ufffd")) return folder;
  try {
    const bytes = readlinkSync("/proc/self/cwd", { encoding: "buffer" });
    return bytes.toString() === folder ? textOfBytes(bytes) : folder;
  } catch {
    return folder;
  }
}
