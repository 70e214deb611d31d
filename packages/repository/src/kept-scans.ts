/**
 * The scan streams of the roots that this client has backed up, in the cache: an unchanged backup then reads no pack. One
 * is sealed under the path of its root, and worth something only as long as the parent has the very content that it was
 * kept for. Losing one costs the request that it saves.
 *
 *     <folder of the place>/scans/<hash of the path>     sealed: bytes content as in the snapshot ‖ bytes stream
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "@bcat/codec";
import { type KeyedHash, ObjectType, openObject, sealObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import type { PackContext } from "@bcat/pack";
import { CacheFiles, isSystemError } from "./cache-files.js";

const SCANS = "scans";
/** The longest stream that is kept, bytes. */
export const keptScanSizeMax = 8 * 2 ** 20;
/** Bytes of all that are kept; the oldest go first. */
const FOLDER_SIZE_MAX = 64 * 2 ** 20;
const CONTENT_SIZE_MAX = 64 * 1024;

export interface KeptScansOptions {
  readonly context: PackContext;
  readonly nameHash: KeyedHash;
  /** The cache folder of the place; undefined to keep nothing. */
  readonly folder: string | undefined;
}

export class KeptScans {
  readonly #context: PackContext;
  readonly #nameHash: KeyedHash;
  readonly #files: CacheFiles | undefined;
  /** Contents whose streams are there for sure, by name. */
  readonly #known = new Map<string, Uint8Array>();

  constructor({ context, nameHash, folder }: KeptScansOptions) {
    this.#context = context;
    this.#nameHash = nameHash;
    const { random } = context;
    if (folder !== undefined)
      this.#files = new CacheFiles({ folder: join(folder, SCANS), sizeMax: FOLDER_SIZE_MAX, random });
  }

  /** The stream of a root whose snapshot has `content` for it; undefined when another is kept, or none. */
  read(path: Uint8Array, content: Uint8Array): Uint8Array | undefined {
    if (this.#files === undefined) return undefined;
    const name = this.#nameOf(path);
    try {
      const bytes = readFileSync(this.#files.pathOf(name));
      const reader = new ByteReader(openObject(this.#context.keys, sealedAs(name), bytes).body, "a kept scan");
      if (Buffer.compare(reader.bytes(CONTENT_SIZE_MAX), content) !== 0) return undefined;
      const stream = reader.bytes(keptScanSizeMax);
      this.#known.set(name, content);
      return stream;
    } catch (error) {
      if (isBcatError(error) || isSystemError(error)) return undefined;
      throw error;
    }
  }

  /** Keeps the stream of a root in place of the one before; failing to is no error. */
  keep(path: Uint8Array, content: Uint8Array, stream: Uint8Array): void {
    if (this.#files === undefined || stream.length > keptScanSizeMax || content.length > CONTENT_SIZE_MAX) return;
    const name = this.#nameOf(path);
    const known = this.#known.get(name);
    if (known !== undefined && Buffer.compare(known, content) === 0) return;
    const body = new ByteWriter(content.length + stream.length + 16);
    body.bytes(content);
    body.bytes(stream);
    const object = { ...sealedAs(name), epoch: 0, domain: 0 };
    if (this.#files.write(name, sealObject(this.#context, object, body.finish()))) this.#known.set(name, content);
  }

  #nameOf(path: Uint8Array): string {
    return Buffer.from(this.#nameHash.hash(path).subarray(0, 16)).toString("hex");
  }
}

/** A name that no object of a repository has: one of another root or repository does not open. */
function sealedAs(name: string) {
  return { type: ObjectType.PARTIAL, name: `local/scan/${name}` } as const;
}
