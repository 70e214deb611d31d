/**
 * A storage in a directory of a Tahoe-LAFS grid, over the web API of one of its nodes, the gateway: object `packs/ab/1-ff`
 * is the immutable file of that path. `PUT …?replace=false` is put-if-absent as long as **all writers use one gateway**,
 * which changes a directory for one request after the other; two gateways overwrite each other's changes.
 *
 * The URL holds the cap of the directory, which is the permission to read, write and destroy it, and is never shown.
 */
import { BcatError } from "@bcat/errors";
import { checkRange } from "../byte-range.js";
import { equalBytes } from "../equal-bytes.js";
import { objectExists, registerExists } from "../exists.js";
import { checkName, checkPrefix, isName } from "../name.js";
import { type GetOptions, type ListedObject, objectSizeMax, type PutOptions, type Storage } from "../storage.js";
import type { Agents } from "../wire/agents.js";
import { checkContentRange, cut, noBytes, rangeHeader } from "../wire/content-range.js";
import { networkError } from "../wire/network-error.js";
import { request, type WireRequest, type WireResponse } from "../wire/request.js";
import { type DirectoryEntry, parseDirectory } from "./directory.js";
import { directoryOf, TahoeDirectories } from "./tahoe-directories.js";
import { tahoeFault } from "./tahoe-fault.js";

/** Milliseconds without a byte: a gateway takes a pack whole, then encodes and sends it to the grid, and answers last. */
export const tahoeIdleTimeoutMs = 300_000;
/** Of a directory in JSON: about 500 bytes an entry. */
const directorySizeMax = 2 ** 26;

export interface TahoeStorageOptions {
  /** Of the directory, at the gateway: `http://…/uri/URI:DIR2:…`. */
  readonly url: URL;
  /** Where that is, without the cap. */
  readonly location: string;
  readonly agents: Agents;
}

export function openTahoeStorage(options: TahoeStorageOptions): Storage {
  return new TahoeStorage(options);
}

type Asked = Pick<WireRequest, "method"> & Partial<WireRequest>;

class TahoeStorage implements Storage {
  readonly location: string;
  readonly #root: string;
  readonly #agents: Agents;
  readonly #directories = new TahoeDirectories({
    list: async (path) => (await this.#list(path)) ?? [],
    make: (parent, name) => this.#makeDirectory(parent, name),
  });

  constructor({ url, location, agents }: TahoeStorageOptions) {
    this.location = location;
    this.#root = url.href.replace(/\/+$/, "");
    this.#agents = agents;
  }

  async get(name: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    checkName(name);
    checkRange(options.range);
    options.signal?.throwIfAborted();
    return await this.#describing(`read "${name}"`, options, () => this.#get(name, options));
  }

  async put(name: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    if (await this.#create(name, bytes, options)) return;
    const existing = await this.get(name, options);
    if (existing === undefined || !equalBytes(existing, bytes)) throw objectExists(name, this.location);
  }

  async putIfAbsent(name: string, bytes: Uint8Array, options: PutOptions = {}): Promise<void> {
    if (!(await this.#create(name, bytes, options))) throw registerExists(name, this.location);
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    checkPrefix(prefix);
    yield* this.#walk(directoryOf(prefix), prefix);
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    await this.#describing(`delete "${name}"`, {}, async () => {
      const { status, body } = await this.#request(`/${name}`, { method: "DELETE" });
      if (status !== 200 && status !== 404) throw tahoeFault(status, body);
    });
  }

  async #get(name: string, { range, into, signal }: GetOptions): Promise<Uint8Array | undefined> {
    // Nothing cannot be asked for, and yet tells whether the object is there.
    const asked = range && { offset: range.offset, length: Math.max(1, range.length) };
    const headers = asked === undefined ? {} : { range: rangeHeader(asked) };
    const response = await this.#request(`/${name}`, { method: "GET", headers, into, signal });
    const { status, body } = response;
    if (isMissing(response)) return undefined;
    // A directory has a page, which says nothing of this to programs.
    if (isPage(response) && (await this.#list(name)) !== undefined) return undefined;
    if (range === undefined || asked === undefined) {
      if (status !== 200) throw tahoeFault(status, body);
      return body;
    }
    const contentRange = response.headers["content-range"];
    if (status === 200) return cut(body, range);
    if (status === 416) return noBytes(contentRange, range);
    if (status !== 206) throw tahoeFault(status, body);
    checkContentRange(contentRange, asked, body.length);
    return body.subarray(0, Math.min(body.length, range.length));
  }

  /** False when something has the name. */
  async #create(name: string, bytes: Uint8Array, { signal }: PutOptions): Promise<boolean> {
    checkName(name);
    signal?.throwIfAborted();
    return await this.#describing(`write "${name}"`, { signal }, async () => {
      await this.#directories.ensure(directoryOf(name));
      signal?.throwIfAborted();
      const asked = { method: "PUT", body: bytes, signal } as const;
      const { status, body } = await this.#request(`/${name}?format=CHK&replace=false`, asked);
      if (status !== 200 && status !== 201 && status !== 409) throw tahoeFault(status, body);
      return status !== 409;
    });
  }

  async *#walk(directory: string, prefix: string): AsyncGenerator<ListedObject> {
    const entries = await this.#describing(`list "${prefix}"`, {}, () => this.#list(directory));
    for (const { name: last, isDirectory, size } of entries ?? []) {
      const name = directory === "" ? last : `${directory}/${last}`;
      if (!isName(name)) continue;
      if (!isDirectory && name.startsWith(prefix)) yield { name, size };
      if (isDirectory && `${name}/`.startsWith(prefix.slice(0, name.length + 1))) yield* this.#walk(name, prefix);
    }
  }

  /** What is in a directory, or undefined when there is none of that path. */
  async #list(path: string): Promise<readonly DirectoryEntry[] | undefined> {
    const at = path === "" ? "" : `/${path}`;
    const response = await this.#request(`${at}?t=json`, { method: "GET", sizeMax: directorySizeMax });
    if (path !== "" && isMissing(response)) return undefined;
    if (response.status !== 200) throw tahoeFault(response.status, response.body);
    return parseDirectory(response.body);
  }

  async #makeDirectory(parent: string, name: string): Promise<void> {
    const at = parent === "" ? "" : `/${parent}`;
    const { status, body } = await this.#request(`${at}?t=mkdir&name=${name}&replace=false`, { method: "POST" });
    if (status !== 200 && status !== 201 && status !== 409) throw tahoeFault(status, body);
  }

  async #request(path: string, asked: Asked): Promise<WireResponse> {
    return await request({
      agents: this.#agents,
      url: new URL(`${this.#root}${path}`),
      sizeMax: objectSizeMax,
      ...asked,
      headers: { accept: "text/plain", "accept-encoding": "identity", ...asked.headers },
    });
  }

  async #describing<T>(action: string, { signal }: { signal?: AbortSignal | undefined }, run: () => Promise<T>) {
    try {
      return await run();
    } catch (error) {
      // The reason of a signal may be anything, also an error that looks like a fault of the network.
      if (signal?.aborted === true || error instanceof BcatError) throw error;
      throw networkError(error, `${action} in ${this.location}`);
    }
  }
}

/** Nothing has the name, or it would be below a file. */
function isMissing({ status, body }: WireResponse): boolean {
  if (status === 404) return true;
  return status === 400 && Buffer.from(body).toString("latin1").includes("Files have no children");
}

/** Files have an ETag. */
function isPage({ headers }: WireResponse): boolean {
  return headers.etag === undefined && headers["content-type"]?.startsWith("text/html") === true;
}
