/**
 * Init, unlock and open. Unlocking turns a secret into the root key and costs a deliberate 0.1 s and more; opening takes
 * the root key and costs a few small reads. They are apart so that nothing pays the first twice.
 */

import { type ChunkerSettings, DEFAULT_CHUNKER, validateSettings } from "@bcat/chunker";
import {
  createKeySlot,
  ObjectType,
  openKeySlot,
  openObject,
  readRepositoryId,
  type ScryptCost,
  type Secret,
  sealObject,
} from "@bcat/crypto";
import { BcatError, CorruptError, isBcatError } from "@bcat/errors";
import type { Storage } from "@bcat/storage";
import { assemble, createContext, recall } from "./assemble.js";
import { type ConfigBody, decodeConfig, encodeConfig } from "./bodies/config.js";
import type { Environment } from "./environment.js";
import { checkIdentity, rememberIdentity } from "./identity.js";
import { decideRegister, registerName } from "./registers.js";
import type { Repository } from "./repository.js";

export const CONFIG = "config";
/** No session is begun before the config exists. */
const FIRST_SESSION = registerName("sessions", 1);
/** Key slots a repository may have; a reader tries them in order. */
export const KEY_SLOTS_MAX = 20;

export interface InitOptions {
  readonly secret: Secret;
  readonly chunker?: ChunkerSettings;
  /** Of the key slot; for tests that make many repositories. */
  readonly scryptCost?: ScryptCost;
}

export interface OpenOptions {
  /** The config, if it has been read already. */
  readonly config?: Uint8Array | undefined;
  /** Lets a repository be written to that is older than it was, or than a copy of it: its history forks there. */
  readonly acceptRollback?: boolean | undefined;
}

/** True when the storage holds a repository, whoever can open it; also one that has lost its config. */
export async function repositoryExists(storage: Storage): Promise<boolean> {
  return ((await storage.get(CONFIG)) ?? (await storage.get(FIRST_SESSION))) !== undefined;
}

/**
 * The config of the repository in the storage, for `unlockRepository` and `openRepository`, which read it again without;
 * undefined when there is no repository.
 *
 * @throws CorruptError when there is one that has lost its config
 */
export async function findConfig(storage: Storage, environment: Environment): Promise<Uint8Array | undefined> {
  const bytes = await storage.get(CONFIG);
  if (bytes !== undefined || (await storage.get(FIRST_SESSION)) === undefined) return bytes;
  const found = `"${CONFIG}" is missing although "${FIRST_SESSION}" exists`;
  throw new CorruptError(`Cannot open the repository at ${environment.location}: ${found}`, { object: CONFIG });
}

/**
 * Makes a repository: a key slot, then the config, whose existence is that of the repository. A key slot left by an init
 * that did not get so far is taken over by nobody: the next init numbers its slot after it.
 *
 * @throws BcatError exists
 */
export async function initRepository(
  storage: Storage,
  options: InitOptions,
  environment: Environment,
): Promise<Repository> {
  const chunker = options.chunker ?? DEFAULT_CHUNKER;
  validateSettings(chunker);
  if (await repositoryExists(storage)) throw alreadyThere(environment);
  const rootKey = environment.random(32);
  const repositoryId = environment.random(16);
  const context = createContext(rootKey, repositoryId, environment);
  const cost = options.scryptCost === undefined ? {} : { cost: options.scryptCost };
  const slot = await createKeySlot({
    rootKey,
    repositoryId,
    secret: options.secret,
    random: environment.random,
    ...cost,
  });
  const slotName = await putFirstFree(storage, slot);
  const config: ConfigBody = { chunker, created: environment.now(), version: environment.programVersion };
  const object = { type: ObjectType.CONFIG, name: CONFIG, epoch: 0, domain: 0 } as const;
  if (!(await decideRegister(storage, CONFIG, sealObject(context, object, encodeConfig(config))))) {
    await storage.delete?.(slotName);
    throw alreadyThere(environment);
  }
  rememberIdentity(environment, repositoryId);
  return await openRepository(storage, rootKey, environment);
}

