/**
 * One connection to a database, made when it is first needed, and made anew after one that was lost. Statements of one
 * process follow one another on it.
 */
import { createRequire } from "node:module";
import { interruption } from "@bcat/errors";
import type * as Postgres from "pg";
import type { RequestCounter } from "../meter.js";
import { databaseFailure } from "./failure.js";
import type { PostgresAddress } from "./url.js";

/** Milliseconds that the server may work on a statement, and that its answer may take. */
const statementTimeoutMs = 30_000;
const answerTimeoutMs = 45_000;
/** Milliseconds of silence after which the system asks whether the server is still there. */
const keepAliveMs = 15_000;

const require = createRequire(import.meta.url);

export interface Statement {
  /** What it does, for messages: `read "log/0000000001"`. */
  readonly action: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly signal?: AbortSignal | undefined;
}

export type Row = Readonly<Record<string, unknown>>;

/** What the types of the client do not tell. */
type Unreferable = Postgres.Client & { unref(): void };

export interface ConnectionOptions {
  /** True when PGPASSWORD is set, which the client reads itself. */
  readonly hasPasswordVariable: boolean;
  /** Counts statements, and bytes of the values in them and in answers. */
  readonly meter?: RequestCounter | undefined;
}

export class Connection implements AsyncDisposable {
  readonly location: string;
  readonly #address: PostgresAddress;
  readonly #options: ConnectionOptions;
  #client: Promise<Postgres.Client> | undefined;
  /** That have not ended, also those being connected. */
  readonly #clients = new Set<Unreferable>();
  #usesTls: boolean;
  /** A pooler such as PgBouncer refuses it; then the time that an answer may take is all. */
  #tellsTimeout = true;
  #isClosed = false;
  /** Settles when the statements so far have had their turn. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Connections lost so far, and what the last one was lost with. */
  #losses = 0;
  #lost: unknown;

  constructor(address: PostgresAddress, options: ConnectionOptions) {
    this.#address = address;
    this.location = address.location;
    this.#options = options;
    this.#usesTls = address.config.ssl !== false;
  }

  /**
   * The rows that one statement gives; it is a transaction of its own. Those that wait for their turn when the connection
   * is lost fail with it: a server that does not answer would let each of them wait.
   *
   * @param translate looks at an error first: what it returns is the answer
   * @throws {StorageError} final when asking again cannot help
   */
  async run(statement: Statement, translate: (error: unknown) => readonly Row[] | undefined = () => undefined) {
    const losses = this.#losses;
    const rows = this.#turn.then(async () => {
      if (this.#losses !== losses) throw databaseFailure(this.#lost, `${statement.action} in`, this.location);
      return await this.#runNow(statement, translate);
    });
    this.#turn = rows.catch(() => {});
    return await rows;
  }

  async #runNow(
    { action, text, values = [], signal }: Statement,
    translate: (error: unknown) => readonly Row[] | undefined,
  ): Promise<readonly Row[]> {
    signal?.throwIfAborted();
    const { meter } = this.#options;
    meter?.count("registers");
    let client: Postgres.Client | undefined;
    try {
      client = await this.#connected();
      meter?.sent(bytesIn(values));
      const { rows } = await client.query<Row>(text, [...values]);
      meter?.received(rows.reduce((sum, row) => sum + bytesIn(Object.values(row)), 0));
      return rows as readonly Row[];
    } catch (error) {
      if (signal?.aborted === true) throw interruption(signal);
      const answer = translate(error);
      if (answer !== undefined) return answer;
      // Whatever it was, the next statement is not to meet what is left of it.
      if (!isOfServer(error)) {
        this.#losses++;
        this.#lost = error;
        await this.#drop(client);
      }
      throw databaseFailure(error, client === undefined ? "reach" : `${action} in`, this.location);
    }
  }

  /** Waits for nobody: a server that does not answer must not hold up the end of a program. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#client = undefined;
    for (const client of this.#clients) {
      void client.end().catch(() => {});
      client.unref();
    }
  }

  async #connected(): Promise<Postgres.Client> {
    this.#client ??= this.#connect();
    const client = this.#client;
    try {
      return await client;
    } catch (error) {
      if (this.#client === client) this.#client = undefined;
      throw error;
    }
  }

  async #connect(): Promise<Postgres.Client> {
    try {
      return await this.#connectOnce();
    } catch (error) {
      if (!this.#givesWay(error)) throw error;
      return await this.#connect();
    }
  }

  /** True when the server is to be asked for less. */
  #givesWay(error: unknown): boolean {
    const message = error instanceof Error ? error.message : "";
    if (this.#tellsTimeout && /unsupported startup parameter.*statement_timeout/i.test(message)) {
      this.#tellsTimeout = false;
      return true;
    }
    if (!message.includes("does not support SSL") || !this.#address.isTlsOptional || !this.#usesTls) return false;
    this.#usesTls = false;
    return true;
  }

  async #connectOnce(): Promise<Postgres.Client> {
    if (this.#isClosed) throw new Error("it has been closed");
    const { Client } = require("pg") as typeof Postgres;
    const { config } = this.#address;
    const needsPasswordFile = config.password === undefined && !this.#options.hasPasswordVariable;
    const client = new Client({
      ...config,
      ...(!this.#usesTls && { ssl: false }),
      ...(needsPasswordFile && { password: () => passwordOfFile(client) }),
      ...(this.#tellsTimeout && { statement_timeout: statementTimeoutMs }),
      query_timeout: answerTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
    }) as Unreferable;
    this.#clients.add(client);
    client.on("end", () => this.#clients.delete(client));
    // Between statements nobody else listens; the next statement makes a new connection.
    client.on("error", () => void this.#drop(client));
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    return client;
  }

  async #drop(client: Postgres.Client | undefined): Promise<void> {
    if (client === undefined) return;
    const current = await this.#client?.catch(() => undefined);
    if (current === client) this.#client = undefined;
    void client.end().catch(() => {});
  }
}

/** Of byte strings, also in arrays: those of registers. */
function bytesIn(values: readonly unknown[]): number {
  const sizeOf = (value: unknown): number =>
    Buffer.isBuffer(value) ? value.length : Array.isArray(value) ? bytesIn(value) : 0;
  return values.reduce<number>((sum, value) => sum + sizeOf(value), 0);
}

/** The server has answered, and the connection is as good as before. Class 57P: it is going down; 08: connection. */
function isOfServer(error: unknown): boolean {
  const { severity, code } = error as { severity?: unknown; code?: unknown };
  return severity === "ERROR" && typeof code === "string" && !/^(?:57P|08)/.test(code);
}

/** From `.pgpass` or PGPASSFILE, as libpq does; the client's own way of it warns on stderr. */
async function passwordOfFile(client: Postgres.Client): Promise<string> {
  const find = require("pgpass") as (of: object, found: (password: string | undefined) => void) => void;
  const { host, port, database, user } = client;
  const password = await new Promise<string | undefined>((resolve) => find({ host, port, database, user }, resolve));
  return password ?? "";
}
