/** What lies in a repository, by name, as its registers and its index say: for whoever looks for a fault. */
import { DATA, type Segment, TREE } from "@bcat/pack";
import { readKeySlots } from "../keys/key-slots.js";
import type { Repository } from "../repository.js";

export type ObjectNames = "snapshots" | "packs" | "index" | "keys" | "log" | "sessions" | "blobs";

const kinds = [
  { kind: DATA, name: "data" },
  { kind: TREE, name: "tree" },
] as const;
/** Of an entry of a segment (docs/format.md section 11): its first bytes are those of the id. */
const ENTRY_SIZE = 28;
const ID_SIZE = 16;

/**
 * Numbers of snapshots (also partial ones, but none that is forgotten), keys, log records and sessions; names of packs and
 * of segments; of chunks the kind and the first 16 bytes of the id. Memory: the names of packs.
 *
 * @throws CorruptError, StorageError
 */
export async function* listObjectNames(repository: Repository, what: ObjectNames): AsyncGenerator<string> {
  await repository.refresh();
  const { history } = repository;
  if (what === "sessions") yield* numbersTo(history.sessionHead);
  else if (what === "log") yield* numbersTo(history.logHead);
  else if (what === "index") yield* [...history.segments.keys()].sort();
  else if (what === "keys") for (const { number } of await readKeySlots(repository)) yield String(number);
  else if (what === "snapshots") {
    for (const number of [...history.summaries.keys()].sort((a, b) => a - b))
      if (!history.isForgotten(number)) yield String(number);
  } else if (what === "packs") yield* await packNames(repository);
  else yield* chunkNames(repository);
}

function* numbersTo(head: number): Generator<string> {
  for (let number = 1; number <= head; number++) yield String(number);
}

async function packNames(repository: Repository): Promise<string[]> {
  const index = await repository.index();
  const names = kinds.flatMap(({ kind }) => index.segments(kind).flatMap(packNamesOf));
  return [...new Set(names)].sort();
}

function packNamesOf(segment: Segment): string[] {
  return Array.from({ length: segment.counts.packCount }, (_, ordinal) => segment.packName(ordinal));
}

/** A chunk that lies in several packs is named as often. */
async function* chunkNames(repository: Repository): AsyncGenerator<string> {
  const index = await repository.index();
  for (const { kind, name } of kinds) {
    for (const segment of index.segments(kind)) for (const id of idsOf(segment)) yield `${name} ${id}`;
  }
}

function* idsOf(segment: Segment): Generator<string> {
  for (let page = 0, left = segment.counts.entryCount; left > 0; page++) {
    const entries = Buffer.from(segment.readEntryPage(page));
    for (let at = 0; at < entries.length; at += ENTRY_SIZE) yield entries.toString("hex", at, at + ID_SIZE);
    left -= entries.length / ENTRY_SIZE;
  }
}
