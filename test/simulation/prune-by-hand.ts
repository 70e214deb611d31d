/** A prune as the protocol wants it, without rescue: what became live again is not freed. It stands in for the real one. */

import { appendToLog, decideOutcomeOf, type NameReference, type Repository, Session } from "@bcat/repository";
import { withRepository } from "./actors.js";
import type { ChunkKey } from "./oracle/objects.js";
import type { SimulatedProcess } from "./process.js";
import type { Body, World } from "./world.js";

export function pruneByHand(world: World): Body {
  return async (process) => {
    await withRepository(world, process, async (repository) => {
      const session = await Session.begin(repository, { kind: "prune" });
      try {
        await prune(world, process, repository, session);
      } finally {
        session.abandon();
      }
    });
  };
}

async function prune(world: World, process: SimulatedProcess, repository: Repository, session: Session): Promise<void> {
  const before = survey(world, repository);
  const victims = [...before.packs].filter(
    ([name, keys]) => !before.condemned.has(name) && ![...keys].some((key) => before.live.has(key)),
  );
  if (victims.length > 0 && world.dice.chance(0.8))
    await appendToLog(repository, { kind: "condemn", packs: victims.map(([name]) => referenceOf(name)) }, session);
  if (world.dice.chance(0.3)) return await end(session, "condemned");
  await repository.refresh();
  const finished = new Set(world.oracle.condemned());
  const { history } = repository;
  for (const number of history.openSessions) {
    if (number === session.number) continue;
    if (repository.config.isForOneWriter || world.dice.chance(0.5)) return await end(session, "waits");
    await decideOutcomeOf(session, number, { kind: "void", reason: "pruned" });
  }
  await repository.refresh();
  const after = survey(world, repository);
  const seen = [...finished].filter((name) => after.condemned.has(`packs/${name.slice(11, 13)}/${name}`));
  const freed = seen
    .map((name) => `packs/${name.slice(11, 13)}/${name}`)
    .filter((name) => {
      const keys = after.packs.get(name);
      return keys !== undefined && ![...keys].some((key) => after.live.has(key) && !after.elsewhere(key));
    });
  const removed = [...after.segments].filter(([, packs]) => packs.every((pack) => freed.includes(pack)));
  await session.decide({ kind: "compaction", added: [], removed: removed.map(([name]) => referenceOf(name)) });
  world.count("freed packs");
  const storage = world.connect(process);
  for (const [name] of removed) await storage.delete!(name);
  for (const name of freed) await storage.delete!(name);
}

async function end(session: Session, reason: string): Promise<void> {
  await session.decide({ kind: "void", reason });
}

/** What is known as far as the repository has been read. */
interface Survey {
  readonly live: ReadonlySet<ChunkKey>;
  /** Object names. */
  readonly condemned: ReadonlySet<string>;
  readonly packs: ReadonlyMap<string, ReadonlySet<ChunkKey>>;
  readonly segments: ReadonlyMap<string, readonly string[]>;
  /** It lies in a pack, too, that is not condemned. */
  elsewhere(key: ChunkKey): boolean;
}

function survey({ oracle }: World, repository: Repository): Survey {
  const { history } = repository;
  const live = new Set<ChunkKey>();
  for (const number of history.summaries.keys())
    if (!history.isForgotten(number)) for (const key of oracle.needs(number)) live.add(key);
  const condemned = new Set(history.log.condemnedBehind(0));
  const packs = new Map<string, Set<ChunkKey>>();
  const segments = new Map<string, readonly string[]>();
  const good = new Set<ChunkKey>();
  for (const [name, segment] of oracle.segments()) {
    const number = Number(name.slice("index/".length, "index/".length + 10));
    if (number > history.sessionHead || history.isOpen(number)) continue;
    segments.set(name, segment.packs);
    for (const { pack, key } of segment.locations) {
      const keys = packs.get(pack) ?? new Set();
      packs.set(pack, keys.add(key));
      if (!condemned.has(pack)) good.add(key);
    }
  }
  return { live, condemned, packs, segments, elsewhere: (key) => good.has(key) };
}

/** Of a pack or a segment, by its object name. */
function referenceOf(name: string): NameReference {
  const [session, unique] = name.slice(name.lastIndexOf("/") + 1).split("-");
  return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
}
