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
import type { PackContext } from "@bcat/pack";
import { createOneWriterStorage, type Storage } from "@bcat/storage";
import { assemble, createContext, type Opened, type Recalled, recall } from "./assemble.js";
import { type ConfigBody, decodeConfig, encodeConfig } from "./bodies/config.js";
import { createRegisters, reachRegisters } from "./elsewhere/reach.js";
import { checkSource, type RegistersSource, registersNeeded } from "./elsewhere/source.js";
import type { Environment } from "./environment.js";
import { CONFIG, repositoryExists, requireConfig } from "./find-config.js";
import { checkIdentity, rememberIdentity } from "./identity.js";
import { isOutdated, readOpening } from "./kept-opening.js";
import { createKeepingStorage, Outbox } from "./outbox.js";
import { decideAndReadBack, decideRegister } from "./registers.js";
import type { Repository } from "./repository.js";

/** Key slots a repository may have; a reader tries them in order. */
export const KEY_SLOTS_MAX = 20;

export interface InitOptions {
  readonly secret: Secret;
  readonly chunker?: ChunkerSettings;
  /** Of the key slot; for tests that make many repositories. */
  readonly scryptCost?: ScryptCost;
  /** For a place that cannot keep writers apart that come at the same time. */
  readonly isForOneWriter?: boolean;
  /** Percent of each pack that writers are to add in parity, 1 to 100; none if not given. */
  readonly parity?: number | undefined;
  /** Where the registers are to live, for good, if not with the repository. */
  readonly registers?: RegistersSource | undefined;
}

export interface OpenOptions {
  /** The config, if it was read already. */
  readonly config?: Uint8Array | undefined;
  /**
   * Where the registers of the repository are, if they live elsewhere: needed to write to it. Without, it is read as
   * their copies show it.
   */
  readonly registers?: RegistersSource | undefined;
  /** Lets a repository be written to that is older than it was, or than a copy of it: its history forks there; or another one than before. */
  readonly acceptRollback?: boolean | undefined;
}

/**
 * Makes a repository: a key slot, then the config, whose existence is that of the repository. A key slot left by an init
 * that did not get so far is taken over by nobody: the next init numbers its slot after it.
 *
 * Where the registers live elsewhere, or only one writes at a time, the place need not know put-if-absent: it is looked
 * at first, and both are read back, so that what two inits at the same moment have done to each other is seen as far as
 * it has happened by then.
 *
 * @throws BcatError exists, refused
 */
export async function initRepository(
  place: Storage,
  options: InitOptions,
  environment: Environment,
): Promise<Repository> {
  const chunker = options.chunker ?? DEFAULT_CHUNKER;
  validateSettings(chunker);
  const writers = options.isForOneWriter === true ? { isForOneWriter: true } : {};
  const needNotDecide = options.isForOneWriter === true || options.registers !== undefined;
  const storage = needNotDecide ? createOneWriterStorage(place) : place;
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
  const registers = options.registers && (await createRegisters(options.registers, environment));
  const slotName = await putFirstFree(storage, slot);
  const config: ConfigBody = {
    chunker,
    created: environment.now(),
    version: environment.programVersion,
    ...(registers && { registers }),
    ...writers,
    ...(options.parity !== undefined && { parity: options.parity }),
  };
  const object = { type: ObjectType.CONFIG, name: CONFIG, epoch: 0, domain: 0 } as const;
  const decide = needNotDecide ? decideAndReadBack : decideRegister;
  if (!(await decide(storage, CONFIG, sealObject(context, object, encodeConfig(config))))) {
    // Elsewhere the name may be that of the other's slot by now.
    if (!needNotDecide) await storage.delete?.(slotName);
    throw alreadyThere(environment);
  }
  if (needNotDecide) await requireSlot(storage, slotName, slot);
  rememberIdentity(environment, repositoryId);
  return await openRepository(place, rootKey, environment, { registers: options.registers });
}

/** What a secret has opened. */
export interface Unlocked {
  readonly rootKey: Uint8Array;
  readonly repositoryId: Uint8Array;
  /** The key slot that opened, and its name. */
  readonly slot: Uint8Array;
  readonly slotName: string;
}

