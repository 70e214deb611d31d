/** Condemns packs that are missing or damaged: from then on backups look up what they take over, and heal it. */
import { parseObjectName } from "@bcat/pack";
import { condemnPacks } from "../log-writer.js";
import type { Repository } from "../repository.js";
import type { Session } from "../session.js";
import type { BadObject } from "./bad-object.js";

/** @param session the caller's own, where one is open @throws as condemnPacks */
export async function condemnDamaged(
  repository: Repository,
  packs: readonly BadObject[],
  session: Session | undefined,
): Promise<void> {
  const references = packs.map(({ name }) => parseObjectName(name)!);
  await condemnPacks(repository, references, session, { areDamaged: true });
}
