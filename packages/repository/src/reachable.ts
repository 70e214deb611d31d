/** Tells a storage that is gone from one that answers but cannot give an object. */
import { isBcatError } from "@bcat/errors";
import type { Storage } from "@bcat/storage";

/** True when the storage gives the one object that every repository has. */
export async function isReachable(storage: Storage): Promise<boolean> {
  try {
    return (await storage.get("config", { range: { offset: 0, length: 1 } })) !== undefined;
  } catch (error) {
    if (isBcatError(error, "storage-failed")) return false;
    throw error;
  }
}
