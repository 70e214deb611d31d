/** Whether what a client remembers of a repository is still what is there: it may have been replaced, or gone back in time. */
import { ObjectType, openObject } from "@bcat/crypto";
import { BcatError, isBcatError } from "@bcat/errors";
import type { PackContext } from "@bcat/pack";
import type { Registers } from "@bcat/storage";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { SeenOutcome } from "./bodies/snapshot.js";
import { wayOn } from "./identity.js";
import type { Manifest } from "./manifest.js";
import { registerName } from "./registers.js";

interface Place {
  readonly storage: Registers;
  readonly context: PackContext;
  /** Where it is remembered, for messages. */
  readonly cache: string;
}

interface NewestOutcome {
  readonly number: number;
  readonly outcome: Outcome;
}

const MISSING = "was there before and is missing now";

/**
 * The newest outcome that the manifest covers, which must be there unchanged; undefined when it covers none. "damaged"
 * when it is there and cannot be opened: then what is remembered is worth nothing.
 *
 * @throws BcatError identity-changed when the storage lacks an outcome or a session that this client has seen, or has
 *   another; StorageError
 */
export async function readNewest(place: Place, manifest: Manifest): Promise<NewestOutcome | "damaged" | undefined> {
  const { sessions, seen } = manifest;
  const newest = seen[0] === undefined ? undefined : await readUnchanged(place, seen[0]);
  if (newest === "damaged" || sessions <= (newest?.number ?? 0)) return newest;
  // The sessions this client has seen must be there, or the next one would leave a hole.
  const name = registerName("sessions", sessions);
  if ((await place.storage.get(name)) === undefined) throw untrusted(place, name, MISSING);
  return newest;
}

async function readUnchanged(place: Place, { number, hash }: SeenOutcome): Promise<NewestOutcome | "damaged"> {
  const { storage, context } = place;
  const name = registerName("outcomes", number);
  const bytes = await storage.get(name);
  if (bytes === undefined) throw untrusted(place, name, MISSING);
  const isUnchanged = Buffer.compare(context.blake3.hash(bytes), hash) === 0;
  try {
    const { body } = openObject(context.keys, { type: ObjectType.OUTCOME, name }, bytes);
    if (isUnchanged) return { number, outcome: decodeOutcome(body, name) };
  } catch (error) {
    if (isUnchanged || !isBcatError(error)) throw error;
    return "damaged";
  }
  throw untrusted(place, name, "is not what it was");
}

function untrusted({ cache }: Place, name: string, found: string): BcatError {
  return new BcatError(
    "identity-changed",
    `Cannot trust the repository: "${name}" ${found}; it was replaced or went back in time; ${wayOn(cache)}`,
  );
}
