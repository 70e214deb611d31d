/** Finds the packs that `repair packs` is about: by a check of all packs, or of those that are named. */
import { BcatError, CorruptError } from "@bcat/errors";
import { type BadPack, checkPacks } from "../check/check-packs.js";
import { checkRegisters } from "../check/check-registers.js";
import { type CheckOptions, CheckRun, type Finding } from "../check/check-run.js";
import { findBad } from "../check/passes.js";
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
  options: FindBadPacksOptions,
): Promise<ReadonlyMap<string, BadPack>> {
  const repository = given.withSignal(options.signal);
  let run: CheckRun | undefined;
  const look = async () => {
    run = createRun(options, run);
    return await findOnce(repository, run, options.names);
  };
  return await findBad(repository, look, (bad) => bad.size > 0);
}

function createRun({ names, ...options }: FindBadPacksOptions, before: CheckRun | undefined): CheckRun {
  const told = {
    ...options,
    ...(names !== undefined && { readData: true }),
    onFinding: ({ kind, message, object, remedy }: Finding) => {
      if (kind !== "damage") return;
      const first = remedy === undefined ? "" : `; first: ${remedy}`;
      throw new CorruptError(`Cannot repair: ${message}${first}`, object === undefined ? {} : { object });
    },
  };
  return new CheckRun(told, before);
}

async function findOnce(
  repository: Repository,
  run: CheckRun,
  names: ReadonlySet<string> | undefined,
): Promise<ReadonlyMap<string, BadPack>> {
  const { segments } = await checkRegisters(repository, run);
  const found = await checkPacks(repository, run, { segments, only: names });
  for (const name of names ?? []) {
    if (!found.names.has(name))
      throw new BcatError("not-found", `Cannot repair "${name}": no index segment names such a pack`);
  }
  return found.bad;
}
