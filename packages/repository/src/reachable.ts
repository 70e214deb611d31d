/** Tells an object that cannot be had from a storage that is gone, and from a process that has no descriptors left. */
import { ArchivedError, type BcatError, isBcatError, isExhaustion } from "@bcat/errors";
import type { Storage } from "@bcat/storage";

/** True when an error of the storage is about one object: the storage gives the one that every repository has. */
export async function isOfObject(storage: Storage, error: BcatError): Promise<boolean> {
  if (error instanceof ArchivedError) return true;
  if (isExhaustion(error.cause)) return false;
  try {
    return (await storage.get("config", { range: { offset: 0, length: 1 } })) !== undefined;
  } catch (fault) {
    if (isBcatError(fault, "storage-failed")) return false;
    throw fault;
  }
}
