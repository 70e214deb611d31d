/** From what a user names to an open repository: where it is, its secret, and what the core needs of the world. */
import type { ChunkerSettings } from "@bcat/chunker";
import type { Secret } from "@bcat/crypto";
import { BcatError, type OnNotice } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { Environment, KeySlot, RegistersSource, RepairSummary, Repository } from "@bcat/repository";
import type { Storage } from "@bcat/storage";
import { Meter } from "@bcat/storage/meter";
import type { S3Storage } from "@bcat/storage/s3";
import { acceleratorsOf, loadAccelerated } from "./accelerated.js";
import { type CacheChoice, createCache, locateCache } from "./cache-directory.js";
import { createEnvironment, random } from "./environment.js";
import { locateRepository } from "./location.js";
import { openPlace, type Place, packSizesOf } from "./place.js";
import type { PlaceOptions } from "./place-options.js";
import { refuseUnfit } from "./probe-place.js";
import { refuseUnfitRegisters } from "./probe-registers.js";
import { type LocatedRegisters, locateRegisters } from "./registers.js";
import { getSecret, originOf, type SecretSource } from "./secret.js";
import { callRemote, retryForMsDefault, stackLocal, stackRemote } from "./storage-stack.js";
import type { Variables } from "./variables.js";

export interface SiteOptions {
  /** As the user names it: a path or a URL. Without one it is the default of the user. */
  readonly repository?: string | undefined;
  /** Where its registers are, if elsewhere, as the user names it. */
  readonly registers?: string | undefined;
  readonly secret: SecretSource;
  /** Number of the key slot to try first. */
  readonly keyHint?: number | undefined;
  readonly cache?: CacheChoice;
  readonly placeOptions?: PlaceOptions;
  /** Percent of each pack that is written beside it as parity; as the repository was made if not given. */
  readonly parity?: number | undefined;
  /** Counts the requests, if given. */
  readonly meter?: Meter;
  readonly variables: Variables;
  /** The program and its version, such as `bcat 0.1.0`, recorded in what it writes. */
  readonly program: string;
  /** Ends the wait for a secret, and every call to the storage. */
  readonly signal: AbortSignal;
  /** Aborted when the user has asked for an end in order: the storage is not waited for as long as else. */
  readonly stop?: AbortSignal | undefined;
  /** Told in a line what makes the run slower but not wrong, also while it is under way. */
  readonly onNotice: OnNotice;
}

/** The place of a repository, which may not be there yet. */
export interface Site {
  readonly place: Place;
  readonly storage: Storage;
  /** Where the user says that the registers are, if elsewhere. */
  readonly registers: RegistersSource | undefined;
  /** The same as a place, where it is no database. */
  readonly registersPlace: Place | undefined;
  /** Opens them to be tried out. */
  readonly openRegistersProbe: LocatedRegisters["openProbe"] | undefined;
  readonly environment: Environment;
  readonly posix: Posix;
  /** Makes the bucket, unless it is there: false. Undefined where the place lies in none. */
  readonly createBucket: (() => Promise<boolean>) | undefined;
  /** Gets the secret from its source. */
  readonly secret: (isNew: boolean) => Promise<Secret>;
  readonly secretSource: SecretSource;
  /** Number of the key slot to try first. */
  readonly keyHint: number | undefined;
  /** Told in a line what is not wrong, but good to know. */
  readonly onNotice: OnNotice;
}

/** Looks at everything that the user can have got wrong before anything is touched. */
export async function prepareSite(options: SiteOptions): Promise<Site> {
  const { variables, program, signal, stop, placeOptions = {}, onNotice } = options;
  const place = locateRepository(options.repository, variables, placeOptions);
  const cachePlace = locateCache(options.cache ?? {}, variables);
  const accelerated = await loadAccelerated(acceleratorsOf(variables));
  const { meter = new Meter() } = options;
  const stack = place.kind === "folder" ? stackLocal : stackRemote;
  const retryForMs = placeOptions.retryForMs ?? retryForMsDefault;
  const stackOptions = { meter, signal, stop, retryForMs, onNotice };
  const open = { posix: accelerated.posix, meter, options: placeOptions, variables, onNotice };
  const raw = await openPlace(place, open);
  const storage = await stack(raw, stackOptions);
  const context = { ...open, stack: stackOptions, repository: place };
  const located = options.registers === undefined ? undefined : await locateRegisters(options.registers, context);
  const cache = await createCache(cachePlace, onNotice);
  if (cache !== undefined) await lookThroughCache(cache, place.location);
  return {
    place,
    storage,
    createBucket:
      "createBucket" in raw ? () => callRemote(() => (raw as S3Storage).createBucket(), stackOptions) : undefined,
    registers: located?.source,
    registersPlace: located?.place,
    openRegistersProbe: located?.openProbe,
    environment: await createEnvironment(
      {
        program,
        location: place.location,
        cache,
        keepsTrees: place.kind !== "folder",
        variables,
        sizes: packSizesOf(place),
        parity: options.parity,
      },
      accelerated,
    ),
    posix: accelerated.posix,
    secret: (isNew) => getSecret(options.secret, { isNew, signal }),
    secretSource: options.secret,
    keyHint: options.keyHint,
    onNotice,
  };
}

