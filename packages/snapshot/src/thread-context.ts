/** What a thread needs to seal or open frames, loaded in it. */
import { loadBlake3, loadGcm, type Random, RepositoryKeys, type SharedKeys } from "@bcat/crypto";
import { loadZstd, type PackContext } from "@bcat/pack";

export interface ThreadContextData {
  readonly keys: SharedKeys;
  readonly accelerators: "off" | "auto" | "required";
}

/** @param random a thread draws nothing by itself: bytes that it was given, or a refusal */
export async function loadThreadContext(
  { keys, accelerators }: ThreadContextData,
  random: Random,
): Promise<PackContext> {
  return {
    keys: new RepositoryKeys(keys.rootKey, keys.repositoryId),
    blake3: loadBlake3(accelerators),
    gcm: loadGcm(accelerators),
    zstd: await loadZstd(accelerators),
    random,
  };
}
