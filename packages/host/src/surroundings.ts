/** What lies in a folder that is to become a repository: most often a folder of its own was meant. */
import { opendir } from "node:fs/promises";
import { systemErrorCode } from "@bcat/errors";
import type { Place } from "./place.js";

/** Of a new file system, of an init that was interrupted, and of the system itself. */
const ownNames = /^(keys|lost\+found|\.Trash.*|\.tmp-.*|\.snapshots?|System Volume Information|\$RECYCLE\.BIN)$/;

/** A name of something else that is there, or undefined. What cannot be looked at will say so when it is written to. */
export async function findOtherThing(place: Place): Promise<string | undefined> {
  if (place.kind !== "folder") return undefined;
  try {
    for await (const { name } of await opendir(place.path)) if (!ownNames.test(name)) return name;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  return undefined;
}
