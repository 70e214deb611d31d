/** What a listing says of packs, segments and partials. It may be stale or incomplete: a hint of what could go, no more. */

import { ArchivedError } from "@bcat/errors";
import { DATA, type ObjectReference, parityName, parseObjectName, TREE } from "@bcat/pack";
import type { Objects } from "@bcat/storage";
import type { History } from "../history.js";
import { listParity } from "../parity/parity-objects.js";
import type { RepositoryParts } from "../repository.js";

/** Packs by object name. */
export interface Listed {
  /** Bytes. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Until when those are charged for that could go without saving anything, milliseconds since 1970. */
  readonly charged: ReadonlyMap<string, number>;
}

/** Undefined where the storage cannot list. */
export async function listPacks({ storage, environment }: RepositoryParts): Promise<Listed | undefined> {
  if (storage.list === undefined) return undefined;
  const now = environment.now();
  const sizes = new Map<string, number>();
  const charged = new Map<string, number>();
  for await (const { name, size, chargedUntil } of storage.list("packs/")) {
    if (parseObjectName(name) === undefined) continue;
    sizes.set(name, size);
    if (chargedUntil !== undefined && chargedUntil > now) charged.set(name, chargedUntil);
  }
  return { sizes, charged };
}

/** Packs that no segment names and no record condemns, of sessions that have ended (rule 4a-decided: others would be rescued). */
export function* findOrphans(
  { sizes }: Listed,
  { history, isKnown }: { readonly history: History; readonly isKnown: (pack: string) => boolean },
): Generator<{ readonly name: string; readonly reference: ObjectReference; readonly size: number }> {
  for (const [name, size] of sizes) {
    const reference = parseObjectName(name)!;
    if (isKnown(name) || !hasEnded(history, reference.session)) continue;
    yield { name, reference, size };
  }
}

/** Segments and checkpoints of sessions that have ended, which nothing refers to (rule 4b: checkpoints stay until then). */
export async function* findLeftovers({ storage, history }: RepositoryParts, own: number): AsyncGenerator<string> {
  if (storage.list === undefined) return;
  for await (const { name } of storage.list("index/")) {
    const reference = parseObjectName(name);
    if (reference === undefined || reference.session === own || history.segments.has(name)) continue;
    if (hasEnded(history, reference.session)) yield name;
  }
  for await (const { name } of storage.list("partial/")) {
    const [, number] = /^partial\/(\d{10})-\d{10}$/.exec(name) ?? [];
    if (number !== undefined && hasEnded(history, Number(number))) yield name;
  }
}

/** Names and bytes of the parity that these packs have; where the storage cannot list, that they may have, and 0. */
export async function findParityOf(parts: RepositoryParts, packs: readonly string[]): Promise<Map<string, number>> {
  if (parts.storage.list === undefined) return new Map(packs.map((pack) => [parityName(pack), 0]));
  const sizes = packs.length === 0 ? new Map<string, number>() : await listParity(parts);
  return new Map(packs.filter((pack) => sizes.has(pack)).map((pack) => [parityName(pack), sizes.get(pack)!]));
}

/**
 * Parity of packs that are gone and that no segment names, of sessions that have ended: left by somebody who added it
 * while a prune deleted the pack. That of a pack which is lost, and named, stays: it may be all that there is of it.
 */
export async function* findLostParity(parts: RepositoryParts): AsyncGenerator<string> {
  const { storage, history, index } = parts;
  const packs = new Set((await listParity(parts)).keys());
  for (const kind of [DATA, TREE] as const) {
    for (const segment of packs.size === 0 ? [] : index.chunks.segments(kind))
      for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) packs.delete(segment.packName(ordinal));
  }
  for (const pack of packs) {
    if (hasEnded(history, parseObjectName(pack)!.session) && (await isGone(storage, pack))) yield parityName(pack);
  }
}

async function isGone(storage: Pick<Objects, "get">, name: string): Promise<boolean> {
  try {
    return (await storage.get(name, { range: { offset: 0, length: 1 } })) === undefined;
  } catch (error) {
    if (error instanceof ArchivedError) return false;
    throw error;
  }
}

function hasEnded(history: History, session: number): boolean {
  return session <= history.sessionHead && !history.isOpen(session);
}
