/**
 * What a client has sent to a place for one writer at a time and not read back yet. There a request that outlives its
 * process may land late and overwrite: what the next run decides under that name would be lost. So the bytes of each
 * register are kept in the cache until a value is read, and the next run puts the same ones again before anything else;
 * whatever is still under way then changes nothing.
 *
 * Without a cache folder nothing is kept. A file each, of at most 16 MiB, under the name of its register; at most a few.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describeSystemError, isBcatError, StorageError, systemErrorCode } from "@bcat/errors";
import type { Storage } from "@bcat/storage";
import { isNumbered, passOn } from "./elsewhere/copies.js";
import type { Environment } from "./environment.js";
import { hashLocation } from "./identity.js";

export class Outbox {
  readonly #folder: string;

  /** Of the repository `id` in this place, not in its copies; undefined where there is no cache. */
  static of({ cacheDirectory, location }: Environment, id: Uint8Array): Outbox | undefined {
    if (cacheDirectory === undefined) return undefined;
    return new Outbox(join(cacheDirectory, "outbox", Buffer.from(id).toString("hex"), hashLocation(location)));
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** The registers kept, ascending by name. @throws StorageError: what cannot be looked at is not nothing */
  names(): string[] {
    try {
      const names = readdirSync(this.#folder).map((file) => file.replace("_", "/"));
      return names.filter(isNumbered).sort();
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return [];
      throw failed("read", this.#folder, error);
    }
  }

  /** True when the next run sends the register again. */
  keeps(name: string): boolean {
    return existsSync(this.#pathOf(name));
  }

  /** @throws StorageError */
  read(name: string): Uint8Array {
    const path = this.#pathOf(name);
    try {
      return new Uint8Array(readFileSync(path));
    } catch (error) {
      throw failed("read", path, error);
    }
  }

  /** Survives the loss of power when it returns. @throws StorageError */
  keep(name: string, bytes: Uint8Array): void {
    const path = this.#pathOf(name);
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      using file = openFile(`${path}.new`, "w");
      writeFileSync(file.descriptor, bytes);
      fsyncSync(file.descriptor);
      renameSync(`${path}.new`, path);
      using folder = openFile(this.#folder, "r");
      fsyncSync(folder.descriptor);
    } catch (error) {
      throw failed("keep", path, error);
    }
  }

  drop(name: string): void {
    rmSync(this.#pathOf(name), { force: true });
  }

  #pathOf(name: string): string {
    return join(this.#folder, name.replace("/", "_"));
  }
}

function openFile(path: string, flags: string): Disposable & { readonly descriptor: number } {
  const descriptor = openSync(path, flags, 0o600);
  return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}

function failed(action: string, path: string, cause: unknown): StorageError {
  const found = describeSystemError(cause);
  return new StorageError(`Cannot ${action} what was sent, in ${path}: ${found}`, { cause, isFinal: true });
}

/** Wraps `inner`, so that what is put there is kept until it has been read back. */
export function createKeepingStorage(inner: Storage, outbox: Outbox): Storage {
  return {
    ...passOn(inner),
    ...(inner.list && { list: (prefix: string) => inner.list!(prefix) }),
    async putIfAbsent(name, bytes, options) {
      if (!isNumbered(name)) return await inner.putIfAbsent(name, bytes, options);
      outbox.keep(name, bytes);
      try {
        await inner.putIfAbsent(name, bytes, options);
      } catch (error) {
        if (isBcatError(error, "exists")) outbox.drop(name);
        throw error;
      }
      if ((await inner.get(name)) !== undefined) outbox.drop(name);
    },
  };
}

/** Puts again what earlier runs have sent, before anything else is written. @param storage keeps what it is given */
export async function sendAgain(storage: Storage, outbox: Outbox): Promise<void> {
  for (const name of outbox.names()) {
    try {
      await storage.putIfAbsent(name, outbox.read(name));
    } catch (error) {
      if (!isBcatError(error, "exists")) throw error;
    }
  }
}
