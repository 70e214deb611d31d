/** Repositories as `init` makes them: one of each sort for all runs, which begin with a copy of it. */
import { type Environment, initRepository, type RegistersSource, unlockRepository } from "@bcat/repository";
import { createMemoryStorage, MemoryDatabase, openStorageTable } from "@bcat/storage";
import { isElsewhere, type Knobs, type PlaceKind } from "./knobs.js";
import { BLOCK_SIZE, Machine } from "./machine.js";

const SECRET = { keyFile: new Uint8Array(32).fill(7) };

export interface NewRepository {
  readonly rootKey: Uint8Array;
  readonly repositoryId: Uint8Array;
  /** Of the place, by name. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** Of the registers, if they live elsewhere. */
  readonly registersId: Uint8Array | undefined;
}

const made = new Map<string, Promise<NewRepository>>();

export async function newRepository(
  { kind, hasRealCryptography, isSecond }: Pick<Knobs, "kind" | "hasRealCryptography" | "isSecond">,
  shared: Pick<Environment, "blake3" | "zstd" | "sizes">,
): Promise<NewRepository> {
  const name = `${kind} ${hasRealCryptography} ${isSecond}`;
  let repository = made.get(name);
  if (repository === undefined) {
    repository = make(kind, { ...shared, seed: isSecond ? 2 : 1 });
    made.set(name, repository);
  }
  return await repository;
}

type Shared = Pick<Environment, "blake3" | "zstd" | "sizes">;

async function make(kind: PlaceKind, { seed, ...shared }: Shared & { readonly seed: number }): Promise<NewRepository> {
  const machine = new Machine({
    ...{ name: "init", clientId: new Uint8Array(16), seed, hasCache: false, location: "simulated" },
  });
  const environment = machine.environment({ ...shared, wait: async () => {} }, () => 0);
  const storage = createMemoryStorage();
  const chunker = { kind: "fixed", minimum: BLOCK_SIZE, average: BLOCK_SIZE, maximum: BLOCK_SIZE } as const;
  const registers = kind === "elsewhere-folder" ? inFolder() : inDatabase();
  const options = {
    ...{ secret: SECRET, chunker },
    ...(kind === "one-writer" && { isForOneWriter: true }),
    ...(isElsewhere({ kind }) && { registers }),
  };
  await using repository = await initRepository(storage, options, environment);
  const { rootKey, repositoryId } = await unlockRepository(storage, SECRET, environment);
  const objects = new Map<string, Uint8Array>();
  for await (const { name } of storage.list!("")) objects.set(name, (await storage.get(name))!);
  return { rootKey, repositoryId, objects, registersId: repository.config.registers?.id };
}

function inDatabase(): RegistersSource {
  const database = new MemoryDatabase();
  return { kind: "postgres", location: "memory", open: async (id) => database.open(id) };
}

function inFolder(): RegistersSource {
  const storage = createMemoryStorage();
  return { kind: "storage", location: "memory", open: async (id) => openStorageTable(storage, id) };
}