/**
 * The root key behind `secret`.
 *
 * @throws BcatError no-repository, wrong-passphrase, newer-format; CorruptError when only damaged slots are left
 */
export async function unlockRepository(
  storage: Storage,
  secret: Secret,
  environment: Environment,
  config?: Uint8Array,
): Promise<{ rootKey: Uint8Array; repositoryId: Uint8Array }> {
  const repositoryId = readRepositoryId(config ?? (await requireConfig(storage, environment)));
  checkIdentity(environment, repositoryId);
  let damaged: CorruptError | undefined;
  let newer: BcatError | undefined;
  let foreign: string | undefined;
  let refused = 0;
  let otherKind = 0;
  for (let number = 1; number <= KEY_SLOTS_MAX; number++) {
    const name = `keys/${number}`;
    const slot = await storage.get(name);
    if (slot === undefined) continue;
    try {
      const opened = await openKeySlot(slot, name, repositoryId, secret);
      if (opened === "foreign") foreign ??= name;
      else if (opened === "refused") refused++;
      else if (opened === "other-kind") otherKind++;
      else return { rootKey: opened, repositoryId };
    } catch (error) {
      if (error instanceof CorruptError) damaged ??= error;
      else if (isBcatError(error, "newer-format")) newer ??= error;
      else throw error;
    }
  }
  if (newer !== undefined) throw newer;
  if (damaged !== undefined) throw damaged;
  if (refused + otherKind === 0) {
    const found =
      foreign === undefined ? "it has no key slots" : `"${foreign}" and "${CONFIG}" are not of one repository`;
    throw new CorruptError(`Cannot open the repository at ${environment.location}: ${found}`, {
      object: foreign ?? "keys/1",
    });
  }
  const found = describeRefusal(secret, refused);
  throw new BcatError("wrong-passphrase", `Cannot open the repository at ${environment.location}: ${found}`);
}

/** @param refused slots that take such a secret, and another one */
function describeRefusal(secret: Secret, refused: number): string {
  const isPassphrase = "passphrase" in secret;
  if (refused > 0) {
    const slots = refused === 1 ? "1 key slot" : `${refused} key slots`;
    return `wrong ${isPassphrase ? "passphrase" : "key file"} (tried ${slots})`;
  }
  return isPassphrase ? "it opens with a key file: give --key-file" : "it opens with a passphrase, not a key file";
}

/**
 * Opens a repository with its root key. The answer is as up to date as the local index; sessions and `refresh` go on
 * from there. One that is older than this client has seen it opens for reading: its `standing` says so.
 *
 * @throws BcatError no-repository, identity-changed, newer-format; CorruptError
 */
export async function openRepository(
  storage: Storage,
  rootKey: Uint8Array,
  environment: Environment,
  options: OpenOptions = {},
): Promise<Repository> {
  const bytes = options.config ?? (await requireConfig(storage, environment));
  const repositoryId = readRepositoryId(bytes);
  checkIdentity(environment, repositoryId);
  const context = createContext(rootKey, repositoryId, environment);
  const config = decodeConfig(openObject(context.keys, { type: ObjectType.CONFIG, name: CONFIG }, bytes).body);
  rememberIdentity(environment, repositoryId);
  const given = { storage, environment, context, config };
  return assemble(given, await recall(given, options));
}

async function requireConfig(storage: Storage, environment: Environment): Promise<Uint8Array> {
  const bytes = await findConfig(storage, environment);
  if (bytes !== undefined) return bytes;
  throw new BcatError("no-repository", `Cannot find a repository at ${environment.location}: make one with bcat init`);
}

/** The name it has then. */
async function putFirstFree(storage: Storage, slot: Uint8Array): Promise<string> {
  for (let number = 1; number <= KEY_SLOTS_MAX; number++) {
    const name = `keys/${number}`;
    if (await decideRegister(storage, name, slot)) return name;
  }
  throw new BcatError(
    "refused",
    `Cannot init: all ${KEY_SLOTS_MAX} key slots are taken by earlier tries; use an empty place`,
  );
}

function alreadyThere(environment: Environment): BcatError {
  return new BcatError("exists", `Cannot init ${environment.location}: there is a repository already`);
}
