/** A snapshot that a list has named. */
import { BcatError } from "@bcat/errors";
import type { Repository, Snapshot } from "@bcat/repository";
import { readSnapshot } from "../snapshots.js";

/** @throws BcatError not-found for one that was forgotten meanwhile; CorruptError */
export async function registeredSnapshot(repository: Repository, number: number): Promise<Snapshot> {
  const info = await readSnapshot(repository, number);
  if (info === undefined) throw new BcatError("not-found", `Cannot find snapshot ${number}: it is not there any more`);
  return info.snapshot;
}
