/** What forgetting snapshots would free. */
import { CorruptError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { keptSnapshots } from "../snapshots.js";
import { NeededSpace, type SpaceOptions } from "./needed-space.js";

export interface FreedSpace {
  /** Bytes of what only these snapshots need. */
  readonly bytes: number;
  /** Snapshots whose trees could not be read: what they need is not known, and not counted. */
  readonly unread: readonly number[];
  /** Sessions that have no outcome yet: what is freed is freed when they have one. */
  readonly openSessions: readonly number[];
}

/** @throws BcatError interrupted; StorageError */
export async function forecastFreed(
  given: Repository,
  numbers: readonly number[],
  options: SpaceOptions = {},
): Promise<FreedSpace> {
  const repository = given.withSignal(options.signal);
  const space = await NeededSpace.of(repository, options);
  const unread: number[] = [];
  const add = async (number: number): Promise<number> => {
    try {
      return await space.add(number);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      unread.push(number);
      return 0;
    }
  };
  const going = new Set(numbers);
  for (const { number } of keptSnapshots(repository)) if (!going.has(number)) await add(number);
  let bytes = 0;
  for (const number of numbers) bytes += await add(number);
  return { bytes, unread, openSessions: repository.history.openSessions };
}
