/**
 * The object `reserve`: bytes that say nothing, kept so that forget and prune have room for their registers on a full
 * disk. Who finds none for a register deletes it, and puts back in the end what there is room for.
 */
import { isBcatError, StorageError, systemErrorCode } from "@bcat/errors";
import type { Storage } from "@bcat/storage";
import { passOn } from "../elsewhere/copies.js";
import type { Environment } from "../environment.js";
import { partsOf, type Repository } from "../repository.js";

export const RESERVE = "reserve";
/** No object is larger. */
const SIZE_MAX = 2 ** 30;
/** Bytes of random that are drawn at once. */
const PIECE = 65_536;
/** Where there is no room for all of it, a part less is put back, until one fits. */
const PARTS = 16;

/** Puts a reserve of `size` bytes. @throws RangeError for more than an object may have; StorageError */
export async function putReserve(repository: Repository, size: number): Promise<void> {
  if (!(size >= 1 && size <= SIZE_MAX)) throw new RangeError(`Cannot keep ${size} bytes in reserve`);
  const { storage, environment } = partsOf(repository);
  await storage.put(RESERVE, drawBytes(environment, size));
}

/** Random, so that no file system stores them in less than they are. */
function drawBytes({ random }: Pick<Environment, "random">, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += PIECE) bytes.set(random(Math.min(PIECE, size - at)), at);
  return bytes;
}

/** True for an error that says that there is no room. */
export function isFull(error: unknown): boolean {
  if (!(error instanceof StorageError)) return false;
  const code = systemErrorCode(error.cause);
  return code === "ENOSPC" || code === "EDQUOT" || isFull(error.cause);
}

/**
 * Runs `action` on a repository whose registers take the room of the reserve where there is no other.
 *
 * @throws what `action` throws; StorageError
 */
export async function withReserve<T>(
  repository: Repository,
  action: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { storage, environment } = partsOf(repository);
  const reserve = new Reserve(storage, environment);
  try {
    return await action(repository.withStorage(reserve.storage));
  } finally {
    await reserve.restore();
  }
}

export class Reserve {
  /** Gives registers the room of the reserve, where there is no other. */
  readonly storage: Storage;
  readonly #inner: Storage;
  readonly #environment: Environment;
  /** Bytes of the reserve that was deleted. */
  #size = 0;

  constructor(inner: Storage, environment: Environment) {
    this.#inner = inner;
    this.#environment = environment;
    this.storage = {
      ...passOn(inner),
      ...(inner.list && { list: (prefix: string) => inner.list!(prefix) }),
      putIfAbsent: async (name, bytes, options) => {
        try {
          await inner.putIfAbsent(name, bytes, options);
        } catch (error) {
          if (!isFull(error) || !(await this.#free())) throw error;
          await inner.putIfAbsent(name, bytes, options);
        }
      },
    };
  }

  /** Puts back what was deleted, or as much as fits. @returns bytes that did not. @throws StorageError for another reason */
  async restore(): Promise<number> {
    const size = this.#size;
    this.#size = 0;
    for (let lost = 0; lost < size; lost += Math.ceil(size / PARTS)) {
      if (await this.#put(size - lost)) return lost;
    }
    return size;
  }

  async #put(size: number): Promise<boolean> {
    try {
      await this.#inner.put(RESERVE, drawBytes(this.#environment, size));
      return true;
    } catch (error) {
      // Another one, put by somebody else meanwhile, is as good.
      if (isBcatError(error, "exists")) return true;
      if (isFull(error)) return false;
      throw error;
    }
  }

  /** False when there is none. */
  async #free(): Promise<boolean> {
    const bytes = await this.#inner.get(RESERVE);
    if (bytes === undefined || this.#inner.delete === undefined) return false;
    await this.#inner.delete(RESERVE);
    this.#size = bytes.length;
    return true;
  }
}
