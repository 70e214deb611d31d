/**
 * The small repository that is damaged: every type of object and every kind of tree in some sixty kilobytes.
 *
 *     session 1  snapshot; log/1 then condemns its first data pack
 *     session 2  snapshot, stores the condemned chunks anew; log/2 then forgets it
 *     session 3  snapshot, and a partial of it that nobody needs any more
 *     session 4  snapshot, which has seen both log records
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createKeySlot, loadBlake3, ObjectType, type Secret, sealObject } from "@bcat/crypto";
import { DATA, loadZstd, parseObjectName } from "@bcat/pack";
import { loadPosix, type Posix } from "@bcat/posix";
import {
  type Environment,
  encodeLogRecord,
  initRepository,
  type LogEntry,
  openRepository,
  type Repository,
  unlockRepository,
} from "@bcat/repository";
import { backup } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { seededRandom } from "../crash/seed.js";
import { randomBytesOf } from "../kit/random-bytes.js";

export const PASSPHRASE = "a passphrase";
export const SECRETS: readonly Secret[] = [{ passphrase: PASSPHRASE }, { keyFile: new Uint8Array(32).fill(7) }];

/** Snapshots that are not forgotten, and what the ways to name them mean. */
export const SNAPSHOTS = [1, 3, 4] as const;
export const SELECTORS: Readonly<Record<string, number>> = {
  1: 1,
  3: 3,
  4: 4,
  latest: 4,
  "latest~1": 3,
  "latest~2": 1,
};
/** The outcome whose removal a client without a cache cannot notice. */
export const TAIL = "outcomes/0000000004";

/** Chunks of a fixed size, so that the test can choose what is in each. */
const CHUNK_SIZE = 512;
/** Entries of a list, or nodes of a leaf, before which no writer closes it; after that only at an id below this. */
const LIST_MIN = 256;
const CLOSING_ID_MAX = 2 ** 22;
const TIME = 1_700_000_000;

export interface World {
  readonly storage: MemoryStorage;
  readonly rootKey: Uint8Array;
  readonly environment: Environment;
  readonly posix: Posix;
  /** Copies of the source as it was at each snapshot. */
  readonly sources: ReadonlyMap<number, string>;
}

/** Makes a repository of the source that `label` decides, below `folder`. */
export async function createWorld(folder: string, label: string): Promise<World> {
  const storage = createMemoryStorage();
  const environment = await createEnvironment(label);
  const posix = loadPosix("auto");
  const [secret, other] = SECRETS as [Secret, Secret];
  const chunker = { kind: "fixed", minimum: CHUNK_SIZE, average: CHUNK_SIZE, maximum: CHUNK_SIZE } as const;
  await using repository = await initRepository(
    storage,
    { secret, chunker, scryptCost: { log2N: 15, parallelism: 1 } },
    environment,
  );
  const { rootKey } = await unlockRepository(storage, secret, environment);
  const slot = { rootKey, repositoryId: repository.id, secret: other, random: environment.random };
  await storage.putIfAbsent("keys/2", await createKeySlot(slot));

  mkdirSync(folder, { recursive: true });
  const source = join(folder, "source");
  const sources = new Map<number, string>();
  for (const number of [1, 2, 3, 4]) {
    changeSource(source, repository, number, label);
    // A client of its own each time, as from another process: it learns of the log records.
    await using client = await openRepository(storage, rootKey, environment);
    await backup(client, posix, [Buffer.from(source)], {});
    sources.set(number, join(folder, `source of ${number}`));
    // Not cpSync, which keeps neither nanoseconds nor the times of folders.
    execFileSync("cp", ["-a", source, sources.get(number)!]);
    if (number === 1) await condemnFirstPack(storage, client);
    if (number === 2) await log(storage, client, 2, { kind: "forget", snapshots: [2] });
  }
  const name = "partial/0000000003-0000000001";
  const partial = { type: ObjectType.PARTIAL, name, epoch: 0, domain: 0 } as const;
  // Unless that backup has left one itself.
  if (!storage.objects.has(name))
    await storage.put(name, sealObject(repository.context, partial, randomBytesOf(`${label} partial`, 100)));
  return { storage, rootKey, environment, posix, sources };
}

