/** Condemns packs that are missing or damaged: from then on backups look up what they take over, and heal it. */
import { parseObjectName } from "@bcat/pack";
import { appendToLog } from "../log-writer.js";
import type { Repository } from "../repository.js";
import type { Session } from "../session.js";
import type { BadObject } from "./bad-object.js";

/** Packs that one record condemns: 24 bytes each, of 16 MiB. */
const RECORD_PACKS_MAX = 500_000;

/** @param session the caller's own, where one is open @throws as appendToLog */
export async function condemnDamaged(
  repository: Repository,
  packs: readonly BadObject[],
  session: Session | undefined,
): Promise<void> {
  const references = packs.map(({ name }) => parseObjectName(name)!);
  for (let first = 0; first < references.length; first += RECORD_PACKS_MAX) {
    const some = references.slice(first, first + RECORD_PACKS_MAX);
    await appendToLog(repository, { kind: "condemn", packs: some, areDamaged: true }, session);
  }
}
