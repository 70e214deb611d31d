/** The keys of a repository: all are derived from its root key (`docs/format.md` section 3). */

import { hkdf } from "./hkdf.js";

/** What a derived key is for. */
export type KeyLabel =
  | "register"
  | "outcome"
  | "index"
  | "directory"
  | "pack"
  | "id/data"
  | "id/tree"
  | "chunker"
  | "name";

export const KEY_LENGTH = 32;
export const REPOSITORY_ID_LENGTH = 16;

/** Epochs and domains come from headers that nobody has verified yet, so what is remembered has a limit. */
const DERIVED_MAX = 1024;
const U32_MAX = 2 ** 32 - 1;

/** What another thread makes its {@link RepositoryKeys} from. */
export interface SharedKeys {
  readonly rootKey: Uint8Array;
  readonly repositoryId: Uint8Array;
}

/** The root key and the keys derived from it. Holds secrets: never printed, never sent to a storage. */
export class RepositoryKeys {
  readonly repositoryId: Uint8Array;
  readonly #rootKey: Uint8Array;
  readonly #derived = new Map<string, Uint8Array>();

  /**
   * Copies both.
   *
   * @throws {RangeError} when the root key is not of 32 bytes or the id not of 16.
   */
  constructor(rootKey: Uint8Array, repositoryId: Uint8Array) {
    if (rootKey.length !== KEY_LENGTH) {
      throw new RangeError(`Cannot use a root key: found ${rootKey.length} bytes, allowed are ${KEY_LENGTH}`);
    }
    if (repositoryId.length !== REPOSITORY_ID_LENGTH) {
      const found = `found ${repositoryId.length} bytes, allowed are ${REPOSITORY_ID_LENGTH}`;
      throw new RangeError(`Cannot use a repository id: ${found}`);
    }
    this.#rootKey = rootKey.slice();
    this.repositoryId = repositoryId.slice();
  }

  /** For another thread of this process, which makes keys of its own from it. Holds the secret itself. */
  share(): SharedKeys {
    return { rootKey: this.#rootKey.slice(), repositoryId: this.repositoryId.slice() };
  }

  /** The 32 bytes of K(label, epoch, domain). The array is remembered and shared: not to be written to. */
  derive(label: KeyLabel, epoch: number, domain: number): Uint8Array {
    const name = `${label} ${epoch} ${domain}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const key = hkdf(this.#rootKey, this.repositoryId, encodeInfo(label, epoch, domain));
    if (this.#derived.size >= DERIVED_MAX) this.#derived.clear();
    this.#derived.set(name, key);
    return key;
  }
}

function encodeInfo(label: KeyLabel, epoch: number, domain: number): Uint8Array {
  checkU32("epoch", epoch);
  checkU32("domain", domain);
  const text = Buffer.from(`bcat/1/${label}\0`, "utf8");
  const info = Buffer.alloc(text.length + 8);
  info.set(text);
  info.writeUInt32LE(epoch, text.length);
  info.writeUInt32LE(domain, text.length + 4);
  return info;
}

function checkU32(what: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= U32_MAX) return;
  throw new RangeError(`Cannot derive a key: found ${what} ${value}, allowed are 0 to ${U32_MAX}`);
}
