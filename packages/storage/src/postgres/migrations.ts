/**
 * The one table, and its versions. It has the registers of any number of repositories:
 *
 *     registers   16 bytes, the id in the config of a repository; of no bytes: the version of the table
 *     generation  of the row; 0: not of a generation
 *     name        of the register; in generation 0 "state" (state-table.ts) or "version"
 *     value       of the register, sealed by the repository's keys; in generation 0 text
 */
import { BcatError } from "@bcat/errors";
import type { Connection } from "./connection.js";
import { isMissingTable } from "./failure.js";

/** What makes version i + 1 out of version i. One that was released is never changed. */
const migrations = [
  `create table bcat_registers (
     registers bytea not null check (length(registers) in (0, 16)),
     generation bigint not null check (generation >= 0),
     name text not null,
     value bytea not null,
     primary key (registers, generation, name)
   )`,
];

export const tableVersion = migrations.length;

/** Two inits at once would both find no table. The number is bcat's own: "bcat" in ASCII. */
const lock = 0x62636174;

/**
 * Brings the table to {@link tableVersion}, each step whole or not at all.
 *
 * @throws {BcatError} newer-format when a newer bcat has made it
 */
export async function migrate(connection: Connection): Promise<void> {
  const found = await readVersion(connection);
  checkVersion(found, connection.location);
  if (found === tableVersion) return;
  const action = "make the table bcat_registers";
  const steps = migrations.map(
    (text, index) =>
      `if version = ${index} then execute $step$${text}$step$; ${setVersion(index + 1)} version := ${index + 1}; end if;`,
  );
  const text = `do $migrate$
    declare version integer := 0;
    begin
      perform pg_advisory_xact_lock(${lock});
      if to_regclass('bcat_registers') is not null then
        execute $version$${selectVersion}$version$ into version;
      end if;
      ${steps.join("\n")}
    end $migrate$`;
  await connection.run({ action, text });
}

const selectVersion = `select convert_from(value, 'UTF8')::integer as version from bcat_registers
  where registers = '' and generation = 0 and name = 'version'`;

function setVersion(version: number): string {
  const value = `convert_to('${version}', 'UTF8')`;
  return `execute $set$insert into bcat_registers values ('', 0, 'version', ${value})
    on conflict (registers, generation, name) do update set value = excluded.value$set$;`;
}

/** 0 without a table. */
export async function readVersion(connection: Connection): Promise<number> {
  const statement = { action: "read the version of the table", text: selectVersion };
  const [row] = await connection.run(statement, (error) => (isMissingTable(error) ? [] : undefined));
  return row === undefined ? 0 : Number(row.version);
}

function checkVersion(version: number, location: string): void {
  if (version <= tableVersion) return;
  const found = `its table bcat_registers has version ${version}, this bcat knows ${tableVersion}`;
  throw new BcatError("newer-format", `Cannot use the registers in "${location}": ${found}; use a newer bcat`);
}

/** @throws {BcatError} when the table is there in another version; none at all is for the caller to judge */
export async function requireVersion(connection: Connection): Promise<void> {
  const version = await readVersion(connection);
  checkVersion(version, connection.location);
  if (version === 0 || version === tableVersion) return;
  const found = `its table bcat_registers has version ${version}, this bcat needs ${tableVersion}`;
  throw new BcatError(
    "refused",
    `Cannot use the registers in "${connection.location}": ${found}; bcat repair registers upgrades it`,
  );
}
