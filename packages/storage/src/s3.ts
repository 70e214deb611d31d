/**
 * A storage in a bucket of S3 or of a service that speaks like it: object `packs/ab/1-ff` is the key of that name below a
 * prefix. Registers rest on `If-None-Match: *`; whether a service honours it is for a probe to find out.
 *
 * Every method sends one request, and tries once, but for two refusals that say how to sign right: those are put right
 * and the request sent again (connection.ts). Bodies are buffers, and carry an explicit SHA-256.
 */

import type { Readable } from "node:stream";
import type { GetObjectCommandInput, PutObjectCommandInput } from "@aws-sdk/client-s3";
import { isBcatError, StorageError } from "@bcat/errors";
import { checkRange } from "./byte-range.js";
import { equalBytes } from "./equal-bytes.js";
import { objectExists, registerExists } from "./exists.js";
import { checkName, checkPrefix, isName } from "./name.js";
import { readBody } from "./s3/body.js";
import { Connection } from "./s3/connection.js";
import { codeOf, describeFault, statusOf } from "./s3/faults.js";
import { listKeys } from "./s3/listing.js";
import { connectionsDefault, type S3StorageOptions } from "./s3/options.js";
import { md5Of, sha256Of } from "./s3/payload.js";
import { type GetOptions, type ListedObject, objectSizeMax, type PutOptions, type Storage } from "./storage.js";

export { connectionsDefault, type S3StorageOptions } from "./s3/options.js";

/** Bytes compared at once with an object that has the name already. */
const compareLength = 4 * 2 ** 20;

export interface S3Storage extends Storage {
  list(prefix: string): AsyncIterable<ListedObject>;
  delete(name: string): Promise<void>;
  /** Makes the bucket; false when there is one already. */
  createBucket(): Promise<boolean>;
}

/** The storage there. Nothing is sent, and the SDK not loaded, before the first call. */
export function openS3Storage(options: S3StorageOptions): S3Storage {
  return new BucketStorage(options);
}

/** How a body is put: not every service knows conditions, or checksums in headers of their own. */
interface Way {
  readonly conditional: boolean;
  readonly checksum: "sha256" | "md5";
}

interface Publishing extends PutOptions {
  readonly isRegister?: boolean;
}

interface Sending extends PutOptions, Way {
  readonly sha256: Buffer;
}

class BucketStorage implements S3Storage {
  readonly location: string;
  readonly uploads: number;
  readonly #options: S3StorageOptions;
  readonly #connection: Connection;
  #way: Way = { conditional: true, checksum: "sha256" };

  constructor(options: S3StorageOptions) {
    this.location = options.location;
    this.uploads = Math.ceil((options.connections ?? connectionsDefault) / 4);
    this.#options = options;
    this.#connection = new Connection(options);
  }

