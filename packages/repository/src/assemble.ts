/** From an opened config to a repository, with what an earlier process of this client has left in its cache. */
import { RepositoryKeys } from "@bcat/crypto";
import { type BlobKind, DATA, idLabel, type PackContext, TREE } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import type { Environment } from "./environment.js";
import { FirstSeen } from "./first-seen.js";
import { findFreshness } from "./freshness.js";
import { History } from "./history.js";
import { createFolderIndexStore, createMemoryIndexStore, type IndexStore } from "./index-store.js";
import { KeptScans } from "./kept-scans.js";
import { KeptTrees } from "./kept-trees.js";
import { LocalIndex } from "./local-index.js";
import { openManifest } from "./manifest.js";
import { OneAtATime } from "./one-at-a-time.js";
import { Places } from "./places.js";
import { registerName } from "./registers.js";
import { Repository, type RepositoryParts } from "./repository.js";
import { CURRENT, compareWithOthers, type LostRegister, type Standing } from "./standing.js";

/** A repository whose config has been opened. */
export type Opened = Pick<RepositoryParts, "storage" | "environment" | "context" | "config" | "registers" | "outbox">;

/** What an earlier process of this client has left. */
export interface Recalled extends Pick<RepositoryParts, "history" | "store" | "places" | "standing"> {
  readonly runs: readonly string[];
  /** Number of the newest outcome, where that was known and has been read again. */
  readonly newest: number | undefined;
}

/** A part of that: what one folder holds. */
type Kept = Pick<Recalled, "history" | "store" | "runs" | "newest">;

export interface RecallOptions {
  /** The user has said to go on from here. Not heard where registers are elsewhere: they go on from the newest. */
  readonly acceptRollback?: boolean | undefined;
  /** The repository without its registers, where those are elsewhere: it is what is compared with what was left. */
  readonly copies?: Storage | undefined;
}

/**
 * What was left, if it is of this repository and not ahead of it. If it is ahead it stays as it is, and what is read now
 * is kept aside, unless the user has said to go on from here.
 *
 * @throws StorageError
 */
export async function recall(
  opened: Opened,
  { acceptRollback = false, copies }: RecallOptions = {},
): Promise<Recalled> {
  const isAccepted = acceptRollback && copies === undefined;
  const given = copies === undefined ? opened : { ...opened, storage: copies };
  const { location } = given.environment;
  const places = new Places(given.environment, given.context.keys.repositoryId);
  const kept = await readKept(given, places.folder);
  if (kept.lost === undefined) {
    if (copies !== undefined) await askTable(opened, kept);
    const isJudged = places.role === "seen";
    const standing = isJudged ? await compareWithOthers(given, places, { location, isAccepted }) : CURRENT;
    return { ...kept, places, standing };
  }
  const standing: Standing = { kind: "gone-back", ...kept.lost, location, other: undefined, isAccepted };
  // What is remembered is replaced as soon as something is written; without that, nothing of it is.
  return { ...(isAccepted ? kept : await readKept(given, places.folderAside)), places, standing };
}

/**
 * Has the table of registers say what is known already: one that has lost it, as an old dump has, would give numbers anew.
 *
 * @throws BcatError identity-changed
 */
async function askTable({ storage }: Opened, { newest = 0, history: { sessionHead } }: Kept): Promise<void> {
  if (newest > 0) await storage.get(registerName("outcomes", newest));
  if (sessionHead > newest) await storage.get(registerName("sessions", sessionHead));
}

/** What a folder holds; nothing of it where it is ahead of the repository, and then also where that shows. */
async function readKept(
  given: Opened,
  folder: string | undefined,
): Promise<Kept & { readonly lost: LostRegister | undefined }> {
  const { context } = given;
  const store = createIndexStore(given, folder);
  const history = new History(context);
  const nothing = { store, history, runs: [], newest: undefined, lost: undefined };
  const bytes = store.readManifest();
  const manifest = bytes === undefined ? undefined : openManifest(context, bytes);
  if (manifest === undefined) return nothing;
  const found = await findFreshness(given, manifest);
  if (found.kind === "lost") return { ...nothing, lost: { name: found.name, change: found.change } };
  if (found.kind === "damaged") return nothing;
  const { newest } = found;
  history.load(manifest);
  if (newest !== undefined) history.remember(newest.number, newest.outcome);
  return { store, history, runs: manifest.runs, newest: newest?.number, lost: undefined };
}

export function assemble(given: Opened, recalled: Recalled): Repository {
  const { history, store, places, standing, runs } = recalled;
  const { keys, blake3, random } = given.context;
  const keepsTrees = given.environment.keepsTrees === true && store.folder !== undefined;
  const nameHash = blake3.keyed(keys.derive("name", 0, 0));
  const hash = (kind: BlobKind) => blake3.keyed(keys.derive(idLabel(kind), 0, 0));
  return new Repository({
    ...given,
    history,
    index: new LocalIndex(given.context, store, { runs, droppedHead: history.droppedHead }),
    store,
    places,
    standing,
    idHash: { [DATA]: hash(DATA), [TREE]: hash(TREE) },
    firstSeen: new FirstSeen({ context: given.context, folder: store.folder }),
    keptScans: new KeptScans({ context: given.context, nameHash, folder: store.folder }),
    keptTrees: keepsTrees ? new KeptTrees(store.folder, random) : undefined,
    nameHash,
    changes: new OneAtATime(),
    session: { isOpen: false },
  });
}

export function createContext(rootKey: Uint8Array, repositoryId: Uint8Array, environment: Environment): PackContext {
  const { blake3, zstd, gcm, random } = environment;
  return { keys: new RepositoryKeys(rootKey, repositoryId), blake3, zstd, gcm, random };
}

function createIndexStore({ environment }: Opened, folder: string | undefined): IndexStore {
  if (folder === undefined) return createMemoryIndexStore();
  return createFolderIndexStore(folder, () => Buffer.from(environment.random(8)).toString("hex"));
}
