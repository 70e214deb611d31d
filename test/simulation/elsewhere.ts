/** Registers in a database: each call of a process is on its way there and back, and its answer may be lost. */
import type { RegistersSource } from "@bcat/repository";
import { createRetryingTable, type MemoryDatabase, type RegisterTable, type RetryOptions } from "@bcat/storage";
import type { Connection } from "./connection.js";

export interface ElsewhereParts {
  readonly database: MemoryDatabase;
  readonly connection: Connection;
  /** Told of a row that the process has decided. */
  readonly onRow: (name: string) => void;
  readonly retries: RetryOptions;
}

export function registersOf(parts: ElsewhereParts): RegistersSource {
  return {
    kind: "postgres",
    location: "memory",
    open: async (id) => createRetryingTable(tableOf(parts, id), parts.retries),
  };
}

/** The table of the registers `id`, as a process has it. */
export function tableOf({ database, connection, onRow }: ElsewhereParts, id: Uint8Array): RegisterTable {
  const inner = database.open(id);
  const nothing = () => ({ value: undefined });
  const call = async <T>(kind: string, name: string, effect: () => Promise<T>): Promise<T> => {
    await connection.call(`table.${kind}`, name, nothing);
    const value = await effect();
    await connection.call(`table.${kind} answer`, name, nothing);
    return value;
  };
  return {
    kind: inner.kind,
    location: inner.location,
    state: () => call("state", "", () => inner.state()),
    create: () => call("create", "", () => inner.create()),
    get: (generation, name) => call("get", name, () => inner.get(generation, name)),
    insert: (generation, name, bytes) =>
      call("insert", name, async () => {
        await inner.insert(generation, name, bytes);
        onRow(name);
      }),
    close: (token) => call("close", "", () => inner.close(token)),
    claim: (...given) => call("claim", "", () => inner.claim(...given)),
    fill: (token, generation, rows) => call("fill", "", () => inner.fill(token, generation, rows)),
    open: (token, generation) => call("open", "", () => inner.open(token, generation)),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