export interface UnlockOptions {
  /** The config, if it was read already. */
  readonly config?: Uint8Array | undefined;
  /** Number of the key slot to try first. */
  readonly keyHint?: number | undefined;
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
  { config, keyHint }: UnlockOptions = {},
): Promise<Unlocked> {
  const repositoryId = readRepositoryId(config ?? (await requireConfig(storage, environment)));
  checkIdentity(environment, repositoryId);
  let damaged: CorruptError | undefined;
  let newer: BcatError | undefined;
  let foreign: string | undefined;
  let refused = 0;
  let otherKind = 0;
  for (const number of numbersFrom(keyHint)) {
    const name = `keys/${number}`;
    const slot = await storage.get(name);
    if (slot === undefined) continue;
    try {
      const opened = await openInAnySpelling(slot, name, repositoryId, secret);
      if (opened === "foreign") foreign ??= name;
      else if (opened === "refused") refused++;
      else if (opened === "other-kind") otherKind++;
      else return { rootKey: opened, repositoryId, slot, slotName: name };
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
    throw new CorruptError(`Cannot open the repository in "${environment.location}": ${found}`, {
      object: foreign ?? "keys/1",
    });
  }
  const action = `Cannot open the repository in "${environment.location}"`;
  if (refused > 0) throw new WrongSecretError(`${action}: wrong ${"passphrase" in secret ? "passphrase" : "key file"}`);
  const found =
    "passphrase" in secret ? "it opens with a key file: give --key-file" : "it opens with a passphrase, not a key file";
  throw new BcatError("wrong-passphrase", `${action}: ${found}`);
}

/** As typed, and then as other systems write its letters: an é is one character on some keyboards, and two on others. */
async function openInAnySpelling(...[slot, name, repositoryId, secret]: Parameters<typeof openKeySlot>) {
  const opened = await openKeySlot(slot, name, repositoryId, secret);
  if (opened !== "refused" || !("passphrase" in secret)) return opened;
  const { passphrase } = secret;
  const others = new Set([passphrase.normalize("NFC"), passphrase.normalize("NFD")]);
  others.delete(passphrase);
  for (const other of others) {
    const found = await openKeySlot(slot, name, repositoryId, { passphrase: other });
    if (found !== "refused") return found;
  }
  return opened;
}

/** The secret is of the kind that opens the repository, and another one. Nothing follows the message's last word. */
export class WrongSecretError extends BcatError {
  constructor(message: string, options?: ErrorOptions) {
    super("wrong-passphrase", message, options);
    this.name = "WrongSecretError";
  }
}

/** All numbers that a slot may have, that one first. */
function numbersFrom(hint: number | undefined): Iterable<number> {
  const all = Array.from({ length: KEY_SLOTS_MAX }, (_, i) => i + 1);
  return hint === undefined ? all : new Set([hint, ...all]);
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
  const { acceptRollback = false, registers } = options;
  if (!acceptRollback) checkIdentity(environment, repositoryId);
  const context = createContext(rootKey, repositoryId, environment);
  const config = decryptConfig(context, bytes);
  if (acceptRollback && config.registers !== undefined && registers === undefined)
    throw registersNeeded(config.registers, environment.location);
  const repository = (await openWithRegisters({ storage, environment, context, config }, options))!;
  // What cannot be opened is not accepted.
  rememberIdentity(environment, repositoryId);
  return repository;
}

/** What a config says that was found before, of a repository that is not opened. @throws BcatError newer-format; CorruptError */
export function readConfig(bytes: Uint8Array, rootKey: Uint8Array, environment: Environment): ConfigBody {
  return decryptConfig(createContext(rootKey, readRepositoryId(bytes), environment), bytes);
}

function decryptConfig({ keys }: PackContext, bytes: Uint8Array): ConfigBody {
  return decodeConfig(openObject(keys, { type: ObjectType.CONFIG, name: CONFIG }, bytes).body);
}

/** @returns undefined when what was recalled is not as `isWanted` */
async function openWithRegisters(
  { storage, environment, context, config }: Opened,
  { registers: source, acceptRollback }: OpenOptions,
  isWanted: (recalled: Recalled) => boolean = () => true,
): Promise<Repository | undefined> {
  checkSource(config.registers, source, environment.location);
  const outbox = config.isForOneWriter ? Outbox.of(environment, context.keys.repositoryId) : undefined;
  const looking = storageFor(config, storage);
  const objects = outbox === undefined ? looking : createKeepingStorage(looking, outbox);
  const place = { objects, environment, context };
  const reached = await reachRegisters(config.registers, source, place);
  try {
    const { copies, ...ways } = reached;
    const opened = { environment, context, config, ...ways, ...(outbox && { outbox }) };
    const recalled = await recall(opened, { acceptRollback, copies });
    if (isWanted(recalled)) return assemble(opened, recalled);
  } catch (error) {
    await reached.registers?.[Symbol.asyncDispose]();
    throw error;
  }
  await reached.registers?.[Symbol.asyncDispose]();
  return undefined;
}

/**
 * Opens the repository with what an earlier process has kept of it, if that has been kept and is still right: it holds
 * the newest outcome that this client knows, and no record of the log is new since. Two requests less than the ordinary
 * way, which finds out what else is there.
 *
 * @throws StorageError; whatever `secret` throws
 */
export async function reopenRepository(
  storage: Storage,
  secret: () => Promise<Secret>,
  environment: Environment,
  registers?: RegistersSource,
): Promise<Repository | undefined> {
  const kept = readOpening(environment);
  if (kept === undefined) return undefined;
  const given = await secret();
  try {
    const repositoryId = readRepositoryId(kept.config);
    checkIdentity(environment, repositoryId);
    const rootKey = await openKeySlot(kept.slot, kept.slotName, repositoryId, given);
    if (typeof rootKey === "string") return undefined;
    const context = createContext(rootKey, repositoryId, environment);
    const config = decryptConfig(context, kept.config);
    // Whether it is older than it was is for the ordinary way to say.
    const isWanted = ({ newest, history, standing }: Recalled) =>
      newest !== undefined && history.logHead === kept.logHead && standing.kind === "current";
    return await openWithRegisters({ storage, environment, context, config }, { registers }, isWanted);
  } catch (error) {
    if (isOutdated(error)) return undefined;
    throw error;
  }
}

/** The storage as those use it who keep the repository's rule for writers. */
function storageFor({ isForOneWriter }: Pick<ConfigBody, "isForOneWriter">, storage: Storage): Storage {
  return isForOneWriter === true ? createOneWriterStorage(storage) : storage;
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

/** @throws BcatError refused for a slot that is not what it was: without it nobody else could open the repository */
async function requireSlot(storage: Storage, name: string, slot: Uint8Array): Promise<void> {
  const found = await storage.get(name);
  if (found !== undefined && Buffer.compare(found, slot) === 0) return;
  const change = found === undefined ? "is missing" : "has been overwritten";
  throw new BcatError(
    "refused",
    `Cannot init ${storage.location}: "${name}" ${change}, as by another init at the same time: if bcat snapshots cannot open what is there, remove it and run one init alone`,
  );
}

function alreadyThere(environment: Environment): BcatError {
  return new BcatError("exists", `Cannot init ${environment.location}: there is a repository already`);
}
