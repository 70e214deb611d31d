/** The registers of a repository, wherever they are: made with it, and reached when it is opened. */
import type { PackContext } from "@bcat/pack";
import { type RegisterTable, registersIdSize, type Storage } from "@bcat/storage";
import type { Environment } from "../environment.js";
import { openCopies, showCopies } from "./copies.js";
import { openRegistersElsewhere } from "./registers-elsewhere.js";
import type { RegistersReference, RegistersSource } from "./source.js";

/** Registers of a new repository: without rows, and used by nobody before its config says so. */
export async function createRegisters(source: RegistersSource, environment: Environment): Promise<RegistersReference> {
  const id = environment.random(registersIdSize);
  await using table = await source.open(id);
  await table.create();
  return { kind: source.kind, id };
}

export interface Place {
  readonly objects: Storage;
  readonly environment: Environment;
  readonly context: PackContext;
}

/** The repository with its registers. */
export interface Reached {
  readonly storage: Storage;
  /**
   * The repository as its copies show it, where the registers are a table's: whether it is what it was is for the
   * repository to tell, of which the table knows nothing.
   */
  readonly copies?: Storage;
  /** To be closed with the repository. */
  readonly registers?: RegisterTable;
}

/**
 * @param reference what the config says, if registers live elsewhere
 * @param source where that is, as {@link checkSource} has approved; without it, the copies are read
 */
export async function reachRegisters(
  reference: RegistersReference | undefined,
  source: RegistersSource | undefined,
  { objects, environment, context }: Place,
): Promise<Reached> {
  if (reference === undefined) return { storage: objects };
  if (source === undefined) return { storage: await openCopies(objects, reference, environment.location) };
  const { id } = reference;
  const registers = await source.open(id);
  try {
    const hash = (bytes: Uint8Array) => context.blake3.hash(bytes);
    const storage = await openRegistersElsewhere({ objects, table: registers, id, hash });
    const { location } = environment;
    const copies = showCopies(objects, { reference, location, generation: storage.generation });
    return { storage, copies, registers };
  } catch (error) {
    await registers[Symbol.asyncDispose]();
    throw error;
  }
}
