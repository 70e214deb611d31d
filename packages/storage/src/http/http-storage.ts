/**
 * A repository on a web server, to be read: object `packs/ab/1-ff` is the file of that path below a URL. All that is
 * needed is GET; ranges make it fast. Names that are missing must be answered with 404 or 410.
 */
import { BcatError, type OnNotice } from "@bcat/errors";
import { checkRange } from "../byte-range.js";
import { checkName } from "../name.js";
import { type ByteRange, type GetOptions, objectSizeMax, type Storage } from "../storage.js";
import type { Agents } from "../wire/agents.js";
import { checkContentRange, cut, noBytes, rangeHeader } from "../wire/content-range.js";
import { networkError, WireFault } from "../wire/network-error.js";
import { request, type WireHead, type WireResponse } from "../wire/request.js";
import { statusFault } from "../wire/status.js";
import { WholeObjects } from "./whole-objects.js";

/** A whole object that is no longer than this, in bytes, is taken for a range of it without a word. */
const smallSizeMax = 65_536;

export interface HttpStorageOptions {
  /** Without user, password, query and fragment; with or without a slash at its end. */
  readonly url: URL;
  /** For Basic authentication, `name:password`. Never shown. */
  readonly credentials?: string | undefined;
  readonly agents: Agents;
  /** Told once, in a line, that the server does not know ranges. */
  readonly onNotice: OnNotice;
}

export function openHttpStorage(options: HttpStorageOptions): Storage {
  return new HttpStorage(options);
}

class HttpStorage implements Storage {
  readonly location: string;
  readonly #options: HttpStorageOptions;
  /** There once a range was answered with the whole object. */
  #whole: WholeObjects | undefined;

  constructor(options: HttpStorageOptions) {
    this.#options = options;
    this.location = options.url.href.replace(/\/+$/, "");
  }

  async get(name: string, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    checkName(name);
    checkRange(options.range);
    options.signal?.throwIfAborted();
    try {
      return await this.#get(name, options);
    } catch (error) {
      // The reason of a signal may be anything, also an error that looks like a fault of the network.
      if (options.signal?.aborted === true || error instanceof BcatError) throw error;
      throw networkError(error, `read "${name}" in ${this.location}`);
    }
  }

  async put(name: string): Promise<void> {
    this.#refuse("write", name);
  }

  async putIfAbsent(name: string): Promise<void> {
    this.#refuse("write", name);
  }

  async delete(name: string): Promise<void> {
    this.#refuse("delete", name);
  }

  #refuse(verb: string, name: string): never {
    checkName(name);
    throw new BcatError("refused", `Cannot ${verb} "${name}" in ${this.location}: a repository over HTTP is read-only`);
  }

  async #get(name: string, options: GetOptions): Promise<Uint8Array | undefined> {
    const { range } = options;
    if (range === undefined) return (await this.#request(name, options)).body;
    if (this.#whole !== undefined) return await this.#cut(this.#whole, name, range, options.signal);
    // Nothing cannot be asked for, and yet tells whether the object is there.
    const asked = { offset: range.offset, length: Math.max(1, range.length) };
    const { status, headers, body, isGivenUp } = await this.#request(name, options, asked);
    if (body === undefined) return undefined;
    if (status === 416) return noBytes(headers["content-range"], range);
    if (status === 206) {
      checkContentRange(headers["content-range"], asked, body.length);
      return body.subarray(0, Math.min(body.length, range.length));
    }
    if (!isGivenUp) return cut(body, range);
    if (this.#whole === undefined) {
      this.#whole = new WholeObjects();
      this.#options.onNotice(
        `${this.location}: the server gives no parts of files; reading whole ones, which is slower`,
        "no-ranges",
      );
    }
    return await this.#cut(this.#whole, name, range, options.signal);
  }

  async #cut(
    whole: WholeObjects,
    name: string,
    range: ByteRange,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    const bytes = await whole.get(name, async () => (await this.#request(name, signal && { signal })).body);
    return bytes && cut(bytes, range);
  }

  /**
   * An answer that is about the object: all of it, the range, or status 416; the body is undefined when there is none. A
   * long whole object for a range is given up: only one of those at a time is loaded.
   */
  async #request(name: string, { signal, into }: Omit<GetOptions, "range"> = {}, range?: ByteRange) {
    const { agents, credentials } = this.#options;
    const sizeMax = range === undefined ? objectSizeMax : Math.min(objectSizeMax, Math.max(range.length, smallSizeMax));
    let isGivenUp = false;
    const response = await request({
      agents,
      url: new URL(`${this.location}/${name}`),
      method: "GET",
      headers: {
        "accept-encoding": "identity",
        ...(credentials && { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` }),
        ...(range && { range: rangeHeader(range) }),
      },
      sizeMax,
      wantsBody: ({ status, length }: WireHead) => {
        isGivenUp = range !== undefined && status === 200 && (length === undefined || length > sizeMax);
        return !isGivenUp;
      },
      into,
      signal,
    });
    if (response.status === 404 || response.status === 410) return { ...response, isGivenUp, body: undefined };
    this.#check(response, range);
    return { ...response, isGivenUp };
  }

  #check({ status, headers }: WireResponse, range: ByteRange | undefined): void {
    if (status >= 300 && status <= 399 && headers.location !== undefined)
      throw new WireFault(`it sends to another address (status ${status}); give that one`, { isFinal: true });
    const isAnswer = status === 200 || (range !== undefined && (status === 206 || status === 416));
    if (!isAnswer) throw statusFault(status);
    if (status !== 416 && /^\s*(text\/html|application\/xhtml)/i.test(headers["content-type"] ?? ""))
      throw new WireFault(
        "it answers with a web page; is this the address of a repository, and is what is missing answered with 404?",
        { isFinal: true },
      );
    if ((headers["content-encoding"] ?? "identity") !== "identity")
      throw new WireFault("it compresses what it sends, though asked not to", { isFinal: true });
  }
}
