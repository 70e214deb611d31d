/**
 * Registers in PostgreSQL, as `@bcat/storage/postgres`, to be loaded only when used. Each statement is a transaction of
 * its own that names the state it expects; what inserts holds a lock on the state, so that a repair that closes the
 * table waits for it, and whatever comes later finds it closed.
 */
import type { RegisterTable } from "../registers/register-table.js";
import { StateTable } from "../registers/state-table.js";
import { openPostgresRows, type PostgresTableOptions } from "./rows.js";

export { openPostgresProbe } from "./probe.js";
export type { PostgresTableOptions } from "./rows.js";
export { isPostgresUrl, parsePostgresUrl } from "./url.js";

/** The table behind a URL; nothing is asked of it yet. @throws {BcatError} usage */
export function openPostgresTable(url: string, options: PostgresTableOptions): RegisterTable {
  return new StateTable(openPostgresRows(url, options));
}