async function createEnvironment(label: string): Promise<Environment> {
  let time = TIME * 1000;
  return {
    random: seededRandom(label),
    now: () => (time += 60_000),
    host: "host",
    user: "user",
    zone: "UTC",
    clientId: new Uint8Array(16).fill(1),
    programVersion: "test",
    cacheDirectory: undefined,
    location: "memory",
    blake3: await loadBlake3("auto"),
    zstd: await loadZstd("auto"),
    sizes: { packSize: 6 * 1024, packsPerSegment: 3 },
  };
}

function changeSource(path: string, repository: Repository, number: number, label: string): void {
  const put = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(path, name), bytes);
    utimesSync(join(path, name), TIME + number, TIME + number);
  };
  const random = (name: string, length: number) => randomBytesOf(`${label} ${name} ${number}`, length);
  if (number === 1) {
    mkdirSync(join(path, "folder", "in it", "empty"), { recursive: true });
    mkdirSync(join(path, "many"));
    for (let i = 0; i < LIST_MIN; i++) put(`many/f${i}`, Buffer.from(i % 16 === 0 ? `${i}` : ""));
    for (const name of [closingName(repository), "h1", "h2"]) put(`many/${name}`, Buffer.from(name));
    put("list", listContent(repository, label));
    put("one chunk", random("one chunk", CHUNK_SIZE));
    put("empty", new Uint8Array(0));
    symlinkSync("../one chunk", join(path, "folder", "link"));
  }
  if (number === 3) for (const name of ["many", "list"]) rmSync(join(path, name), { recursive: true });
  put("changing", random("changing", 5 * CHUNK_SIZE + 100));
  put(`folder/inline ${number}`, random("inline", 50 * number));
  put(`folder/in it/chunks ${number}`, random("chunks", 2 * CHUNK_SIZE + 1));
}

/** More than 256 chunks, of which few are different, with one behind the 256th that ends a list. */
function listContent(repository: Repository, label: string): Uint8Array {
  const blocks = Array.from({ length: 6 }, (_, i) => randomBytesOf(`${label} block ${i}`, CHUNK_SIZE));
  const closing = find((i) => {
    const block = randomBytesOf(`${label} closing ${i}`, CHUNK_SIZE);
    return closes(repository.idHash[DATA].hash(block)) ? block : undefined;
  });
  const order = Array.from({ length: LIST_MIN + 20 }, (_, i) => (i === LIST_MIN + 3 ? closing : blocks[i % 6]!));
  return Buffer.concat(order);
}

/** A name that sorts behind `f…` and ends a leaf of more than 256 nodes. */
function closingName(repository: Repository): string {
  return find((i) => (closes(repository.nameHash.hash(Buffer.from(`g${i}`))) ? `g${i}` : undefined));
}

function closes(id: Uint8Array): boolean {
  return Buffer.from(id).readUInt32LE(0) < CLOSING_ID_MAX;
}

function find<T>(attempt: (i: number) => T | undefined): T {
  for (let i = 0; i < 100_000; i++) {
    const found = attempt(i);
    if (found !== undefined) return found;
  }
  throw new Error("nothing found in 100,000 attempts");
}

async function condemnFirstPack(storage: MemoryStorage, client: Repository): Promise<void> {
  const segment = (await client.index()).segments(DATA)[0]!;
  const pack = parseObjectName(segment.packRecord(0).name)!;
  await log(storage, client, 1, { kind: "condemn", packs: [pack] });
}

async function log(storage: MemoryStorage, { context }: Repository, number: number, entry: LogEntry): Promise<void> {
  const name = `log/000000000${number}`;
  const record = encodeLogRecord({ ...entry, time: TIME * 1000, host: "host" });
  await storage.putIfAbsent(name, sealObject(context, { type: ObjectType.LOG, name, epoch: 0, domain: 0 }, record));
}
