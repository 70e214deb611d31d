/** Whether anything can be made in a folder: asked of the system, and not tried. */
import { accessSync, constants } from "node:fs";
import { BcatError, systemErrorCode } from "@bcat/errors";
import { describe } from "../faults.js";
import { showName } from "../tree/name.js";

/** Whoever may write in the folder or not, nobody can on a file system that is read-only. */
export type Hindrance = "any" | "read-only file system";

/** @throws BcatError target-failed, of `target`, when nothing can be made in the folder */
export function requireWritable(folder: Uint8Array, target: Uint8Array, hindrance: Hindrance): void {
  try {
    accessSync(Buffer.from(folder), constants.W_OK | constants.X_OK);
  } catch (error) {
    if (hindrance !== "any" && systemErrorCode(error) !== "EROFS") return;
    throw new BcatError("target-failed", `Cannot restore into ${showName(target)}: ${describe(error)}`, {
      cause: error,
    });
  }
}

/** Whether nobody can write there, because of the file system. */
export function isReadOnly(folder: Uint8Array): boolean {
  try {
    accessSync(Buffer.from(folder), constants.W_OK);
    return false;
  } catch (error) {
    return systemErrorCode(error) === "EROFS";
  }
}
