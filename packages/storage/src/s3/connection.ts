/** The SDK's client, and what it learns from a refusal: the region of the bucket, the time of the server, that keys are old. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import type { RequestKind } from "../meter.js";
import { keyProcessFault, takeOverKeyProcess } from "./key-process.js";
import { connectionsDefault, idleTimeoutDefault, type S3StorageOptions } from "./options.js";
import { RequestHandler } from "./request-handler.js";

export type Sdk = typeof import("./sdk.js");

/** Clocks that differ by less are not worth a word (ms): S3 refuses at 15 minutes. */
const skewMin = 60_000;

export class Connection {
  readonly #options: S3StorageOptions;
  readonly #handler: RequestHandler;
  #client: Promise<S3Client> | undefined;
  /** Found from the server. */
  #region: string | undefined;
  #isSkewSaid = false;
  #hadKeys = false;
  #keyFault: string | undefined;

  constructor(options: S3StorageOptions) {
    this.#options = options;
    const { agents = createAgents(options.connections), idleTimeoutMs = idleTimeoutDefault } = options;
    this.#handler = new RequestHandler(agents, idleTimeoutMs);
  }

  /** Keys were found once: not to find them again may pass; and why a process gave none the last time. */
  get ofKeys(): { readonly hadKeys: boolean; readonly keyFault: string | undefined } {
    return { hadKeys: this.#hadKeys, keyFault: this.#keyFault };
  }

  /** A request that the call at hand needs beyond its first. */
  count(kind: RequestKind): void {
    this.#options.meter?.count(kind);
  }

  /** Sends what `use` makes, a request of that kind; once more when a refusal says what was wrong with how it was signed. */
  async run<Result>(kind: RequestKind, use: (client: S3Client, sdk: Sdk) => Promise<Result>): Promise<Result> {
    const sdk = await import("./sdk.js");
    takeOverKeyProcess(sdk);
    this.#keyFault = undefined;
    const client = await this.#open(sdk);
    const keys = await client.config.credentials();
    try {
      const result = await use(client, sdk);
      this.#hadKeys = true;
      return result;
    } catch (error) {
      if (!(await this.#learn(error, { client, keys }, sdk))) {
        this.#hadKeys ||= (error as Refusal)?.$metadata?.httpStatusCode === 404;
        throw error;
      }
      this.count(kind);
      return await use(await this.#open(sdk), sdk);
    }
  }

  async #open(sdk: Sdk): Promise<S3Client> {
    this.#client ??= this.#create(sdk);
    return await this.#client;
  }

  async #create({ S3Client: Client }: Sdk): Promise<S3Client> {
    const config = this.#config();
    if (config.region !== undefined) return new Client(config);
    const client = new Client(config);
    try {
      await client.config.region();
      return client;
    } catch {
      return new Client({ ...config, region: "us-east-1" });
    }
  }

  #config(): S3ClientConfig {
    const { endpoint, pathStyle = endpoint !== undefined, profile, anonymous } = this.#options;
    const region = this.#region ?? this.#options.region ?? (endpoint && "us-east-1");
    return {
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
      ...(profile !== undefined && { profile }),
      // Looked for also where nothing is signed, unless there are some.
      ...(anonymous === true && {
        signer: { sign: async (request) => request },
        credentials: { accessKeyId: "", secretAccessKey: "" },
      }),
      // Which server it is, is settled: what is remembered of a repository is remembered of that.
      ignoreConfiguredEndpointUrls: true,
      // A new client reads the files of ~/.aws anew. The SDK hands it on to what looks for keys.
      ...({ ignoreCache: true } as object),
      forcePathStyle: pathStyle,
      requestHandler: this.#handler,
      // Retrying is a decorator of ours.
      maxAttempts: 1,
      retryMode: "standard",
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      expectContinueHeader: false,
      logger: { ...silent, debug: (line: unknown) => this.#noteLine(String(line)) },
    };
  }

  /** What it would log is where it says why there are no keys. */
  #noteLine(line: string): void {
    this.#keyFault = keyProcessFault(line) ?? this.#keyFault;
  }

  /** True when the next try is signed otherwise. */
  async #learn(error: unknown, signed: Signed, sdk: Sdk): Promise<boolean> {
    const refusal = error as Refusal;
    const { client } = signed;
    if (ofOldKeys.test(refusal?.name ?? "")) return await this.#renewKeys(signed, sdk);
    const region = refusal?.$response?.headers?.["x-amz-bucket-region"] ?? refusal?.Region;
    if (typeof region === "string" && (await client.config.region()) !== region) return this.#moveTo(region);
    return refusal?.name === "RequestTimeTooSkewed" && this.#correctClock(client);
  }

  /**
   * Looks for keys anew, as those of a file are read once and may have been replaced since, and those of a role kept until
   * the clock of this machine says. True when they are others than those the request was signed with.
   */
  async #renewKeys({ client, keys }: Signed, sdk: Sdk): Promise<boolean> {
    if ((await this.#client) !== client) return true;
    const renewed = await this.#create(sdk);
    const found = await renewed.config.credentials();
    if (keys.sessionToken === found.sessionToken && keys.accessKeyId === found.accessKeyId) return false;
    this.#client = Promise.resolve(renewed);
    return true;
  }

  #moveTo(region: string): boolean {
    // Once: a server that sends us on and on is believed no second time.
    if (this.#region !== undefined) return this.#region === region;
    this.#region = region;
    this.#client = undefined;
    this.#options.onNotice(
      `the bucket is in region ${region}: with --s3-region ${region} it is found at once`,
      "region-found",
    );
    return true;
  }

  /** The SDK has taken over the server's time by now; it is for us to say so. */
  #correctClock(client: S3Client): boolean {
    const offset = client.config.systemClockOffset;
    if (Math.abs(offset) < skewMin) return false;
    if (!this.#isSkewSaid) {
      const minutes = Math.round(Math.abs(offset) / 60_000);
      const way = offset > 0 ? "behind" : "ahead of";
      this.#options.onNotice(
        `the clock of this machine is ${minutes} minutes ${way} the server's, whose time requests are signed with now`,
        "clock-corrected",
      );
    }
    this.#isSkewSaid = true;
    return true;
  }
}

/** How a request was signed. */
interface Signed {
  readonly client: S3Client;
  readonly keys: { readonly accessKeyId: string; readonly sessionToken?: string };
}

/** Refusals of keys that were replaced: expired, as AWS says, or not known any more, as others and AWS say of those removed. */
const ofOldKeys = /^(?:ExpiredToken|InvalidAccessKeyId$|InvalidToken|TokenRefreshRequired$|SignatureDoesNotMatch$)/;

/** What an error of the SDK has beside its message. */
export interface Refusal {
  readonly name?: string;
  readonly message?: string;
  /** Of Node, where no answer came. */
  readonly code?: string;
  readonly Code?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

function createAgents(connections = connectionsDefault): NonNullable<S3StorageOptions["agents"]> {
  const options = { keepAlive: true, maxSockets: connections };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

/** The SDK speaks of its own accord otherwise. */
const ignore = () => {};
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