async function lookThroughCache(cache: string, location: string): Promise<void> {
  const { trimCache } = await import("@bcat/repository");
  trimCache({ cache, location, now: Date.now() });
}

export interface OpenOptions {
  readonly signal: AbortSignal;
  /** Called when the secret is there, and what takes time begins. */
  readonly onSecret?: () => void;
  /** Reads the config and the key slots, whatever the cache has of them. */
  readonly anew?: boolean;
  /** With its registers, wherever they are; otherwise copies are read of those that live elsewhere. */
  readonly writes?: boolean;
  /** Lets it be written to although it is older than it was, or than a copy of it, or another one than before. */
  readonly acceptRollback?: boolean;
  /** Told in a line that it is another one than before. */
  readonly onNotice?: OnNotice;
}

/**
 * Opens the repository. In a place behind a network it is done with what the cache has of the config and of the key
 * slot, where that is still right.
 *
 * @throws {BcatError} with code "no-repository"; before the secret is asked for, unless the cache knows one there
 */
export async function openSite(site: Site, options: OpenOptions): Promise<Repository> {
  return await withTries(site, () => openOnce(site, options));
}

async function openOnce(site: Site, options: OpenOptions): Promise<Repository> {
  const { anew = false, writes = false } = options;
  const { storage, environment, place } = site;
  const askOnce = askingOnce(site, options);
  if (place.kind !== "folder" && !anew) {
    const { reopenRepository } = await import("@bcat/repository");
    const registers = writes ? site.registers : undefined;
    const reopened = await reopenRepository(storage, askOnce, environment, registers);
    if (reopened !== undefined) return reopened;
  }
  return (await unlock(site, options, askOnce)).repository;
}

/** A repository, and the key slot that has opened it. */
export interface UnlockedSite extends AsyncDisposable {
  readonly repository: Repository;
  readonly slot: KeySlot;
}

/** As {@link openSite}, whatever the cache has. @throws {BcatError} with code "no-repository", before the secret is asked for */
export async function unlockSite(site: Site, options: OpenOptions): Promise<UnlockedSite> {
  return await withTries(site, () => unlock(site, options, askingOnce(site, options)));
}

/** Says where a wrong secret came from, or lets a person type another one, as often as the source allows. */
async function withTries<Opened>({ secretSource }: Site, open: () => Promise<Opened>): Promise<Opened> {
  for (;;) {
    try {
      return await open();
    } catch (cause) {
      const { WrongSecretError } = await import("@bcat/repository");
      if (!(cause instanceof WrongSecretError)) throw cause;
      if (secretSource.kind === "ask" && secretSource.asksAgain?.() === true) continue;
      const message = `${cause.message} ${originOf(secretSource)}`.trimEnd();
      throw new BcatError("wrong-passphrase", message, { cause });
    }
  }
}

/** Gets the secret of a site at the first call only. */
function askingOnce(site: Site, { signal, onSecret }: OpenOptions): () => Promise<Secret> {
  let given: Promise<Secret> | undefined;
  return async () => {
    const isAsked = given !== undefined;
    given ??= site.secret(false);
    const secret = await given;
    signal.throwIfAborted();
    if (!isAsked) onSecret?.();
    return secret;
  };
}

async function unlock(site: Site, options: OpenOptions, ask: () => Promise<Secret>): Promise<UnlockedSite> {
  const { signal, onNotice, writes = false, acceptRollback = false } = options;
  const { storage, environment, place, keyHint } = site;
  const { describeReplaced, findConfig, keepOpening, keySlotOf, openRepository, unlockRepository } = await import(
    "@bcat/repository"
  );
  const config = await findConfig(storage, environment);
  if (config === undefined) throw await noRepository(site);
  const secret = await ask();
  // Without a memory any repository is right that the secret opens.
  const trusting = acceptRollback ? { ...environment, cacheDirectory: undefined } : environment;
  const { rootKey, repositoryId, slot, slotName } = await unlockRepository(storage, secret, trusting, {
    config,
    keyHint,
  });
  signal.throwIfAborted();
  const replaced = acceptRollback ? describeReplaced(environment, repositoryId) : undefined;
  const registers = writes ? site.registers : undefined;
  const repository = await openRepository(storage, rootKey, environment, { config, registers, acceptRollback });
  if (replaced !== undefined) onNotice?.(replaced, "repository-replaced");
  if (place.kind !== "folder")
    keepOpening(environment, { config, slot, slotName, logHead: repository.history.logHead });
  return {
    repository,
    slot: keySlotOf(slotName, slot),
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
  };
}

