/** From an opened config to a repository, with what an earlier process of this client has left in its cache. */
import { join } from "node:path";
import { RepositoryKeys } from "@bcat/crypto";
import { type BlobKind, DATA, idLabel, type PackContext, TREE } from "@bcat/pack";
import type { Environment } from "./environment.js";
import { readNewest } from "./freshness.js";
import { History } from "./history.js";
import { createFolderIndexStore, createMemoryIndexStore } from "./index-store.js";
import { KeptScans } from "./kept-scans.js";
import { LocalIndex } from "./local-index.js";
import { openManifest } from "./manifest.js";
import { OneAtATime } from "./one-at-a-time.js";
import { Repository, type RepositoryParts } from "./repository.js";

/** A repository whose config has been opened. */
export type Opened = Pick<RepositoryParts, "storage" | "environment" | "context" | "config" | "registers" | "outbox">;

/** What an earlier process of this client has left. */
export interface Recalled extends Pick<RepositoryParts, "history" | "store"> {
  readonly runs: readonly string[];
  /** Number of the newest outcome, where that was known and has been read again. */
  readonly newest: number | undefined;
}

/** @throws BcatError identity-changed when this client has seen what is not there any more; StorageError */
export async function recall({ storage, environment, context }: Opened): Promise<Recalled> {
  const store = createIndexStore(environment, context.keys.repositoryId);
  const history = new History(context);
  const bytes = store.readManifest();
  const manifest = bytes === undefined ? undefined : openManifest(context, bytes);
  if (manifest === undefined) return { store, history, runs: [], newest: undefined };
  const newest = await readNewest({ storage, context, cache: store.folder ?? "" }, manifest);
  if (newest === "damaged") return { store, history, runs: [], newest: undefined };
  history.load(manifest);
  if (newest !== undefined) history.remember(newest.number, newest.outcome);
  return { store, history, runs: manifest.runs, newest: newest?.number };
}

export function assemble(given: Opened, { store, history, runs }: Recalled): Repository {
  const { keys, blake3 } = given.context;
  const nameHash = blake3.keyed(keys.derive("name", 0, 0));
  const hash = (kind: BlobKind) => blake3.keyed(keys.derive(idLabel(kind), 0, 0));
  return new Repository({
    ...given,
    history,
    index: new LocalIndex(given.context, store, runs),
    store,
    idHash: { [DATA]: hash(DATA), [TREE]: hash(TREE) },
    keptScans: new KeptScans({ context: given.context, nameHash, folder: store.folder }),
    nameHash,
    changes: new OneAtATime(),
    session: { isOpen: false },
  });
}

export function createContext(rootKey: Uint8Array, repositoryId: Uint8Array, environment: Environment): PackContext {
  const { blake3, zstd, gcm, random } = environment;
  return { keys: new RepositoryKeys(rootKey, repositoryId), blake3, zstd, gcm, random };
}

function createIndexStore(environment: Environment, repositoryId: Uint8Array) {
  const { cacheDirectory, random } = environment;
  if (cacheDirectory === undefined) return createMemoryIndexStore();
  const folder = join(cacheDirectory, Buffer.from(repositoryId).toString("hex"));
  return createFolderIndexStore(folder, () => Buffer.from(random(8)).toString("hex"));
}