  async get(name: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    checkName(name);
    checkRange(options.range);
    options.signal?.throwIfAborted();
    return await this.#describing({ action: `read "${name}"`, object: name }, options.signal, async () => {
      try {
        return await this.#read(name, options);
      } catch (error) {
        if (codeOf(error) === "NoSuchKey" || codeOf(error) === "NotFound") return undefined;
        if (statusOf(error) === 416) return new Uint8Array(0);
        throw error;
      }
    });
  }

  async put(name: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    await this.#publish(name, bytes, options, async () => {
      if (!(await this.#holds(name, bytes, options.signal))) throw objectExists(name, this.location);
    });
  }

  async putIfAbsent(name: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    await this.#publish(name, bytes, { ...options, isRegister: true }, async () => {
      throw registerExists(name, this.location);
    });
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    checkPrefix(prefix);
    const { bucket, listVersion: version = 2 } = this.#options;
    const root = this.#key("");
    try {
      for await (const { key, ...facts } of listKeys(this.#connection, { bucket, prefix: root + prefix, version })) {
        const name = key.slice(root.length);
        if (key.startsWith(root) && isName(name)) yield { name, ...facts };
      }
    } catch (error) {
      if (error instanceof StorageError) throw error;
      throw describeFault(error, {
        ...this.#options,
        ...this.#connection.ofKeys,
        action: `list "${prefix}"`,
      });
    }
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    const input = { Bucket: this.#options.bucket, Key: this.#key(name) };
    await this.#describing({ action: `delete "${name}"` }, undefined, async () => {
      await this.#connection
        .run("delete", (client, sdk) => client.send(new sdk.DeleteObjectCommand(input)))
        .catch((error) => {
          if (codeOf(error) !== "NoSuchKey") throw error;
        });
    });
  }

  async createBucket(): Promise<boolean> {
    const input = { Bucket: this.#options.bucket };
    this.#connection.count("put");
    return await this.#describing({ action: "create the bucket" }, undefined, async () => {
      try {
        await this.#connection.run("put", (client, sdk) => client.send(new sdk.CreateBucketCommand(input)));
        return true;
      } catch (error) {
        // Some say the second of one's own; whether it is, the next request tells.
        if (/^BucketAlready(OwnedByYou|Exists)$/.test(codeOf(error))) return false;
        throw error;
      }
    });
  }

  async #read(name: string, options: GetOptions): Promise<Uint8Array | undefined> {
    const { range, signal } = options;
    if (range?.length === 0) return (await this.#sizeOf(name, signal)) === undefined ? undefined : new Uint8Array(0);
    const last = range && Math.min(range.offset + range.length - 1, Number.MAX_SAFE_INTEGER);
    const input: GetObjectCommandInput = {
      Bucket: this.#options.bucket,
      Key: this.#key(name),
      ...(range && { Range: `bytes=${range.offset}-${last}` }),
    };
    const output = await this.#connection.run("get", (client, sdk) =>
      client.send(new sdk.GetObjectCommand(input), { ...(signal && { abortSignal: signal }) }),
    );
    const head = { length: output.ContentLength, contentRange: output.ContentRange };
    return await readBody(output.Body as Readable, head, options);
  }

  /** Puts, or calls `taken` when the name has a value. */
  async #publish(name: string, bytes: Uint8Array, options: Publishing, taken: () => Promise<void>): Promise<void> {
    checkName(name);
    if (bytes.length > objectSizeMax) {
      throw new RangeError(`Cannot write "${name}": its ${bytes.length} bytes are above the maximum ${objectSizeMax}`);
    }
    options.signal?.throwIfAborted();
    await this.#describing({ action: `write "${name}"` }, options.signal, async () => {
      try {
        await this.#store(name, bytes, options);
      } catch (error) {
        if (statusOf(error) !== 412) throw error;
        await taken();
      }
    });
  }

  /** Puts in the way that the service is known to take, or looks for one. */
  async #store(name: string, bytes: Uint8Array, options: Publishing): Promise<void> {
    const { isRegister = false } = options;
    const sha256 = await sha256Of(bytes);
    const ways = waysFrom(this.#way, isRegister);
    for (const [index, way] of ways.entries()) {
      try {
        if (index > 0) this.#connection.count("put");
        await this.#send(name, bytes, { ...options, ...way, sha256 });
        if (index > 0) this.#way = { ...way, conditional: isRegister ? this.#way.conditional : way.conditional };
        return;
      } catch (error) {
        if (index === ways.length - 1 || !mayNotKnow(error)) throw error;
      }
    }
  }

  async #send(name: string, bytes: Uint8Array, sending: Sending): Promise<void> {
    const { sha256, checksum, conditional, kind, signal } = sending;
    const { bucket, storageClass } = this.#options;
    const input: PutObjectCommandInput = {
      Bucket: bucket,
      Key: this.#key(name),
      Body: bytes,
      ContentLength: bytes.length,
      ...(checksum === "sha256" ? { ChecksumSHA256: sha256.toString("base64") } : { ContentMD5: md5Of(bytes) }),
      ...(conditional && { IfNoneMatch: "*" }),
      ...(kind === "data" &&
        storageClass !== undefined && {
          StorageClass: storageClass as NonNullable<PutObjectCommandInput["StorageClass"]>,
        }),
    };
    await this.#connection.run("put", (client, sdk) => {
      const command = new sdk.PutObjectCommand(input);
      // Else the SDK would hash the body again to sign it.
      command.middlewareStack.add(
        (next) => async (args) => {
          (args.request as { headers: Record<string, string> }).headers["x-amz-content-sha256"] =
            sha256.toString("hex");
          return await next(args);
        },
        { step: "build", name: "payloadHash" },
      );
      return client.send(command, { ...(signal && { abortSignal: signal }) });
    });
  }

  /** Whether the object holds just these bytes. */
  async #holds(name: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
    this.#connection.count("get");
    if ((await this.#sizeOf(name, signal)) !== bytes.length) return false;
    for (let offset = 0; offset < bytes.length; offset += compareLength) {
      const own = bytes.subarray(offset, offset + compareLength);
      const range = { offset, length: own.length };
      this.#connection.count("get");
      const found = await this.#read(name, { range, ...(signal && { signal }) });
      if (found === undefined || !equalBytes(found, own)) return false;
    }
    return true;
  }

  async #sizeOf(name: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    checkName(name);
    const input = { Bucket: this.#options.bucket, Key: this.#key(name) };
    return await this.#describing({ action: `read "${name}"`, object: name }, signal, async () => {
      try {
        const output = await this.#connection.run("get", (client, sdk) =>
          client.send(new sdk.HeadObjectCommand(input), { ...(signal && { abortSignal: signal }) }),
        );
        return output.ContentLength ?? 0;
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  #key(name: string): string {
    const { prefix } = this.#options;
    return prefix === "" ? name : `${prefix}/${name}`;
  }

  async #describing<T>(
    what: { readonly action: string; readonly object?: string },
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      if (isBcatError(error)) throw error;
      throw describeFault(error, { ...this.#options, ...this.#connection.ofKeys, ...what });
    }
  }
}

/** That of now, and those with less that may be taken instead. A register is nothing without its condition. */
function waysFrom({ conditional, checksum }: Way, isRegister: boolean): readonly Way[] {
  const conditions = isRegister ? [true] : conditional ? [true, false] : [false];
  const checksums = checksum === "sha256" ? (["sha256", "md5"] as const) : (["md5"] as const);
  return checksums.flatMap((sum) => conditions.map((condition) => ({ conditional: condition, checksum: sum })));
}

/** Services refuse headers that they do not know in these ways. */
function mayNotKnow(error: unknown): boolean {
  const status = statusOf(error);
  return status === 501 || (status === 400 && /^(Invalid(Argument|Request)|Unsupported)/.test(codeOf(error)));
}