/** Makes registers that live elsewhere anew out of their copies. @throws {BcatError} */
export async function repairSiteRegisters(site: Site, signal: AbortSignal): Promise<RepairSummary> {
  refuseReadOnly(site, "repair the registers of");
  const {
    checkSource,
    createRegisterCheck,
    findConfig,
    openRepository,
    readConfig,
    refuseRepairFrom,
    repairRegisters,
    unlockRepository,
  } = await import("@bcat/repository");
  const { storage, registers: source, environment, place } = site;
  const config = await findConfig(storage, environment);
  if (config === undefined) throw await noRepository(site);
  const secret = await site.secret(false);
  signal.throwIfAborted();
  const { rootKey } = await unlockRepository(storage, secret, environment, {
    config,
    keyHint: site.keyHint,
  });
  const { registers } = readConfig(config, rootKey, environment);
  checkSource(registers, source, place.location);
  if (registers === undefined) {
    const found = "it has its registers itself; bcat check tells whether they are whole";
    throw new BcatError("usage", `Cannot repair registers of the repository in "${place.location}": ${found}`);
  }
  if (source === undefined)
    throw new BcatError("usage", "Cannot repair registers: say where they are to be, with --registers");
  {
    // What is made anew out of an old copy has forgotten what was acknowledged since.
    await using repository = await openRepository(storage, rootKey, environment, { config });
    refuseRepairFrom(repository);
  }
  await using table = await source.open(registers.id);
  const token = Buffer.from(random(8)).toString("hex");
  const isWhole = createRegisterCheck(config, rootKey, environment);
  return await repairRegisters({ objects: storage, table, id: registers.id, token, isWhole });
}

export interface CreateOptions {
  readonly signal: AbortSignal;
  readonly chunker?: ChunkerSettings;
  /** For good: never do two write at the same time, so the place need not keep them apart. */
  readonly isForOneWriter?: boolean;
  /** Also makes the bucket, unless it is there. */
  readonly createBucket?: boolean;
}

/** Creates a repository. @throws {BcatError} with code "exists" or "conditions-not-met" before the secret is asked for. */
export async function createSite(site: Site, options: CreateOptions): Promise<Repository> {
  const { signal, chunker, isForOneWriter = false, createBucket = false } = options;
  refuseReadOnly(site, "create a repository in");
  const { initRepository, repositoryExists } = await import("@bcat/repository");
  // Whatever comes of the repository, the bucket stays.
  if (createBucket && (await bucketOf(site)()))
    site.onNotice(`created the bucket of "${site.place.location}"`, "bucket-created");
  if (await repositoryExists(site.storage))
    throw new BcatError("exists", `Cannot create a repository in "${site.place.location}": there is one already`);
  await refuseUnfit(site, { areApart: isForOneWriter || site.registers !== undefined });
  if (!isForOneWriter) await refuseUnfitRegisters(site, signal);
  const secret = await site.secret(true);
  signal.throwIfAborted();
  const { storage, registers, environment } = site;
  const parity = environment.parity === 0 ? undefined : environment.parity;
  const lasting = { isForOneWriter, parity, ...(chunker && { chunker }) };
  return await initRepository(storage, { secret, registers, ...lasting }, environment);
}

function bucketOf({ createBucket, place: { location } }: Site): () => Promise<boolean> {
  if (createBucket !== undefined) return createBucket;
  throw new BcatError("usage", `Cannot create a bucket for "${location}": it lies in none`);
}

/** @throws {BcatError} with code "refused" for a place that can only be read, before anything is asked of it. */
export function refuseReadOnly({ place: { kind, location } }: Site, action: string): void {
  if (kind !== "http") return;
  throw new BcatError("refused", `Cannot ${action} "${location}": over HTTP, a repository can only be read`);
}

/** For a command that finds none. A place that had one is most often a disk that is not mounted. */
export async function noRepository({ place: { kind, location }, environment }: Site): Promise<BcatError> {
  const { rememberedAt } = await import("@bcat/repository");
  const before = rememberedAt(environment);
  const found =
    before === undefined
      ? `there is none; name another with --repo${kind === "http" ? "" : ", or create it with bcat init"}`
      : `there is none, and repository ${before.slice(0, 8)} was there before: is its disk mounted? If it was removed on purpose, run bcat init once, which makes a new one there`;
  return new BcatError("no-repository", `Cannot open the repository in "${location}": ${found}`);
}

/** True when there was a repository at the place the last time: then only who asks for one makes another. */
export async function hadRepository({ environment }: Site): Promise<boolean> {
  const { rememberedAt } = await import("@bcat/repository");
  return rememberedAt(environment) !== undefined;
}

/** What a backup leaves out where it meets it: the repository itself, its registers and its cache. */
export function ownFolders({ place, registersPlace, environment: { cacheDirectory } }: Site): Uint8Array[] {
  const places = [place, registersPlace].map((of) => (of?.kind === "folder" ? of.path : undefined));
  return [...places, cacheDirectory].filter((path) => path !== undefined).map((path) => Buffer.from(path));
}
