/** Whether what a client remembers of a repository is still what is there: it may have been replaced, or gone back in time. */
import { ObjectType, openObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import type { PackContext } from "@bcat/pack";
import type { Registers } from "@bcat/storage";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { SeenOutcome } from "./bodies/snapshot.js";
import type { Manifest } from "./manifest.js";
import { registerName } from "./registers.js";

export interface Source {
  readonly storage: Registers;
  readonly context: PackContext;
}

export interface NewestOutcome {
  readonly number: number;
  readonly outcome: Outcome;
}

export type Freshness =
  /** `newest` is the newest outcome that is remembered, if any is. */
  | { readonly kind: "fresh"; readonly newest: NewestOutcome | undefined }
  /** It is there and cannot be opened: then what is remembered is worth nothing. */
  | { readonly kind: "damaged" }
  /** What was there before is not there, or is another: this register. */
  | { readonly kind: "lost"; readonly name: string; readonly change: Change };

/** What has become of a register that was seen. */
export type Change = "missing" | "another";

/** Looks at what a manifest covers. @throws StorageError */
export async function findFreshness(source: Source, manifest: Manifest): Promise<Freshness> {
  const { sessions, seen } = manifest;
  const found = seen[0] === undefined ? nothing : await compareOutcome(source, seen[0]);
  if (found.kind !== "fresh" || sessions <= (found.newest?.number ?? 0)) return found;
  // The sessions this client has seen must be there, or the next one would leave a hole.
  const name = registerName("sessions", sessions);
  return (await source.storage.get(name)) === undefined ? { kind: "lost", name, change: "missing" } : found;
}

const nothing: Freshness = { kind: "fresh", newest: undefined };

/** Looks whether an outcome that was seen, here or in a copy, is what it was. @throws StorageError */
export async function compareOutcome(source: Source, { number, hash }: SeenOutcome): Promise<Freshness> {
  const { storage, context } = source;
  const name = registerName("outcomes", number);
  let bytes = await storage.get(name);
  const isSame = () => bytes !== undefined && Buffer.compare(context.blake3.hash(bytes), hash) === 0;
  // It may have been the line.
  if (bytes !== undefined && !isSame()) bytes = await storage.get(name);
  if (bytes === undefined) return { kind: "lost", name, change: "missing" };
  const isUnchanged = isSame();
  try {
    const { body } = openObject(context.keys, { type: ObjectType.OUTCOME, name }, bytes);
    if (isUnchanged) return { kind: "fresh", newest: { number, outcome: decodeOutcome(body, name) } };
  } catch (error) {
    if (isUnchanged || !isBcatError(error)) throw error;
    return { kind: "damaged" };
  }
  return { kind: "lost", name, change: "another" };
}
