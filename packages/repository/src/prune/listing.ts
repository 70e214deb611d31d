/** What a listing says of packs, segments and partials. It may be stale or incomplete: a hint of what could go, no more. */
import { type ObjectReference, parseObjectName } from "@bcat/pack";
import type { History } from "../history.js";
import type { RepositoryParts } from "../repository.js";

/** Objects by name, and their sizes. */
export type Listed = ReadonlyMap<string, number>;

/** Undefined where the storage cannot list. */
export async function listPacks({ storage }: RepositoryParts): Promise<Listed | undefined> {
  if (storage.list === undefined) return undefined;
  const packs = new Map<string, number>();
  for await (const { name, size } of storage.list("packs/")) {
    if (parseObjectName(name) !== undefined) packs.set(name, size);
  }
  return packs;
}

/** Packs that no segment names and no record condemns, of sessions that have ended (rule 4a-decided: others would be rescued). */
export function* findOrphans(
  listed: Listed,
  { history, isKnown }: { readonly history: History; readonly isKnown: (pack: string) => boolean },
): Generator<{ readonly name: string; readonly reference: ObjectReference; readonly size: number }> {
  for (const [name, size] of listed) {
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

function hasEnded(history: History, session: number): boolean {
  return session <= history.sessionHead && !history.isOpen(session);
}
