/** Registers in a real PostgreSQL. */
import { describeRegisterTable } from "@bcat/storage/conformance";
import { openPostgresTable } from "@bcat/storage/postgres";
import { afterAll, beforeAll, describe, test } from "vitest";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";

if (missingPostgres !== undefined) test.skip(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.dispose]());

  describeRegisterTable("registers in PostgreSQL", async () => {
    server.lose();
    return { open: (id) => openPostgresTable(server.url(), { id, variables: {} }), dispose: async () => {} };
  });
});
