/** The rows of one table of registers in PostgreSQL: each statement is a transaction of its own that names the state it expects. */
import type { RequestCounter } from "../meter.js";
import { type RegisterRow, registersIdSize } from "../registers/register-table.js";
import type { Inserted, StateAndValue, StateRows } from "../registers/state-table.js";
import type { PutOptions } from "../storage.js";
import { Connection } from "./connection.js";
import { isMissingTable } from "./failure.js";
import { migrate, readVersion, requireVersion } from "./migrations.js";
import { parsePostgresUrl } from "./url.js";

export interface PostgresTableOptions {
  /** The registers of a repository: 16 bytes. */
  readonly id: Uint8Array;
  /** Those of the process, of which PG… count. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Counts statements, and the bytes of values. */
  readonly meter?: RequestCounter;
}

/** The rows behind a URL, by a connection of their own; nothing is asked of it yet. @throws {BcatError} usage */
export function openPostgresRows(url: string, { id, variables, meter }: PostgresTableOptions): PostgresRows {
  if (id.length !== registersIdSize) throw new RangeError(`Cannot open registers of an id of ${id.length} bytes`);
  const hasPasswordVariable = variables.PGPASSWORD !== undefined;
  const connection = new Connection(parsePostgresUrl(url, variables), { hasPasswordVariable, meter });
  return new PostgresRows(connection, Buffer.from(id));
}

/** Row of the state; $1 is the id. */
const ofState = "registers = $1 and generation = 0 and name = 'state'";
const stateText = "convert_from(value, 'UTF8')";

const readText = `select ${stateText} as state,
  (select value from bcat_registers where registers = $1 and generation = $2 and name = $3) as value
  from bcat_registers where ${ofState}`;

// A server may be told to acknowledge before it has written: not for this.
const durably = `(select case when current_setting('synchronous_commit') = 'off'
  then set_config('synchronous_commit', 'on', true) end)`;

const insertText = `with state as (select ${stateText} as state from bcat_registers where ${ofState} for share),
  put as (insert into bcat_registers (registers, generation, name, value)
    select $1, $3, name, value from unnest($4::text[], $5::bytea[]) as rows(name, value)
    where (select state from state) = $2
    on conflict do nothing returning 1)
  select (select state from state) as state, (select count(*)::integer from put) as count, ${durably} as durable`;

const createStateText = `insert into bcat_registers (registers, generation, name, value)
  select $1, 0, 'state', convert_to($2, 'UTF8') where ${durably} is distinct from '' on conflict do nothing`;

const replaceStateText = `update bcat_registers set value = convert_to($3, 'UTF8')
  where ${ofState} and ${stateText} = $2 and ${durably} is distinct from ''`;

/** One connection, or what it is made anew as. */
export class PostgresRows implements StateRows {
  readonly kind = "postgres";
  readonly #connection: Connection;
  readonly #id: Buffer;
  #isChecked = false;

  constructor(connection: Connection, id: Buffer) {
    this.#connection = connection;
    this.#id = id;
  }

  get location(): string {
    return this.#connection.location;
  }

  async prepare(): Promise<void> {
    await migrate(this.#connection);
    this.#isChecked = true;
  }

  async read(row?: { readonly generation: number; readonly name: string }, options?: PutOptions) {
    if (!this.#isChecked) await requireVersion(this.#connection);
    this.#isChecked = true;
    const action = row === undefined ? "read the state" : `read "${row.name}"`;
    const values = [this.#id, row?.generation ?? 0, row?.name ?? "state"];
    const statement = { action, text: readText, values, signal: options?.signal };
    // Without a table there is no state.
    const [found] = await this.#connection.run(statement, (error) => (isMissingTable(error) ? [] : undefined));
    const value = row === undefined || found === undefined ? null : (found.value as Buffer | null);
    return {
      state: found?.state as string | undefined,
      value: value === null ? undefined : new Uint8Array(value),
    } satisfies StateAndValue;
  }

  async insert(
    state: string,
    generation: number,
    rows: readonly RegisterRow[],
    options?: PutOptions,
  ): Promise<Inserted> {
    const action = rows.length === 1 ? `decide "${rows[0]!.name}"` : `write ${rows.length} rows`;
    const names = rows.map(({ name }) => name);
    const bytes = rows.map((row) => Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength));
    const values = [this.#id, state, generation, names, bytes];
    const statement = { action, text: insertText, values, signal: options?.signal };
    const [found] = await this.#connection.run(statement, (error) =>
      isMissingTable(error) ? [{ state: null, count: 0 }] : undefined,
    );
    return { state: (found?.state as string | null) ?? undefined, count: found?.count as number };
  }

  async replaceState(from: string | undefined, to: string): Promise<void> {
    const action = `make the state "${to.split(" ")[0]}"`;
    const statement =
      from === undefined
        ? { action, text: createStateText, values: [this.#id, to] }
        : { action, text: replaceStateText, values: [this.#id, from, to] };
    await this.#connection.run(statement);
  }

  async forget(generation: number): Promise<void> {
    const text = "delete from bcat_registers where registers = $1 and generation > 0 and generation < $2";
    await this.#connection.run({ action: "remove rows of older generations", text, values: [this.#id, generation] });
  }

  /** Removes all rows of this id, the state too: of one that was only tried out. */
  async remove(): Promise<void> {
    const text = "delete from bcat_registers where registers = $1";
    await this.#connection.run({ action: "remove what was tried in", text, values: [this.#id] });
  }

  /** Connects, which otherwise the first statement does. */
  async connect(): Promise<void> {
    await this.#connection.run({ action: "use", text: "select 1" });
  }

  /** Whether rows can be put here and removed again. */
  async mayTry(): Promise<"yes" | "no table" | "no right to delete"> {
    if ((await readVersion(this.#connection)) === 0) return "no table";
    const text = "select has_table_privilege('bcat_registers', 'delete') as may";
    const [row] = await this.#connection.run({ action: "read the rights on", text });
    return row?.may === true ? "yes" : "no right to delete";
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}
