/** Whether a storage holds a repository, and the config that every repository has. */
import { BcatError, CorruptError } from "@bcat/errors";
import type { Storage } from "@bcat/storage";
import { FIRST_ANNOUNCEMENT } from "./elsewhere/copies.js";
import type { Environment } from "./environment.js";
import { registerName } from "./registers.js";

export const CONFIG = "config";
/** No session is begun before the config exists. */
const FIRST_SESSION = registerName("sessions", 1);

/** True when the storage holds a repository, whoever can open it; also one that has lost its config. */
export async function repositoryExists(storage: Storage): Promise<boolean> {
  return ((await storage.get(CONFIG)) ?? (await findTrace(storage))) !== undefined;
}

/**
 * The config of the repository in the storage, for `unlockRepository` and `openRepository`, which read it again without;
 * undefined when there is no repository.
 *
 * @throws CorruptError when there is one that has lost its config
 */
export async function findConfig(storage: Storage, environment: Environment): Promise<Uint8Array | undefined> {
  const bytes = await storage.get(CONFIG);
  if (bytes !== undefined) return bytes;
  const trace = await findTrace(storage);
  if (trace === undefined) return undefined;
  const found = `"${CONFIG}" is missing although "${trace}" exists`;
  throw new CorruptError(`Cannot open the repository in "${environment.location}": ${found}`, { object: CONFIG });
}

/** @throws BcatError no-repository; CorruptError */
export async function requireConfig(storage: Storage, environment: Environment): Promise<Uint8Array> {
  const bytes = await findConfig(storage, environment);
  if (bytes !== undefined) return bytes;
  throw new BcatError(
    "no-repository",
    `Cannot find a repository in "${environment.location}": make one with bcat init`,
  );
}

/** What is there only after the config was. */
async function findTrace(storage: Storage): Promise<string | undefined> {
  for (const name of [FIRST_SESSION, FIRST_ANNOUNCEMENT]) if ((await storage.get(name)) !== undefined) return name;
  return undefined;
}
