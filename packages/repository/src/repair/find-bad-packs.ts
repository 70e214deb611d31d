/** Finds the packs that `repair packs` is about: by a check of all packs, or of those that are named. */
import { BcatError, CorruptError } from "@bcat/errors";
import { type BadPack, checkPacks } from "../check/check-packs.js";
import { checkRegisters } from "../check/check-registers.js";
import { type CheckOptions, CheckRun } from "../check/check-run.js";
import type { Repository } from "../repository.js";

export interface FindBadPacksOptions extends Pick<CheckOptions, "signal" | "onProgress" | "readData"> {
  /** Only these are looked at, and each is read as a whole. */
  readonly names?: ReadonlySet<string> | undefined;
}

/**
 * Packs that are missing or damaged, by name.
 *
 * @throws CorruptError when a register or a segment is damaged: then it is not known which packs there are; BcatError
 *   not-found for names that no segment has, interrupted; StorageError
 */
export async function findBadPacks(
  given: Repository,
  { names, ...options }: FindBadPacksOptions,
): Promise<ReadonlyMap<string, BadPack>> {
  const repository = given.withSignal(options.signal);
  await repository.refresh();
  const run = new CheckRun({
    ...options,
    ...(names !== undefined && { readData: true }),
    onFinding: ({ kind, message, object, remedy }) => {
      if (kind !== "damage") return;
      const first = remedy === undefined ? "" : `; first: ${remedy}`;
      throw new CorruptError(`Cannot repair: ${message}${first}`, object === undefined ? {} : { object });
    },
  });
  const { segments } = await checkRegisters(repository, run);
  const found = await checkPacks(repository, run, { segments, only: names });
  for (const name of names ?? []) {
    if (!found.names.has(name))
      throw new BcatError("not-found", `Cannot repair "${name}": no index segment names such a pack`);
  }
  return found.bad;
}
